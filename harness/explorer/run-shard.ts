/** Starts a shard, waits for it, and reads its report. */
import { readFileSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'
import { HarnessError } from '../errors.ts'
import type { ShardOrder, ShardReport } from './job.ts'

/** Characters of its last words that are shown. */
const lastWordsMax = 4_000

/** Runs a shard; its files begin with `path`. @throws HarnessError `LIVE_TROUBLE` where it ended without a report */
export async function runShard(
  program: string,
  asked: ShardOrder,
  path: string,
): Promise<ShardReport> {
  const [order, report] = [`${path}.order.json`, `${path}.report.json`]
  writeFileSync(order, JSON.stringify(asked))
  const ended = await execa(process.execPath, [program, order, report], {
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  if (ended.exitCode === 0) return JSON.parse(readFileSync(report, 'utf8')) as ShardReport
  throw new HarnessError(
    'LIVE_TROUBLE',
    `a shard of the exploration died: ${ended.shortMessage}\n${ended.stderr.slice(-lastWordsMax)}`,
    { hint: 'run it again with --jobs 1; if it dies again, the harness is at fault' },
  )
}
