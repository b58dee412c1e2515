/**
 * A journal backend that looks right and is not: one file of lines, appended to by whoever has the run. It passes every test
 * that does not kill it. What is wrong with it:
 *
 *  1  It acknowledges before it writes: lines wait in memory for the next turn, to be written together.
 *  2  It has no epochs: an owner that was replaced goes on writing, and is told nothing.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import type { BackendContext } from 'killpoint'
import type { JournalBackend, JournalRecord, RecordBody } from 'killpoint/journal'

export function createBackend({ dir }: BackendContext): JournalBackend {
  const read = (runId: string): readonly JournalRecord[] => {
    const path = join(dir, `${runId}.jsonl`)
    const text = fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : ''
    const lines = text.split('\n').filter((line) => line !== '')
    return lines.map((line, index) => ({
      seq: index + 1,
      epoch: 1,
      body: JSON.parse(line) as RecordBody,
    }))
  }
  return {
    name: 'buffered',
    durability: 'process',
    read: async (runId) => {
      const records = read(runId)
      return records.length === 0
        ? undefined
        : { runId, epoch: 1, records, lives: [], undecided: 0 }
    },
    open: async (runId) => {
      const path = join(dir, `${runId}.jsonl`)
      const recovered = read(runId)
      let seq = recovered.length
      let waiting: string[] = []
      const flush = (): void => {
        if (waiting.length > 0) fs.appendFileSync(path, waiting.join(''))
        waiting = []
      }
      return {
        runId,
        epoch: 1,
        recovered,
        lives: [],
        append: async (bodies) => {
          if (waiting.length === 0) setImmediate(flush)
          waiting.push(...bodies.map((body) => `${JSON.stringify(body)}\n`))
          return (seq += bodies.length)
        },
        close: async () => flush(),
      }
    },
  }
}
