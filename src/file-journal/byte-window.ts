/**
 * A file read front to back through one window that moves over it: the bytes not yet consumed and one chunk more. The
 * next chunk is read while the window is worked on. Memory: two chunks and the longest batch.
 */
import type { ReadableFile } from '../file-system.ts'

/**
 * Bytes of one read at most; the first reads are shorter, since most segments are. Longer texts than twice this are kept
 * where V8 collects seldom: with 1 MiB, a large run took twice the memory to open, and longer.
 */
export const chunkBytesMax: number = 1 << 16
const chunkBytesFirst = 16 << 10

export class ByteWindow {
  /** Position in the file of the window's first byte. */
  offset: number
  /** True once the last byte of the file, or of the stated range, is in the window. */
  atEnd = false
  readonly #file: ReadableFile
  readonly #end: number
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0
  #readOffset: number
  #spare: Buffer = Buffer.alloc(0)
  #chunk: number = chunkBytesFirst
  #ahead: Promise<number> | undefined

  /** `end`: the first byte that is not wanted; infinite for all. Nothing is read before `more`. */
  constructor(file: ReadableFile, start: number, end: number) {
    this.#file = file
    this.offset = start
    this.#readOffset = start
    this.#end = end
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Drops `consumed` bytes from the front and adds a chunk at the back, or finds the end. */
  async more(consumed: number): Promise<void> {
    this.#buffer.copyWithin(0, consumed, this.#length)
    this.#length -= consumed
    this.offset += consumed
    const count = await (this.#ahead ?? this.#readAhead())
    this.#ahead = undefined
    this.#append(this.#spare.subarray(0, count))
    this.#readOffset += count
    this.atEnd = count === 0 || this.#readOffset >= this.#end
    if (!this.atEnd) this.#startReadAhead()
  }

  /** Waits for a read under way, so that the file can be closed. */
  async settle(): Promise<void> {
    await this.#ahead?.catch(() => undefined)
  }

  #startReadAhead(): void {
    this.#ahead = this.#readAhead()
    // Whoever calls `more` gets the failure; if nobody does, it concerned nobody.
    this.#ahead.catch(() => undefined)
  }

  #readAhead(): Promise<number> {
    const want = Math.min(this.#chunk, this.#end - this.#readOffset)
    if (want <= 0) return Promise.resolve(0)
    if (this.#spare.length < want) this.#spare = Buffer.allocUnsafeSlow(want)
    this.#chunk = Math.min(this.#chunk * 4, chunkBytesMax)
    return this.#file.read(this.#spare.subarray(0, want), this.#readOffset)
  }

  #append(bytes: Buffer): void {
    const needed = this.#length + bytes.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    bytes.copy(this.#buffer, this.#length)
    this.#length = needed
  }
}
