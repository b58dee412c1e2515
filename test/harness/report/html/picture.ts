/**
 * Makes the picture of the README: `npm run picture`. A journal that acknowledges before it writes, under kills, as its report shows it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startChromium } from './browser.ts'

const scratch = mkdtempSync(join(tmpdir(), 'killpoint-picture-'))
const report = join(scratch, 'report.html')
const campaign = [
  '--seed',
  'picture',
  '--only',
  'loop',
  '--cases',
  '120',
  '--no-shrink',
  '--bail',
  '500',
]
/** Pixels: the map itself; the table of the same below it is cut. */
const heightMax = 360

const browser = await startChromium()
try {
  const { status } = spawnSync(
    process.execPath,
    [
      'dist/harness/cli.js',
      'validate',
      'examples/backends/wrong.ts',
      ...campaign,
      '--out',
      scratch,
      '--html',
      report,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  if (status !== 1) throw new Error(`the campaign ended with ${status}, and not with a finding`)
  const page = await browser.newPage({
    viewport: { width: 1120, height: 640 },
    deviceScaleFactor: 1,
  })
  await page.goto(pathToFileURL(report).href)
  const map = await page.locator('#crash-map').boundingBox()
  if (map === null) throw new Error('the page has no crash map')
  const clip = { ...map, height: Math.min(map.height, heightMax) }
  await page.screenshot({ path: 'docs/crash-map.png', fullPage: true, clip })
} finally {
  await browser.close()
  rmSync(scratch, { recursive: true })
}
