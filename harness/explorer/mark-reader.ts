/**
 * The marks of lives in memory. Lives write the same lines again and again: a line is parsed and checked once, and its mark is shared
 * by all lives that wrote it. Nobody changes a mark.
 */
import { readLedger, whyNoLedger } from '../ledger.ts'
import type { Mark } from '../mark.ts'

/** What a life wrote into its ledger. */
export interface MarksRead {
  readonly marks: readonly Mark[]
  /** One sentence on what is no mark. */
  readonly why: string | undefined
}

/** Characters of lines that are remembered. */
const charactersMax = 8 * 2 ** 20

/** Reads marks, and remembers them. */
export class MarkReader {
  readonly #known = new Map<string, Mark>()
  #characters = 0

  /** What a life wrote, write by write. */
  read(writes: readonly string[]): MarksRead {
    const marks: Mark[] = []
    for (const write of writes) {
      const mark = this.#known.get(write) ?? this.#lineOf(write)
      // Part of a line, or more than one, or no mark: what it is, all of them together say.
      if (mark === undefined) return readTogether(writes)
      marks.push(mark)
    }
    return { marks, why: undefined }
  }

  #lineOf(write: string): Mark | undefined {
    if (write.indexOf('\n') !== write.length - 1) return undefined
    const { entries, problems } = readLedger(Buffer.from(write))
    const [entry] = entries
    if (entry === undefined || problems.length > 0) return undefined
    if (this.#characters + write.length > charactersMax) {
      this.#known.clear()
      this.#characters = 0
    }
    this.#known.set(write, entry.mark)
    this.#characters += write.length
    return entry.mark
  }
}

function readTogether(writes: readonly string[]): MarksRead {
  const { entries, problems } = readLedger(Buffer.from(writes.join('')))
  return { marks: entries.map(({ mark }) => mark), why: whyNoLedger(problems) }
}
