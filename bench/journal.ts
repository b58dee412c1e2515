/**
 * How fast the file journal is, as ratios to plain loops over the same bytes in the same run.
 *
 *   node --import tsx bench/launch.ts journal [appends|opens|cost]
 *
 * It writes under the system's temporary directory, or under KILLPOINT_BENCH_DIR: that should be a real disk.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { appendCost } from './append-cost.ts'
import { appendRates } from './append-rate.ts'
import { makeLargeRun } from './large-run.ts'
import { measureOpen } from './open-child.ts'
import { openRates } from './open-rate.ts'
import { reportRows, type Row } from './row.ts'

const [part = 'all', ...args] = process.argv.slice(2)
if (part === 'open-child') console.log(JSON.stringify(await measureOpen(args)))
else await measureAll(part)

async function measureAll(part: string): Promise<void> {
  const parent = process.env['KILLPOINT_BENCH_DIR'] ?? os.tmpdir()
  const dir = fs.mkdtempSync(path.join(parent, 'killpoint-bench-journal-'))
  try {
    const rows: Row[] = []
    if (part === 'all' || part === 'appends')
      rows.push(...(await appendRates(path.join(dir, 'rates'))))
    const large = path.join(dir, 'large')
    if (part !== 'appends') await makeLargeRun(large, 'single', 1)
    if (part === 'all' || part === 'opens') {
      await makeLargeRun(large, 'grouped', 64)
      rows.push(...openRates(large))
    }
    if (part === 'all' || part === 'cost') rows.push(...(await appendCost(large)))
    reportRows(rows)
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}
