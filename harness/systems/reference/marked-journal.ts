/**
 * Wraps a journal backend so that the ledger tells what it promised: what each open recovered, what was handed to it, what
 * it acknowledged and what it refused. The backend knows nothing of it.
 */
import { hash } from 'node:crypto'
import { canonicalJson, type JsonObject, type JsonValue } from '../../../src/json.ts'
import type { Journal, JournalBackend } from '../../../src/journal.ts'
import type { Clock } from '../../../src/clock.ts'
import { mark } from '../../worker.ts'

export function markedBackend(backend: JournalBackend, clock: Clock): JournalBackend {
  return {
    ...backend,
    name: backend.name,
    durability: backend.durability,
    open: async (runId, options) => {
      let journal: Journal
      try {
        journal = await backend.open(runId, options)
      } catch (error) {
        mark({ mark: 'refused', at: 'open', ...refusal(error) })
        throw error
      }
      const { epoch } = journal
      mark({
        mark: 'recovered',
        epoch,
        hashes: journal.recovered.map(({ body }) => hashOf(body)),
      })
      mark({ mark: 'resolved', epoch })
      return markedJournal(journal, clock)
    },
    read: (runId) => backend.read(runId),
  }
}

function markedJournal(journal: Journal, clock: Clock): Journal {
  const { epoch } = journal
  return {
    runId: journal.runId,
    epoch,
    recovered: journal.recovered,
    lives: journal.lives,
    ...(journal.repaired === undefined ? {} : { repaired: journal.repaired }),
    append: async (bodies) => {
      const hashes = bodies.map(hashOf)
      mark({ mark: 'appending', epoch, hashes })
      try {
        const seq = await journal.append(bodies)
        mark({ mark: 'ack', epoch, hashes })
        for (const body of bodies) markArmed(body, clock.now())
        return seq
      } catch (error) {
        mark({ mark: 'refused', at: 'append', epoch, ...refusal(error) })
        throw error
      }
    },
    close: () => journal.close(),
  }
}

/** The due time of a timer is durable: only here can that be seen, its own code waits until it has fired. */
function markArmed(body: JsonValue, at: number): void {
  const { type, kind, key, due } = body as JsonObject
  if (type !== 'intent' || kind !== 'timer') return
  if (typeof key !== 'string' || typeof due !== 'number') return
  const step = key.split('/').at(-1) ?? ''
  mark({ mark: 'timer', step, phase: 'armed', due, at })
}

function hashOf(body: JsonValue): string {
  return hash('sha256', canonicalJson(body)).slice(0, 16)
}

function refusal(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return { code: typeof code === 'string' ? code : 'ERROR', message: String(message).slice(0, 500) }
}
