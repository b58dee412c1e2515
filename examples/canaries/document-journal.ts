/**
 * A journal kept in one document that is written anew at every append: what a program does that keeps its state by a library for settings or small
 * databases. What becomes of it in a crash is the library's doing alone: nothing here is tried twice, and nothing is fenced.
 */
import type { Journal, JournalBackend, JournalRecord } from 'killpoint/journal'

/** Everything that is known of a run. */
export interface Document {
  epoch: number
  records: JournalRecord[]
  /** Lives that closed the run. */
  closed: number[]
}

/** Keeps a document. */
export interface DocumentStore {
  /** What was saved last; `undefined` where nothing was. */
  readonly load: () => Promise<Document | undefined>
  readonly save: (document: Document) => Promise<void>
}

/** A journal over such a store: `storeOf` gives that of a run. */
export function documentJournal(
  name: string,
  storeOf: (runId: string) => Promise<DocumentStore>,
): JournalBackend {
  const open: JournalBackend['open'] = async (runId) => {
    const store = await storeOf(runId)
    const document = (await store.load()) ?? { epoch: 0, records: [], closed: [] }
    document.epoch += 1
    await store.save(document)
    return journalOf(runId, store, document)
  }
  const read: JournalBackend['read'] = async (runId) => {
    const document = await (await storeOf(runId)).load()
    if (document === undefined) return undefined
    const { epoch, records } = document
    return { runId, epoch, records, lives: livesOf(document, epoch), undecided: 0 }
  }
  return { name, durability: 'power', open, read }
}

function journalOf(runId: string, store: DocumentStore, document: Document): Journal {
  const { epoch } = document
  let last = Promise.resolve()
  const save = (change: () => void): Promise<void> =>
    (last = last.then(async () => {
      change()
      await store.save(document)
    }))
  return {
    runId,
    epoch,
    recovered: [...document.records],
    lives: livesOf(document, epoch - 1),
    append: async (bodies) => {
      let seq = 0
      await save(() => {
        for (const body of bodies)
          document.records.push({ seq: document.records.length + 1, epoch, body })
        seq = document.records.length
      })
      return seq
    },
    close: () => save(() => document.closed.push(epoch)),
  }
}

function livesOf({ records, closed }: Document, until: number): Journal['lives'] {
  return Array.from({ length: until }, (_, index) => ({
    epoch: index + 1,
    batches: records.filter(({ epoch }) => epoch === index + 1).length,
    ended: closed.includes(index + 1) ? ('closed' as const) : ('died' as const),
    owner: '',
  }))
}
