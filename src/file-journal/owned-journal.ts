/**
 * The `Journal` that a successful `open` gives: checks what is appended, and commits it through the segment writer.
 */
import type { BlobStore } from '../blobs.ts'
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
    storeBlobs: (pending) => storeBlobs(pending, source.blobs, run.blobs),
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
    append: async (bodies) => await queue.append(pendingAppend(bodies, settings)),
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

/** The texts of an append with references in place of its large records, which are durable by then. */
async function storeBlobs(
  { texts, blobs }: PendingAppend,
  store: BlobStore,
  directory: string,
): Promise<readonly RecordText[]> {
  const stored = [...texts]
  for (const { index, json } of blobs) {
    const content = Buffer.from(json)
    try {
      stored[index] = blobText(await store.put(content), content.length)
    } catch (cause) {
      throw storageError('store a blob in', directory, cause)
    }
  }
  return stored
}
