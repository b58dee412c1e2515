import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeHtml } from '../../../../harness/report/html/write.ts'
import { hostile, madeResult, type MadeOptions } from '../made-result.ts'
import { chromiumPath, startChromium } from './browser.ts'

const directory = mkdtempSync(join(tmpdir(), 'killpoint-page-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function written(name: string, options: MadeOptions = {}): string {
  const file = join(directory, `${name}.html`)
  writeHtml(file, madeResult(options))
  return file
}

/** What is asked of a canvas; this file is checked without the types of a browser. */
interface Canvas {
  readonly width: number
  readonly height: number
  readonly getContext: (kind: '2d') => {
    readonly getImageData: (...area: number[]) => { readonly data: Uint8ClampedArray }
  }
}

describe('page: the file', () => {
  it('holds no text that could end its data or its script', () => {
    const html = readFileSync(written('hostile-text', { text: hostile }), 'utf8')
    expect(html.match(/<script\b/g)).toHaveLength(2)
    expect(html.match(/<\/script/g)).toHaveLength(2)
    expect(html).not.toContain('<img')
    expect(html).not.toContain('\u2028')
  })

  it('loads nothing: no address of a network in its markup, and a policy that forbids it', () => {
    const html = readFileSync(written('policy'), 'utf8')
    const markup = html.slice(0, html.indexOf('<style>'))
    expect(markup).toContain("default-src 'none'")
    expect(html).not.toMatch(/(?:src|href)="https?:/)
  })
})

if (chromiumPath === undefined)
  console.warn(
    'page tests skipped: there is no Chromium at /usr/bin/chromium or KILLPOINT_CHROMIUM',
  )

describe.skipIf(chromiumPath === undefined)('page: in a real Chromium', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await startChromium()))
  afterAll(async () => await browser.close())

  async function opened(
    file: string,
    scheme: 'light' | 'dark' = 'light',
  ): Promise<{ readonly page: Page; readonly errors: string[] }> {
    const page = await browser.newPage({
      colorScheme: scheme,
      viewport: { width: 1280, height: 900 },
    })
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith('file:') && !request.url().startsWith('data:'))
        errors.push(`asked for ${request.url()}`)
    })
    await page.goto(pathToFileURL(file).href)
    return { page, errors }
  }

  it.each(['light', 'dark'] as const)('is clean to axe, %s', async (scheme) => {
    const { page, errors } = await opened(written(`axe-${scheme}`), scheme)
    // The page's policy forbids further scripts; a test may evaluate one.
    await page.evaluate(axe.source)
    const violations = await page.evaluate(async () => {
      const { axe: tool } = globalThis as unknown as {
        axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
      const found = await tool.run()
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
    })
    expect(violations).toEqual([])
    expect(errors).toEqual([])
  })

  it('shows verdict, model and numbers on the first screen', async () => {
    const { page } = await opened(written('first'))
    expect(await page.textContent('h1')).toContain('LOST_COMMIT: record 1 is gone')
    const screen = await page.locator('.overview').innerText()
    expect(screen).toContain('posix (nothing more than the standard promises)')
    expect(screen).toContain('processes killed')
    const box = await page.locator('.numbers').boundingBox()
    expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThan(900)
  })

  it('runs nothing that a worker, a journal or a path says', async () => {
    const { page, errors } = await opened(written('hostile', { text: hostile }))
    expect(await page.evaluate(() => (globalThis as { pwned?: number }).pwned)).toBeUndefined()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('h1').innerText()).toContain('</script><script>')
    expect(errors).toEqual([])
  })

  it('a cell of the crash map opens its case, by mouse and by keyboard', async () => {
    const { page } = await opened(written('map'))
    const grid = page.getByRole('grid', { name: /Crash points/ })
    await grid.locator('.cell.bad').first().click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.locator('code').innerText()).toMatch(
      /^npx killpoint replay kp1:loop:file:abc:posix:[KP]6/,
    )
    await page.keyboard.press('Escape')
    expect(await dialog.count()).toBe(0)
    await grid.focus()
    await page.keyboard.press('Home')
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
    expect(await page.getByRole('dialog').locator('code').innerText()).toContain(
      'npx killpoint replay',
    )
  })

  it('the timeline puts each life into a lane, and names what is guilty, lost and ran again', async () => {
    const { page } = await opened(written('timeline'))
    const rows = page.locator('.lane-rows .event')
    const lanes = await rows.evaluateAll((all) =>
      all.map(
        (each) => (each as unknown as { style: { gridColumnStart: string } }).style.gridColumnStart,
      ),
    )
    expect(new Set(lanes)).toEqual(new Set(['1', '2']))
    const text = await page.locator('.lane-rows').innerText()
    for (const flag of ['guilty', 'acked, and gone', 'ran again', 'here it shows'])
      expect(text).toContain(flag)
    expect(text).toContain('src/journal.ts:88')
  })

  it('filters cases, and keeps 100 000 of them readable with few in the document', async () => {
    const { page } = await opened(written('many', { cases: 100_000, ops: 4_000 }))
    const cases = page.getByRole('grid', { name: 'Cases', exact: true })
    await page.getByLabel('Verdict').selectOption('')
    expect(await cases.getAttribute('aria-rowcount')).toBe('100001')
    expect(await cases.getByRole('row').count()).toBeLessThan(60)
    await cases.focus()
    await page.keyboard.press('End')
    expect(await cases.locator('.active').getAttribute('aria-rowindex')).toBe('100001')
    await page.getByLabel('Token contains').fill('s2499:posix:K3961')
    expect(await cases.getAttribute('aria-rowcount')).toBe('2')
  })

  it('draws recoveries against what they found, and says the same in a table', async () => {
    const { page, errors } = await opened(written('recoveries'))
    const section = page.locator('#costs')
    expect(await section.locator('figcaption').allInnerTexts()).toEqual([
      'Bytes read until it was back (explorer)',
      'Bytes written until it was back (explorer)',
      'Milliseconds until it was back (live engine)',
      'Bytes written a record',
    ])
    expect(await section.locator('canvas').count()).toBe(4)
    // Four lives, each a dot of seven pixels across.
    expect(await dots(page)).toBeGreaterThan(4 * 15)
    const rows = section.getByRole('region', { name: /Recoveries by system/ }).locator('tbody tr')
    expect(await rows.allInnerTexts()).toContain('file\tlive\t32,768–65,535\t1\t\t\t\t\t\t53.5')
    expect(errors).toEqual([])
  })

  /** Pixels of the first plot in the colour of its first series. */
  async function dots(page: Page): Promise<number> {
    return await page.evaluate(() => {
      const { document } = globalThis as unknown as {
        document: { querySelector: (selector: string) => Canvas }
      }
      const canvas = document.querySelector('#costs canvas')
      const context = canvas.getContext('2d')
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
      let count = 0
      for (let at = 0; at < data.length; at += 4)
        if (data[at] === 0x2b && data[at + 1] === 0x5f && data[at + 2] === 0xb8) count += 1
      return count
    })
  }

  it('prints without controls, the first rows of each grid in full', async () => {
    const { page } = await opened(written('print'))
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('nav').isVisible()).toBe(false)
    const pdf = await page.pdf()
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
  })
})
