/**
 * An abstract durable store: a log that knows epochs, and what a crash takes.
 *
 * What is appended is *cached* until a sync covers it. An open decides everything that is there and closes the log for all
 * lower epochs, as the seal of the file journal does.
 */
import type { Random } from '../../../harness/seed.ts'

/** What the abstract runtime records. */
export type Entry = {
  readonly type: string
  readonly id?: string
  readonly [member: string]: unknown
}

/** One message in the inbox. */
export interface Message {
  readonly name: string
  readonly message: string
}

interface Stored {
  readonly entry: Entry
  /** Entries of one call have the same number. */
  readonly group: number
  readonly epoch: number
}

/** The state that survives lives. */
export class Store {
  highestEpoch = 0
  /** The log is closed for this epoch and all below it. */
  sealedEpoch = 0
  /** Life that owns the run, as its successors see it. */
  owner: number | undefined
  readonly inbox: Message[] = []
  isCancelled = false
  isEnded = false
  isDamaged = false
  /** Groups that were acknowledged; only a planted bug looks. */
  readonly acked = new Set<number>()
  #log: Stored[] = []
  #durable = 0
  #groups = 0

  /** Puts groups at the end of the log, for an epoch that may still write; they are cached. Gives their numbers. */
  push(epoch: number, groups: readonly (readonly Entry[])[]): readonly number[] {
    if (epoch <= this.sealedEpoch) return []
    return groups.map((entries) => {
      this.#groups += 1
      const group = this.#groups
      for (const entry of entries) this.#log.push({ entry, group, epoch })
      return group
    })
  }

  sync(): void {
    this.#durable = this.#log.length
  }

  /** Takes back what no sync covers. */
  dropCached(): void {
    this.#cut(this.#durable)
  }

  /** Power goes: of what no sync covers, a prefix of whole groups stays. */
  losePower(random: Random): void {
    const ends = this.#log.flatMap(({ group }, place) =>
      place >= this.#durable && group !== this.#log[place + 1]?.group ? [place + 1] : [],
    )
    this.#cut(random.pick([this.#durable, ...ends]))
    this.sync()
    this.owner = undefined
  }

  /** Decides what is there, for this epoch and all above it. */
  seal(epoch: number): readonly Entry[] {
    this.sealedEpoch = Math.max(this.sealedEpoch, epoch - 1)
    this.sync()
    return this.read()
  }

  read(): readonly Entry[] {
    return this.#log.map(({ entry }) => entry)
  }

  /** Damage to the last group: a torn tail where nothing sealed it, damage that shows otherwise. */
  rotLast(): void {
    const last = this.#log.at(-1)
    if (last === undefined) return
    if (last.epoch <= this.sealedEpoch) this.isDamaged = true
    else this.#dropGroup(last.group)
  }

  /** True where the last group was acknowledged. */
  isLastAcked(): boolean {
    const last = this.#log.at(-1)
    return last !== undefined && this.acked.has(last.group)
  }

  /** Bug: the last group goes if nobody was told that it is there. */
  dropLastUnacked(): void {
    const last = this.#log.at(-1)
    if (last !== undefined && !this.acked.has(last.group)) this.#dropGroup(last.group)
  }

  /** Bug: half of the last group goes. True where it had two halves. */
  cutGroup(): boolean {
    const [last, before] = [this.#log.at(-1), this.#log.at(-2)]
    if (last === undefined || last.group !== before?.group) return false
    if (last.epoch <= this.sealedEpoch || this.acked.has(last.group)) return false
    this.#cut(this.#log.length - 1)
    return true
  }

  #dropGroup(group: number): void {
    this.#log = this.#log.filter((stored) => stored.group !== group)
    this.#durable = Math.min(this.#durable, this.#log.length)
  }

  #cut(length: number): void {
    this.#log.length = Math.min(this.#log.length, length)
    this.#durable = Math.min(this.#durable, this.#log.length)
  }
}
