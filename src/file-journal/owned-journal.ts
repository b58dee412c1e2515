/**
 * The `Journal` that a successful `open` gives: checks what is appended, and commits it through the segment writer.
 */
import { assert } from '../assert.ts'
import type { BlobStore, StoredBlob } from '../blobs.ts'
import { CommitQueue } from '../commit-queue.ts'
import { encodeBodies, recordTooLarge } from '../encode-body.ts'
import type { Journal, RecordBody } from '../journal.ts'
import { blobText, bodyText, type RecordText } from './format.ts'
import { release } from '../held.ts'
import type { OwnedSegment } from './open.ts'
import { lifeSummaries } from './lives.ts'
import { type PendingAppend, type PendingBlob, SegmentWriter } from './segment-writer.ts'
import type { BlobbedSource } from './run-source.ts'
import type { Settings } from './settings.ts'
import { storageError } from './storage-errors.ts'

export function ownedJournal(
  source: BlobbedSource,
  settings: Settings,
  owned: OwnedSegment,
): Journal {
  const { run, fileSystem } = source
  const { epoch, nonce } = owned.header
  const { records, torn } = owned.image
  const writer = new SegmentWriter({
    file: owned.file,
    path: run.segment(epoch),
    nextPath: run.segment(epoch + 1),
    fileSystem,
    runId: run.runId,
    epoch,
    key: owned.key,
    presizeBytesMax: settings.presizeBytesMax,
    offset: owned.offset,
    prev: owned.sealCrc,
    seq: records.length,
    storeBlobs: (group) => storeBlobs(group, source.blobs, run.blobs),
  })
  const queue = new CommitQueue<PendingAppend>({
    runId: run.runId,
    epoch,
    seq: records.length,
    commit: (group) => writer.commit(group),
    end: () => writer.writeEnd(),
    release: async () => {
      release(nonce)
      await writer.closeFile()
    },
  })
  const journal: Journal = {
    runId: run.runId,
    epoch,
    recovered: records,
    lives: lifeSummaries(owned.lives),
    append: (bodies) => {
      try {
        return queue.append(pendingAppend(bodies, settings))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    close: () => queue.close(),
  }
  return torn === undefined ? journal : { ...journal, repaired: torn }
}

/** Everything that can be refused is refused here, before anything is queued. */
function pendingAppend(bodies: readonly RecordBody[], settings: Settings): PendingAppend {
  const { bytesMax, inlineBytesMax } = settings
  const texts: RecordText[] = []
  const blobs: PendingBlob[] = []
  let inline = 0
  for (const { json, bytes } of encodeBodies(bodies, bytesMax)) {
    if (bytes > inlineBytesMax) blobs.push({ index: texts.length, json })
    else inline += bytes
    texts.push(bodyText(json))
  }
  if (inline > bytesMax) throw recordTooLarge('one append', `${inline} bytes of JSON`, bytesMax)
  return { texts, blobs, records: texts.length, bytes: inline }
}

/** The texts of appends with references in place of their large records, which are durable by then. */
async function storeBlobs(
  group: readonly PendingAppend[],
  store: BlobStore,
  directory: string,
): Promise<readonly RecordText[]> {
  let stored: readonly StoredBlob[]
  try {
    stored = await store.put(contentsOf(group))
  } catch (cause) {
    throw storageError('store a blob in', directory, cause)
  }
  const next = stored.values()
  return group.flatMap(({ texts, blobs }) => {
    const all = [...texts]
    for (const { index } of blobs) {
      const { value } = next.next()
      assert(value !== undefined, 'a blob was not stored')
      all[index] = blobText(value.name, value.length)
    }
    return all
  })
}

/** One at a time: each is there only while it is written. */
function* contentsOf(group: readonly PendingAppend[]): Generator<Uint8Array> {
  for (const { blobs } of group) for (const { json } of blobs) yield Buffer.from(json)
}
