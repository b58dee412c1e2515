/**
 * What is needed to read one run: its paths, the disk, and its blobs.
 */
import { type BlobStore, blobStore } from '../blobs.ts'
import { JournalCorruptError } from '../errors.ts'
import type { JsonValue } from '../json.ts'
import type { BlobReader } from './batch-reader.ts'
import { runFiles } from './run-files.ts'
import type { Settings } from './settings.ts'
import type { RunSource } from './source.ts'
import { unreadableError } from './storage-errors.ts'

export interface BlobbedSource extends RunSource {
  readonly blobs: BlobStore
}

/** @throws InvalidArgumentError */
export function runSource(settings: Settings, runId: string): BlobbedSource {
  const run = runFiles(settings.dir, runId)
  const blobs = blobStore(settings.fileSystem, run.blobs, settings.random.nonce)
  return {
    run,
    fileSystem: settings.fileSystem,
    blobs,
    blobReader: (segment) => blobReader(blobs, run.blobs, segment),
  }
}

function blobReader(blobs: BlobStore, directory: string, segment: string): BlobReader {
  return async ({ hash, bytes, seq, offset }) => {
    const path = `${directory}/${hash}`
    const content = await blobs.get(hash, bytes).catch((cause: unknown) => {
      throw unreadableError(path, cause)
    })
    switch (content.kind) {
      case 'found':
        return JSON.parse(content.bytes.toString('utf8')) as JsonValue
      case 'missing':
        throw blobError(path, segment, offset, seq, 'is missing')
      case 'damaged':
        throw blobError(path, segment, offset, seq, `is damaged: ${content.reason}`)
    }
  }
}

function blobError(
  path: string,
  segment: string,
  offset: number,
  seq: number,
  state: string,
): JournalCorruptError {
  return new JournalCorruptError(`the payload of record ${seq}, ${path}, ${state}`, {
    hint: 'restore the file from a backup, or read what is left with salvage(); opening again will not help',
    details: { file: path, offset: 0, seq, segment, segmentOffset: offset },
  })
}
