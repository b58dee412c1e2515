/**
 * A content-addressed store of large payloads: one file per content, named by its SHA-256.
 *
 *  1. A blob is written to a temporary file, synced, and published under its name by an exclusive link; when all that are
 *     put together are published, the directory is synced. Only then may a record refer to them: whoever sees the record sees
 *     the blob.
 *  2. A name never gets other content, so a name that is taken is a success; but its maker may have died before the
 *     directory was synced, so that is done again. A taken name with damaged content is replaced as a whole.
 *  3. Length and hash are checked on every read.
 *  4. Nothing is ever removed: a blob whose record was never committed is left behind, and harmless.
 */
import path from 'node:path'
import { sha256 } from './checksum.ts'
import { systemCode } from './errors.ts'
import type { FileSystem, ReadableFile, WritableFile } from './file-system.ts'

/** Why a blob could not be had; `undefined` content with a reason. */
export type BlobContent =
  | { readonly kind: 'found'; readonly bytes: Buffer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly reason: string }

/** A blob as a record refers to it. */
export interface StoredBlob {
  readonly name: string
  readonly length: number
}

export interface BlobStore {
  /** Makes contents durable, one after the other, and tells each one's name and length. Throws what the file system throws. */
  readonly put: (contents: Iterable<Uint8Array>) => Promise<readonly StoredBlob[]>
  /** Reads `length` bytes and checks them. Throws what the file system throws, except where there is no such file. */
  readonly get: (name: string, length: number) => Promise<BlobContent>
}

/** `directory` is made with the first blob; its parent must exist. `nonce` names temporary files. */
export function blobStore(
  fileSystem: FileSystem,
  directory: string,
  nonce: () => string,
): BlobStore {
  return {
    put: async (contents) => {
      await fileSystem.makeDirectory(directory)
      // Also where it existed: its maker may have died before this.
      await fileSystem.syncDirectory(path.dirname(directory))
      const stored: StoredBlob[] = []
      for (const bytes of contents) {
        const name = sha256(bytes)
        await publish(fileSystem, path.join(directory, name), bytes, nonce())
        stored.push({ name, length: bytes.length })
      }
      await fileSystem.syncDirectory(directory)
      return stored
    },
    get: (name, length) => read(fileSystem, path.join(directory, name), name, length),
  }
}

async function publish(
  fileSystem: FileSystem,
  target: string,
  bytes: Uint8Array,
  nonce: string,
): Promise<void> {
  const temporary = `${target}.${nonce}.tmp`
  const file = await fileSystem.create(temporary)
  try {
    writeWhole(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await fileSystem.link(temporary, target)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    const present = await read(fileSystem, target, path.basename(target), bytes.length)
    if (present.kind !== 'found') {
      await fileSystem.rename(temporary, target)
      return
    }
  }
  await fileSystem.unlink(temporary)
}

async function read(
  fileSystem: FileSystem,
  target: string,
  name: string,
  length: number,
): Promise<BlobContent> {
  let file: ReadableFile
  try {
    file = await fileSystem.open(target)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { kind: 'missing' }
    throw error
  }
  try {
    const size = await file.size()
    if (size !== length)
      return { kind: 'damaged', reason: `expected ${length} bytes, found ${size}` }
    const bytes = await readWhole(file, length)
    return sha256(bytes) === name
      ? { kind: 'found', bytes }
      : { kind: 'damaged', reason: 'its content does not have the hash that is its name' }
  } finally {
    await file.close()
  }
}

async function readWhole(file: ReadableFile, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  let done = 0
  while (done < length) {
    const count = await file.read(bytes.subarray(done), done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}

/** Writes all of `bytes` at `position`: one call may write fewer, and says how many. */
export function writeWhole(file: WritableFile, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) {
    const count = file.write(done === 0 ? bytes : bytes.subarray(done), position + done)
    if (count === 0) throw new Error(`the file system wrote 0 of ${bytes.length - done} bytes`)
    done += count
  }
}
