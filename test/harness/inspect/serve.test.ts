import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { request, type IncomingHttpHeaders } from 'node:http'
import { createConnection } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { InspectedPage, RunPage, RunsPage } from '../../../harness/inspect/run-page.ts'
import { serveRuns, type Serving } from '../../../harness/inspect/serve.ts'
import { fileJournal } from '../../../src/journal-entry.ts'
import { bundle, temporaryDirectory } from '../../support/bundle.ts'
import { said, startCli } from '../commands/cli.ts'
import { chromiumPath, startChromium } from '../report/html/browser.ts'
import { hostile } from '../report/made-result.ts'

let directory = ''
/** Runs of one directory: one of two lives that were killed, and one that somebody else wrote. */
let runs = ''
const runName = '%4frder-42'

beforeAll(async () => {
  directory = temporaryDirectory('serve')
  runs = join(directory, 'runs')
  const program = await bundle(new URL('fixtures/order.ts', import.meta.url), directory)
  for (const place of ['charge', 'meter']) {
    const life = spawnSync(process.execPath, [program, runs, place], { encoding: 'utf8' })
    expect(life.signal, life.stderr).toBe('SIGKILL')
  }
  const journal = await fileJournal({ dir: runs }).open('other')
  await journal.append([{ note: hostile }, { type: 'spawn', key: hostile, driver: hostile }])
  await journal.close()
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

const open: Serving[] = []
afterEach(async () => {
  for (const serving of open.splice(0)) await serving.close()
})

async function served(path = runs, runId?: string): Promise<string> {
  const serving = await serveRuns({ path, runId, port: 0 })
  open.push(serving)
  return serving.url
}

function copied(name: string): string {
  const copy = join(directory, name)
  fs.cpSync(runs, copy, { recursive: true })
  return copy
}

interface Answered {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** As it stands: `fetch` would tidy the path, and set the name of the host. */
async function asked(
  url: string,
  path: string,
  { method = 'GET', host = new URL(url).host }: { method?: string; host?: string } = {},
): Promise<Answered> {
  const { hostname, port } = new URL(url)
  const sent = request({ hostname, port, path, method, headers: { host }, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const { statusCode: status, headers } = response
  return { status, headers, body: Buffer.concat(chunks).toString('utf8') }
}

function shown(body: string): InspectedPage {
  return JSON.parse(/id="result">(.*?)<\/script>/s.exec(body)?.[1] ?? '') as InspectedPage
}

function shownRun(body: string): RunPage {
  const page = shown(body)
  if (page.kind !== 'run') throw new Error(`a page of kind ${page.kind}`)
  return page
}

function shownRuns(body: string): RunsPage['runs'] {
  const page = shown(body)
  if (page.kind !== 'runs') throw new Error(`a page of kind ${page.kind}`)
  return page.runs
}

async function runAt(url: string, id: string): Promise<RunPage> {
  const response = await fetch(`${url}?${new URLSearchParams({ run: id }).toString()}`)
  expect(response.status).toBe(200)
  return shownRun(await response.text())
}

/** Everything that could be changed by looking. */
function fingerprint(path: string): readonly string[] {
  return fs.readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { mtimeNs, ctimeNs, size } = fs.statSync(join(path, name), { bigint: true })
    return `${name} ${size} ${mtimeNs} ${ctimeNs}`
  })
}

describe('inspect --web: what it shows', () => {
  it('the runs of a directory, and each of them by its id', async () => {
    const url = await served()
    const list = shownRuns(await (await fetch(url)).text())
    expect(list.map(({ runId, status, lives }) => [runId, status, lives])).toEqual([
      ['Order-42', 'running', 2],
      ['other', 'not a run', 1],
    ])
    const run = await runAt(url, 'Order-42')
    expect([run.runId, run.isListed, run.isWhole]).toEqual(['Order-42', true, true])
    expect(run.timeline.lives.map(({ end }) => end)).toEqual(['died', 'runs, or died'])
    expect(run.repeats.map(({ key, kind }) => [key, kind])).toContainEqual(['charge', 'unknown'])
  })

  it('the lives side by side: what each committed, what began again, how it ended', async () => {
    const { timeline } = await runAt(await served(), 'Order-42')
    const [first, ...rest] = timeline.rows
    expect(first).toMatchObject({ life: 1, kind: 'start' })
    expect(rest.find(({ kind }) => kind === 'fault')).toMatchObject({ life: 1, text: 'died' })
    expect(rest.at(-1)).toMatchObject({ life: 2, text: 'runs, or died' })
    const seqs = timeline.rows.flatMap(({ op }) => op ?? [])
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect(timeline.rows.filter(({ flags }) => flags.includes('undecided')).length).toBeGreaterThan(
      0,
    )
  })

  it('what was committed since the last look', async () => {
    const grows = copied('grows')
    const url = await served(grows, 'other')
    const look = async (): Promise<RunPage> => shownRun(await (await fetch(url)).text())
    expect(await look()).toMatchObject({ records: 2, lives: [{ life: 1 }], isListed: false })
    const journal = await fileJournal({ dir: grows }).open('other')
    await journal.append([{ note: 'later' }])
    expect(await look()).toMatchObject({ records: 3, lives: [{ life: 1 }, { life: 2 }] })
    await journal.close()
    fs.rmSync(grows, { recursive: true })
    const gone = await fetch(url)
    expect(gone.status).toBe(404)
    expect(shown(await gone.text())).toMatchObject({
      kind: 'problem',
      message: expect.stringContaining('there is no directory'),
    })
  })

  it('damage, up to which and around which it was read', async () => {
    const damaged = copied('damaged')
    fs.writeFileSync(join(damaged, runName, '000001.log'), 'nothing of a journal')
    const url = await served(damaged)
    const run = await runAt(url, 'Order-42')
    expect(run.isWhole).toBe(false)
    expect(run.leftOut.join('\n')).toMatch(/000001\.log at byte \d+, .*from record 1: /)
    expect(run.timeline.rows.find(({ flags }) => flags.includes('unread'))).toMatchObject({
      life: 1,
    })
    const listed = shownRuns(await (await fetch(url)).text())
    expect(listed.map(({ isWhole }) => isWhole)).toEqual([false, true])
  })
})

describe('inspect --web: whom it answers, and what', () => {
  it.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil:80',
    '10.0.0.1',
    'a@localhost',
  ])('nothing to a page that calls this machine %s', async (host) => {
    const answer = await asked(await served(), '/', { host })
    expect(answer.status).toBe(421)
    expect(answer.body).not.toContain('Order-42')
  })

  it.each(['127.0.0.1', 'localhost:8080', 'LOCALHOST', '[::1]:80'])(
    'whoever calls it %s: a port may have been forwarded',
    async (host) => expect((await asked(await served(), '/', { host })).status).toBe(200),
  )

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])('no %s', async (method) => {
    const { status, headers } = await asked(await served(), '/', { method })
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  it('HEAD with the headers of GET, and nothing behind them', async () => {
    const url = await served(runs, 'other')
    const [get, head] = [await asked(url, '/'), await asked(url, '/', { method: 'HEAD' })]
    expect([head.status, head.body]).toEqual([200, ''])
    const { date: _, ...expected } = get.headers
    expect(head.headers).toMatchObject(expected)
  })

  it.each([
    '/runs',
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/Order-42',
    '/favicon.ico',
    'http://127.0.0.1/',
    '*',
  ])('nothing at %s', async (path) => expect((await asked(await served(), path)).status).toBe(404))

  it('no run that is not there, whatever its id looks like', async () => {
    const url = await served()
    const before = fingerprint(directory)
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('../runs', runName, 'order-42', `${directory}/runs`, '.', '\0'),
        ),
        async (id) => {
          const response = await fetch(`${url}?${new URLSearchParams({ run: id }).toString()}`)
          expect(response.status).toBe(404)
          expect(shown(await response.text())).toEqual({
            kind: 'problem',
            message: 'there is no such run',
          })
        },
      ),
      { numRuns: 15 },
    )
    await runAt(url, 'Order-42')
    expect(fingerprint(directory)).toEqual(before)
  })

  it('with a policy that loads nothing, frames nothing and keeps nothing', async () => {
    const { headers } = await asked(await served(), '/')
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+';/)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  it('records as data that nothing in them can end', async () => {
    const { body } = await asked(await served(), '/?run=other')
    expect(body.match(/<script\b/g)).toHaveLength(2)
    expect(body.match(/<\/script/g)).toHaveLength(2)
    expect(body).not.toContain('<img')
    expect(
      shownRun(body)
        .timeline.rows.map(({ text }) => text)
        .join(''),
    ).toContain('</script>')
  })

  it('on the loopback alone', async () => {
    const port = Number(new URL(await served()).port)
    const others = Object.values(networkInterfaces()).flatMap((all = []) =>
      all.filter(({ internal, family }) => !internal && family === 'IPv4'),
    )
    for (const { address } of others) {
      const socket = createConnection({ host: address, port })
      const told = await once(socket, 'connect').then(
        () => 'connected',
        ({ code }: NodeJS.ErrnoException) => code,
      )
      socket.destroy()
      expect(told).toBe('ECONNREFUSED')
    }
  })

  it('says that a port is taken', async () => {
    const port = Number(new URL(await served()).port)
    await expect(serveRuns({ path: runs, runId: undefined, port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    })
  })
})

describe('inspect --web: the command', () => {
  it('prints its address once, and ends on Ctrl-C', async () => {
    const child = startCli(['inspect', runs, '--web'], directory)
    const end = said(child)
    let told = ''
    const url = await new Promise<string>((resolve, reject) => {
      void end.then((ended) => reject(new Error(`it ended: ${ended.stderr}`)))
      child.stdout?.on('data', (chunk: Buffer) => {
        told += String(chunk)
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(told)?.[0]
        if (found !== undefined) resolve(found)
      })
    })
    for (const _ of [1, 2]) expect((await fetch(url)).status).toBe(200)
    child.kill('SIGINT')
    const { code, stdout } = await end
    expect(stdout).toBe(`${url}   reads ${runs} at each look, until Ctrl-C\n`)
    expect(code).toBe(0)
  })
})

describe.skipIf(chromiumPath === undefined)('inspect --web: in a real Chromium', () => {
  it('draws each life in a lane, runs nothing that a record says, and is clean to axe', async () => {
    const url = await served()
    const browser = await startChromium()
    try {
      const page = await browser.newPage()
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.location().url.endsWith('favicon.ico'))
          errors.push(message.text())
      })
      await page.goto(url)
      for (const name of ['Order-42', 'other']) {
        await page.getByRole('link', { name, exact: true }).click()
        await page.locator('#timeline').waitFor()
        await page.evaluate(axe.source)
        const violations = await page.evaluate(async () => {
          const { axe: tool } = globalThis as unknown as {
            axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
          }
          const found = await tool.run()
          return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
        })
        expect(violations).toEqual([])
        expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false)
        const lanes = await page.locator('.lane-head').allInnerTexts()
        expect(lanes).toHaveLength(name === 'other' ? 1 : 2)
        // Each head stands above its lane, however long what stands in it is.
        const ends = await page.locator('.lane-rows .event:has-text("died")').all()
        for (const [index, end] of ends.entries()) {
          const head = await page.locator('.lane-head').nth(index).boundingBox()
          expect((await end.boundingBox())?.x).toBeCloseTo(head?.x ?? Number.NaN, 0)
        }
        await page.getByRole('link', { name: 'all runs' }).click()
      }
      expect(errors).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
