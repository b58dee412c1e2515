/**
 * The `Journal` that a successful `open` gives: checks what is appended, and hands it to the segment writer.
 */
import type { BlobStore } from '../blobs.ts'
import { type EncodedBody, encodeBodies, recordTooLarge } from '../encode-body.ts'
import type { Journal, RecordBody } from '../journal.ts'
import { blobText, bodyText, type RecordText } from './format.ts'
import { release } from './held.ts'
import type { OwnedSegment } from './open.ts'
import { lifeSummaries } from './lives.ts'
import { type PendingAppend, SegmentWriter } from './segment-writer.ts'
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
  const writer = new SegmentWriter(
    {
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
    },
    () => release(nonce),
  )
  const journal: Journal = {
    runId: run.runId,
    epoch,
    recovered: records,
    lives: lifeSummaries(owned.lives),
    append: async (bodies) =>
      bodies.length === 0
        ? writer.appendNothing()
        : writer.append(pendingAppend(bodies, settings, source.blobs, run.blobs)),
    close: () => writer.close(),
  }
  return torn === undefined ? journal : { ...journal, repaired: torn }
}

/** Everything that can be refused is refused here, before anything is queued. */
function pendingAppend(
  bodies: readonly RecordBody[],
  settings: Settings,
  blobs: BlobStore,
  directory: string,
): PendingAppend {
  const encoded = encodeBodies(bodies, settings.bytesMax)
  const texts = encoded.map(({ json }) => bodyText(json))
  const large = [...encoded.entries()].filter(([, { bytes }]) => bytes > settings.inlineBytesMax)
  const inlineBytes = encoded.reduce((sum, { bytes }) => sum + bytes, 0) - sumOfBytes(large)
  if (inlineBytes > settings.bytesMax)
    throw recordTooLarge('one append', `${inlineBytes} bytes of JSON`, settings.bytesMax)
  if (large.length === 0) return { bytes: inlineBytes, records: () => texts }
  return { bytes: inlineBytes, records: () => withBlobs(texts, large, blobs, directory) }
}

function sumOfBytes(large: readonly (readonly [number, EncodedBody])[]): number {
  return large.reduce((sum, [, { bytes }]) => sum + bytes, 0)
}

async function withBlobs(
  texts: readonly RecordText[],
  large: readonly (readonly [number, EncodedBody])[],
  blobs: BlobStore,
  directory: string,
): Promise<readonly RecordText[]> {
  const records = [...texts]
  for (const [index, { json }] of large) {
    const content = Buffer.from(json)
    try {
      records[index] = blobText(await blobs.put(content), content.length)
    } catch (cause) {
      throw storageError('store a blob in', directory, cause)
    }
  }
  return records
}
