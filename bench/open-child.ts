/**
 * One measurement of `open-rate.ts`, in a process of its own: `lines FILE`, or `open DIR RUN`.
 */
import fs from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fileJournal } from '../src/file-journal.ts'

export interface OpenMeasure {
  readonly ms: number
  /** Peak resident memory beyond that before the measurement and beyond the heap that the records take. */
  readonly extraBytes: number
  readonly kept: number
}

export async function measureOpen(args: readonly string[]): Promise<OpenMeasure> {
  const [mode = '', target = '', runId = ''] = args
  const before = restingMemory()
  const start = performance.now()
  const kept = mode === 'lines' ? parseLines(target) : await openRun(target, runId)
  const ms = performance.now() - start
  const peak = process.resourceUsage().maxRSS * 1024
  const records = restingMemory().heapUsed - before.heapUsed
  return { ms, extraBytes: peak - before.rss - records, kept: kept.length }
}

function restingMemory(): NodeJS.MemoryUsage {
  collectGarbage()
  return process.memoryUsage()
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) collect()
}

function parseLines(file: string): readonly unknown[] {
  const fd = fs.openSync(file, 'r')
  const chunk = Buffer.allocUnsafe(1 << 20)
  const decoder = new StringDecoder('utf8')
  const values: unknown[] = []
  let rest = ''
  for (;;) {
    const count = fs.readSync(fd, chunk, 0, chunk.length, null)
    if (count === 0) break
    const lines = (rest + decoder.write(chunk.subarray(0, count))).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) values.push(JSON.parse(line))
  }
  fs.closeSync(fd)
  return values
}

async function openRun(dir: string, runId: string): Promise<readonly unknown[]> {
  const journal = await fileJournal({ dir }).open(runId)
  return journal.recovered
}
