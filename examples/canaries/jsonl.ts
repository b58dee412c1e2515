/** Lines of JSON behind each other, by `appendFile`: what most programs begin with. A last line that is torn is left out. */
import fs from 'node:fs'
import { join } from 'node:path'
import type { BackendContext } from 'killpoint'
import type { JournalBackend, JournalRecord } from 'killpoint/journal'
import { type Document, documentJournal } from './document-journal.ts'

export { claims } from './claims.ts'

type Line = { epoch: number } | { closed: number } | { record: JournalRecord }

export function createBackend({ dir }: BackendContext): JournalBackend {
  return documentJournal('jsonl', async (runId) => {
    const path = join(dir, `${runId}.jsonl`)
    let known = load(path)
    return {
      load: async () => load(path),
      save: async (document) => {
        const lines = linesSince(known, document)
        fs.appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
        known = structuredClone(document)
      },
    }
  })
}

function linesSince(known: Document | undefined, document: Document): readonly Line[] {
  const { epoch, records, closed } = document
  return [
    ...(epoch === known?.epoch ? [] : [{ epoch }]),
    ...records.slice(known?.records.length ?? 0).map((record) => ({ record })),
    ...closed.slice(known?.closed.length ?? 0).map((each) => ({ closed: each })),
  ]
}

function load(path: string): Document | undefined {
  if (!fs.existsSync(path)) return undefined
  const document: Document = { epoch: 0, records: [], closed: [] }
  for (const text of fs.readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const line = JSON.parse(text) as Line
    if ('epoch' in line) document.epoch = line.epoch
    else if ('closed' in line) document.closed.push(line.closed)
    else document.records.push(line.record)
  }
  return document.epoch === 0 ? undefined : document
}
