/** An append to a database: the JSON texts of its bodies. */
import type { Pending } from '../commit-queue.ts'
import { encodeBodies, recordTooLarge } from '../encode-body.ts'
import type { RecordBody } from '../journal.ts'

export interface PendingTexts extends Pending {
  readonly texts: readonly string[]
}

/**
 * Everything that can be refused is refused here, before anything waits.
 *
 * @throws NotJsonError, RecordTooLargeError
 */
export function pendingTexts(bodies: readonly RecordBody[], bytesMax: number): PendingTexts {
  const encoded = encodeBodies(bodies, bytesMax)
  const bytes = encoded.reduce((sum, each) => sum + each.bytes, 0)
  if (bytes > bytesMax) throw recordTooLarge('one append', `${bytes} bytes of JSON`, bytesMax)
  return { texts: encoded.map(({ json }) => json), records: encoded.length, bytes }
}

/** The records of a batch. */
export function textsOf(group: readonly PendingTexts[]): readonly string[] {
  return group.flatMap(({ texts }) => texts)
}
