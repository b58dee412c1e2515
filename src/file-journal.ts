/**
 * The file journal: durable and fenced, of plain files, without a lock.
 *
 *   <dir>/<run>/000001.log    header · seal · batch · batch · …      the segment of life 1
 *   <dir>/<run>/000002.log    header · seal · …                      that of life 2
 *   <dir>/<run>/blobs/        large payloads, named by their hash (`blobs.ts`)
 *
 * A life writes its own segment and no other file of the run. The highest number owns the run. Whoever was replaced and
 * does not know it goes on writing where nobody reads any more, and finds out before it acknowledges anything.
 *
 * The steps. Open (`file-journal/open.ts`): 1 make-dir, 2 publish, 3 sync-dir, 4 read, 5 seal, 6 check. Append
 * (`file-journal/segment-writer.ts`): write, sync, check, acknowledge; one batch at a time. `docs/protocol.md` tells each
 * with what breaks without it, and `test/model/` walks all states of them.
 *
 * Words. *Newer than n*: any segment with a higher number. *S*: the highest segment with a complete seal. *Image*: what
 * S's seal says, then S's own valid batches.
 *
 * Invariants
 *
 *  F1 Numbers. While the machine runs, segments are only added, each under the highest number + 1, by a link that one
 *     caller gets. So while the life of segment n lives, the numbers above n have no gap.
 *  F2 Look. "Is there a newer segment?" is one look at n + 1. By F1, if any newer one exists, that one does. (Below n
 *     there may be gaps: a power loss can take entries that no directory sync covered. It also takes every life, so no
 *     life ever looks past such a gap. That is why a gap is never filled: whoever filled it would find a dead life's
 *     segment above him and be fenced by it for ever.)
 *  F3 One behind. A life writes a batch only after the one before it was synced and checked. So of all batches of a
 *     segment only the last may be unsynced, unchecked or torn; and where a whole one stands behind a bad one, bytes
 *     were changed that a crash does not change.
 *  F4 Seal first. A life appends, and closes, only after its seal was synced and no newer segment was there. So a batch or
 *     a `closed` marker behind a seal that is not whole proves damage too.
 *  F5 Decided. What S's seal says of the lives before it is never derived again: number of batches, bytes, checksum.
 *  F6 Copied. A seal holds a copy of the image's last batch. By F3 all batches before that one are durable; that one may
 *     be in the page cache only, or in pages that a failed sync marked clean, where no later sync would store it.
 *  F7 Own file. Nobody repairs, cuts or removes another life's segment. A torn tail is cut by the seal that does not
 *     count it.
 *
 * Why it is right
 *
 *  J1  An acknowledged batch was synced, in a file whose entry step 3 had made durable below directories that step 1 had
 *      made durable. And when its life looked, after the write, no newer segment was there (F2): every newer life
 *      published later, listed and read later, and found it, on disk or in the page cache. What it found it sealed.
 *  J2, J3  A batch is valid only with its number, its predecessor's checksum and the life's key (run, epoch and nonce) under
 *      its own: blocks of another file, swapped, replaced or half written batches are not. An append is within one batch.
 *  J4, J5  Let e < f have resolved. At e's last look f was not published, and e's seal was written: f read later, and found
 *      it, or a seal above it that was made in the same way. By induction all resolved lives agree about all segments
 *      below them. A late batch of an old life is in no count, so nobody sees it; and its own look finds the newer life.
 *  J6  The writer never writes again after a failure, not even an end marker: only reading tells what is there.
 *  J7  A shorter image than was promised is an error (F3 to F5), and so is a file that cannot be read, or lists no segment
 *      and is not ours. What cannot be told apart is said below.
 *  J8  A run is a directory. Its name is unlike every other's, on file systems that ignore case too (`run-id.ts`).
 *  J9  Before its seal is complete, an open changes nothing that others read; afterwards they read there what they would
 *      have read without it.
 *  J10 A batch names its number and its predecessor's checksum only; the length by which a segment grows depends on the
 *      segment's own length, up to a limit. An open reads the accepted part of each segment once, through one window.
 *  J11 The link in step 2 has one winner; the look in step 6 leaves the highest. Liveness (`identity.ts`) only decides who
 *      may try: a mistake in it fences somebody, and loses nothing.
 *
 * How it fails. Loudly, with a typed error that names the file and says what to do. What it cannot see: damage to the last
 * batch of a life that did not close (it looks like a torn append); a newest segment cut inside its first two lines, or
 * removed (it looks like an open that never finished, or never was); a newest segment cut to its first batch, or to the
 * batch for which it was last made longer. A sync that lies, and file systems on which two machines disagree about a
 * directory, are outside of what it can bear: local file systems only.
 */
import { openSegment } from './file-journal/open.ts'
import { ownedJournal } from './file-journal/owned-journal.ts'
import { listRuns } from './file-journal/list.ts'
import { readRun } from './file-journal/read.ts'
import { salvageRun } from './file-journal/salvage.ts'
import { type FileJournalOptions, settingsOf } from './file-journal/settings.ts'
import type { JournalBackend } from './journal.ts'
import { runSource } from './file-journal/run-source.ts'

export type { FileJournalOptions } from './file-journal/settings.ts'

/**
 * A journal of files under `options.dir`, one directory per run. Durable across process death and power loss.
 *
 * @throws InvalidArgumentError
 */
export function fileJournal(options: FileJournalOptions): JournalBackend {
  const settings = settingsOf(options)
  return {
    name: 'file',
    durability: 'power',
    open: async (runId, openOptions = {}) => {
      const source = runSource(settings, runId)
      return ownedJournal(source, settings, await openSegment(source, settings, openOptions))
    },
    read: async (runId) => readRun(runSource(settings, runId)),
    list: () => listRuns(settings),
    salvage: async (runId) => salvageRun(runSource(settings, runId)),
  }
}
