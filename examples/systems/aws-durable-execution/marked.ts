/** A journal that tells the ledger what it recovered, was handed, acknowledged and refused. */
import { createHash } from 'node:crypto'
import type { Journal, JournalBackend, RecordBody, Takeover } from 'killpoint/journal'
import { mark } from 'killpoint/worker'

/** Opens a run. Rejects as the backend does. */
export async function openMarked(
  backend: JournalBackend,
  runId: string,
  takeover: Takeover,
): Promise<Journal> {
  const journal = await orRefused({ at: 'open' }, () => backend.open(runId, { takeover }))
  const { epoch, recovered, lives } = journal
  mark({ mark: 'recovered', epoch, hashes: recovered.map(({ body }) => hashOf(body)) })
  mark({ mark: 'resolved', epoch })
  return {
    runId,
    epoch,
    recovered,
    lives,
    append: async (bodies) => {
      const hashes = bodies.map(hashOf)
      mark({ mark: 'appending', epoch, hashes })
      const seq = await orRefused({ at: 'append', epoch }, () => journal.append(bodies))
      mark({ mark: 'ack', epoch, hashes })
      return seq
    },
    close: () => journal.close(),
  }
}

async function orRefused<Value>(
  where: { readonly at: 'open' | 'append'; readonly epoch?: number },
  what: () => Promise<Value>,
): Promise<Value> {
  try {
    return await what()
  } catch (error) {
    const { code = 'ERROR', message } = error as {
      readonly code?: string
      readonly message: string
    }
    mark({ mark: 'refused', ...where, code, message: message.slice(0, 500) })
    throw error
  }
}

function hashOf(body: RecordBody): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(body)))
    .digest('hex')
    .slice(0, 16)
}

/** A record may come back with its members in another order. */
function sorted(value: RecordBody): RecordBody {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as RecordBody[]).map(sorted)
  const members = Object.entries(value as Record<string, RecordBody>)
  return Object.fromEntries(
    members.map(([name, member]) => [name, sorted(member)] as const).toSorted(byName),
  )
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0
}
