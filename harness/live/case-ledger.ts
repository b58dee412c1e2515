/**
 * The ledger of one case as the engine holds it: its own marks go in, what the workers wrote is followed.
 *
 * The file is opened once for appending and shared by every process of the case, so that the kernel orders all lines. A
 * kill may tear a worker's last line; the engine never writes its own mark onto such a rest, but onto a new line.
 *
 * Only what the engine needs is read here (who wrote, which fault fired, which effect happened, `done`); what the marks mean
 * is the checkers' business.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import type { HarnessMark } from '../mark.ts'
import { scratchTrouble } from './scratch.ts'
import { TroubleError } from './trouble.ts'

/** A line of a worker that the engine read; members that it does not know are left in. */
export interface SeenMark {
  readonly mark: string
  readonly life: number
  readonly [member: string]: unknown
}

export class CaseLedger {
  /** Append-only descriptor that processes inherit. */
  readonly descriptor: number
  readonly #path: string
  readonly #reader: number
  readonly #announced = new Set<number>()
  #followed = 0
  #rest: Buffer = Buffer.alloc(0)
  #early = false

  constructor(path: string) {
    this.#path = path
    this.descriptor = openSync(path, 'a')
    this.#reader = openSync(path, 'r')
  }

  /** Bytes in the file. */
  size(): number {
    return fstatSync(this.#reader).size
  }

  /**
   * Appends a mark of the harness, in one write, on a line of its own.
   *
   * @throws TroubleError `scratch-full`
   */
  append(mark: HarnessMark): void {
    const line = Buffer.from(`${this.#endsTorn() ? '\n' : ''}${JSON.stringify(mark)}\n`)
    try {
      const written = writeSync(this.descriptor, line)
      if (written < line.length) throw new Error(`short write: ${written} of ${line.length} bytes`)
    } catch (error) {
      throw new TroubleError(scratchTrouble(this.#path, error), error)
    }
  }

  /** The marks that came since the last call, whole lines only. What is no mark is left to the reader of the whole. */
  follow(): readonly SeenMark[] {
    const size = this.size()
    if (size === this.#followed) return []
    const chunk = Buffer.alloc(size - this.#followed)
    const read = readSync(this.#reader, chunk, 0, chunk.length, this.#followed)
    this.#followed += read
    const fresh = Buffer.concat([this.#rest, chunk.subarray(0, read)])
    const whole = fresh.lastIndexOf(newline) + 1
    this.#rest = fresh.subarray(whole)
    const lines = whole === 0 ? [] : fresh.toString('utf8', 0, whole - 1).split('\n')
    return lines.flatMap((line) => this.#seen(line))
  }

  /** The whole file, each `life` mark before every other mark of its life. */
  bytes(): Uint8Array {
    this.follow()
    const bytes = readFileSync(this.#path)
    return this.#early ? announceFirst(bytes) : bytes
  }

  close(): void {
    closeSync(this.descriptor)
    closeSync(this.#reader)
  }

  #seen(line: string): readonly SeenMark[] {
    const mark = parseMark(line)
    if (mark === undefined) return []
    if (mark.mark === 'life') this.#announced.add(mark.life)
    else this.#early ||= !this.#announced.has(mark.life)
    return [mark]
  }

  #endsTorn(): boolean {
    const size = this.size()
    if (size === 0) return false
    const last = Buffer.alloc(1)
    readSync(this.#reader, last, 0, 1, size - 1)
    return last[0] !== newline
  }
}

const newline = 0x0a

function parseMark(line: string): SeenMark | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { mark, life } = value as Record<string, unknown>
  return typeof mark === 'string' && typeof life === 'number' ? (value as SeenMark) : undefined
}

/**
 * A quick executable may write its first mark before the harness, which learns the pid from starting it, has written the
 * `life` mark. The life did begin before: its mark is moved up to where it belongs.
 */
function announceFirst(bytes: Buffer): Uint8Array {
  const lines = bytes.toString('latin1').split('\n')
  const marks = lines.map(parseMark)
  for (let at = 0; at < lines.length; at++) {
    const life = marks[at]?.life
    if (marks[at]?.mark !== 'life') continue
    const first = marks.findIndex((mark) => mark?.life === life)
    if (first >= at) continue
    lines.splice(first, 0, ...lines.splice(at, 1))
    marks.splice(first, 0, ...marks.splice(at, 1))
  }
  return Buffer.from(lines.join('\n'), 'latin1')
}
