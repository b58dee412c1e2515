/**
 * The report's speed: a result of 100 000 cases written as one page, and opened in a real Chromium; and what the gate's own work
 * (gathering, writing, reading back, reporting) adds to the engines'.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { junit } from '../harness/report/junit.ts'
import { CaseGatherer, rowAt } from '../harness/report/result/case-columns.ts'
import { readResult, writeResult } from '../harness/report/result/result.ts'
import { writeHtml } from '../harness/report/html/write.ts'
import { summary } from '../harness/report/summary.ts'
import { chromiumPath, startChromium } from '../test/harness/report/html/browser.ts'
import { madeResult } from '../test/harness/report/made-result.ts'
import { reportRows, type Row } from './row.ts'

const cases = 100_000
/** Real kills a second and core of the live engine are fewer than this: each is two processes and more. */
const casesPerSecond = 100

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-bench-report-'))
const rows: Row[] = []
try {
  const result = madeResult({ cases, ops: 4_000 })
  const page = path.join(directory, 'report.html')
  const wrote = seconds(() => writeHtml(page, result))
  rows.push({
    what: `page of ${cases} cases written (${(fs.statSync(page).size / 2 ** 20).toFixed(1)} MB)`,
    measured: `${wrote.toFixed(2)} s`,
    wanted: '5 s',
    holds: wrote <= 5,
  })
  if (chromiumPath !== undefined) rows.push(await opened(page))
  const file = path.join(directory, 'result.json')
  const own = seconds(() => {
    const gatherer = new CaseGatherer()
    for (let index = 0; index < cases; index += 1) gatherer.add(rowAt(result.cases, index))
    writeResult(file, { ...result, cases: gatherer.columns() })
    const read = readResult(file)
    junit(read)
    summary(read)
  })
  const engines = cases / casesPerSecond
  rows.push({
    what: `what gate adds to ${cases} cases: gathered, written, read back, reported`,
    measured: `${own.toFixed(2)} s, ${((100 * own) / engines).toFixed(2)} % at ${casesPerSecond} cases a second`,
    wanted: '5 %',
    holds: own / engines <= 0.05,
  })
} finally {
  fs.rmSync(directory, { recursive: true })
}
reportRows(rows)

/** Seconds until the first screen and all sections stand. */
async function opened(page: string): Promise<Row> {
  const browser = await startChromium()
  try {
    const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    const start = performance.now()
    await tab.goto(pathToFileURL(page).href)
    await tab.waitForSelector('#made')
    const took = (performance.now() - start) / 1_000
    return {
      what: `the same page opened`,
      measured: `${took.toFixed(2)} s`,
      wanted: '2 s',
      holds: took <= 2,
    }
  } finally {
    await browser.close()
  }
}

function seconds(body: () => void): number {
  const start = performance.now()
  body()
  return (performance.now() - start) / 1_000
}
