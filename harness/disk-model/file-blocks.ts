/**
 * File contents in blocks: a content is never changed, and what is made of it shares every block that it leaves alone.
 *
 * A crash state differs from the state before it in a block or two, however long its files are: it costs these blocks, and one
 * word for each other block. Bytes that nobody asks for are never put together.
 */
import { createHash } from 'node:crypto'

/** Bytes of a block; the last of a file may be shorter. */
const blockBytes = 4_096

/** A block, and its hash once it was needed. */
interface Block {
  readonly bytes: Uint8Array
  hash?: string
}

/** Blocks that one payload covers whole, by their number: the same ones, however often it is put. */
export type CoveredBlocks = Map<number, Block>

const zeros: Block = { bytes: new Uint8Array(blockBytes) }

/** The content of a file. */
export class FileBlocks {
  /** In bytes. */
  readonly size: number
  readonly #blocks: readonly Block[]

  private constructor(size: number, blocks: readonly Block[]) {
    this.size = size
    this.#blocks = blocks
  }

  /** A content of these bytes, which have to stay as they are. */
  static of(bytes: Uint8Array): FileBlocks {
    const blocks: Block[] = []
    for (let from = 0; from < bytes.byteLength; from += blockBytes)
      blocks.push({ bytes: bytes.subarray(from, from + blockBytes) })
    return new FileBlocks(bytes.byteLength, blocks)
  }

  /**
   * With `bytes` at `offset`; a gap in front of them is zeros. `bytes` have to stay as they are. `covered`: of the payload that they
   * are a part of, and always of the same one at the same place.
   */
  put(offset: number, bytes: Uint8Array, covered?: CoveredBlocks): FileBlocks {
    const end = offset + bytes.byteLength
    if (end === offset) return this
    const size = Math.max(this.size, end)
    const blocks = this.#sized(size)
    const last = Math.ceil(end / blockBytes)
    for (let number = Math.floor(offset / blockBytes); number < last; number += 1) {
      const start = number * blockBytes
      const [from, to] = [Math.max(offset, start), Math.min(end, start + blockBytes)]
      if (to - from === blockBytes) {
        blocks[number] = coveredBlock(number, bytes.subarray(from - offset, to - offset), covered)
        continue
      }
      // Not `slice`: that of a Buffer is no copy.
      const changed = new Uint8Array((blocks[number] ?? zeros).bytes)
      changed.set(bytes.subarray(from - offset, to - offset), from - start)
      blocks[number] = { bytes: changed }
    }
    return new FileBlocks(size, blocks)
  }

  /** With this length; what is new is zeros. */
  resize(size: number): FileBlocks {
    return size === this.size ? this : new FileBlocks(size, this.#sized(size))
  }

  /** With zeros from `from` up to `to`, as far as there are bytes. */
  clear(from: number, to: number): FileBlocks {
    const end = Math.min(to, this.size)
    return end > from ? this.put(from, new Uint8Array(end - from)) : this
  }

  /** Equal for equal bytes, and for nothing else. */
  hash(): string {
    const [first] = this.#blocks
    if (this.#blocks.length <= 1) return hashOf(first ?? { bytes: new Uint8Array() })
    const hashes = this.#blocks.map(hashOf).join('')
    return `${this.#blocks.length}*${createHash('sha1').update(hashes).digest('base64')}`
  }

  /** All of it in one piece, not to be written to. */
  bytes(): Uint8Array {
    const [first] = this.#blocks
    if (first !== undefined && this.#blocks.length === 1) return first.bytes
    const bytes = new Uint8Array(this.size)
    this.#blocks.forEach((block, number) => bytes.set(block.bytes, number * blockBytes))
    return bytes
  }

  /** Blocks for this length, for the caller to change. */
  #sized(size: number): Block[] {
    const count = Math.ceil(size / blockBytes)
    const blocks = this.#blocks.slice(0, count)
    const edge = Math.min(blocks.length, count) - 1
    const lengthOf = (number: number): number => Math.min(blockBytes, size - number * blockBytes)
    const before = blocks[edge]
    if (before !== undefined && before.bytes.byteLength !== lengthOf(edge))
      blocks[edge] = { bytes: resized(before.bytes, lengthOf(edge)) }
    for (let number = blocks.length; number < count; number += 1) {
      const length = lengthOf(number)
      blocks.push(length === blockBytes ? zeros : { bytes: new Uint8Array(length) })
    }
    return blocks
  }
}

function coveredBlock(number: number, bytes: Uint8Array, covered?: CoveredBlocks): Block {
  const known = covered?.get(number)
  if (known !== undefined) return known
  const made = { bytes }
  covered?.set(number, made)
  return made
}

function hashOf(block: Block): string {
  return (block.hash ??= createHash('sha1').update(block.bytes).digest('base64'))
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  if (length < bytes.byteLength) return bytes.subarray(0, length)
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
