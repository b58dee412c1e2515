/**
 * A journal backend that a test holds in its hands: every append passes two gates, before it is durable and before it is
 * acknowledged, and whoever guards the gates decides what happens there.
 *
 * What is durable is a list of texts, as a disk would have it. A life that never closes has died.
 */
import { FencedError, RecordTooLargeError } from '../../../src/errors.ts'
import type {
  Journal,
  JournalBackend,
  JournalRecord,
  LifeSummary,
  RecordBody,
} from '../../../src/journal.ts'
import { assertJson, type JsonValue } from '../../../src/json.ts'

/** Guards an append: resolves to let it pass, rejects to fail it, or never settles where the life dies there. */
export interface AppendGate {
  readonly write: (bodies: readonly RecordBody[]) => Promise<void>
  readonly acknowledge: (bodies: readonly RecordBody[]) => Promise<void>
}

export const openGate: AppendGate = { write: async () => {}, acknowledge: async () => {} }

/** Holds back the record that ends the run until it is let. */
export function heldEnd(): { readonly gate: AppendGate; readonly letWrite: () => void } {
  let go = (): void => {}
  const held = new Promise<void>((resolve) => (go = resolve))
  const write = (bodies: readonly RecordBody[]): Promise<void> =>
    JSON.stringify(bodies).includes('"end"') ? held : Promise.resolve()
  return { gate: { ...openGate, write }, letWrite: () => go() }
}

interface Stored {
  readonly epoch: number
  readonly text: string
}

interface Life {
  readonly epoch: number
  batches: number
  closed: boolean
}

/** The store of one run, over all its lives. */
export class ScriptedStore {
  readonly stored: Stored[] = []
  readonly lives: Life[] = []
  bytesMax = Number.POSITIVE_INFINITY

  /** What is durable now. */
  get records(): readonly JournalRecord[] {
    return this.stored.map(({ epoch, text }, index) => ({
      seq: index + 1,
      epoch,
      body: JSON.parse(text) as JsonValue,
    }))
  }

  get lifeSummaries(): readonly LifeSummary[] {
    return this.lives.map(({ epoch, batches, closed }) => ({
      epoch,
      batches,
      ended: closed ? 'closed' : 'died',
      owner: `life ${epoch}`,
    }))
  }

  /** A backend for one life, guarded by `gate`. */
  backend(gate: AppendGate = openGate): JournalBackend {
    return {
      name: 'scripted',
      durability: 'process',
      open: async (runId) => this.open(runId, gate),
      read: async (runId) =>
        this.lives.length === 0
          ? undefined
          : {
              runId,
              epoch: this.lives.length,
              records: this.records,
              lives: this.lifeSummaries,
              undecided: 0,
            },
    }
  }

  private open(runId: string, gate: AppendGate): Journal {
    const recovered = this.records
    const lives = this.lifeSummaries
    const life: Life = { epoch: this.lives.length + 1, batches: 0, closed: false }
    this.lives.push(life)
    let last: Promise<unknown> = Promise.resolve()
    const commit = async (texts: readonly string[], bodies: readonly RecordBody[]) => {
      await gate.write(bodies)
      if (this.lives.length !== life.epoch)
        throw new FencedError(`epoch ${life.epoch} was replaced by epoch ${this.lives.length}`)
      for (const text of texts) this.stored.push({ epoch: life.epoch, text })
      life.batches += 1
      const seq = this.stored.length
      await gate.acknowledge(bodies)
      return seq
    }
    return {
      runId,
      epoch: life.epoch,
      recovered,
      lives,
      append: async (bodies) => {
        const texts = bodies.map((body, index) => this.encode(body, index))
        // In call order, one at a time, as a disk does it.
        const turn = last.then(() => commit(texts, bodies))
        last = turn
        last.catch(() => {})
        return turn
      },
      close: async () => {
        life.closed = true
      },
    }
  }

  private encode(body: RecordBody, index: number): string {
    assertJson(body, `bodies[${index}]`)
    const text = JSON.stringify(body)
    if (text.length > this.bytesMax)
      throw new RecordTooLargeError(`bodies[${index}] has ${text.length} bytes`)
    return text
  }
}
