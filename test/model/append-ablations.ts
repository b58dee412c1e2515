/** What each step of `append`, `close` and reading without owning is there for, and what is not damage. */
import { ablation, WITH_READER, type Chapter } from './ablation.ts'

export const APPENDING: Chapter = {
  title: 'Append',
  ablations: [
    ablation(
      'no-sync-in-append',
      'J1',
      'Does not sync.',
      'A power loss takes what only the page cache has.',
      { append: ['write', 'check', 'ack'] },
    ),
    ablation('ack-before-sync', 'J1', 'Acknowledges, then syncs.', 'The same.', {
      append: ['write', 'check', 'ack', 'sync'],
    }),
    ablation(
      'no-check-in-append',
      'J1',
      'Acknowledges without a look for a newer segment.',
      'A zombie acknowledges what its successor did not read.',
      { append: ['write', 'sync', 'ack'] },
    ),
    ablation('check-after-ack', 'J1', 'Acknowledges, then looks.', 'The same.', {
      append: ['write', 'sync', 'ack', 'check'],
    }),
    ablation(
      'check-before-write',
      'J1',
      'Looks, then writes.',
      'The successor may publish and read between the two.',
      { append: ['check', 'write', 'sync', 'ack'] },
    ),
    ablation(
      'two-batches-in-flight',
      'J7',
      'Writes a second batch before the first is durable.',
      'A power loss keeps the later one and loses the earlier one. And a seal copies one batch, not two.',
      { inFlight: 2 },
    ),
    ablation(
      'failed-sync-retried',
      'J1',
      'Syncs again after a failed sync.',
      'The pages are marked clean; the second sync has nothing to write and succeeds.',
      { failedSync: 'retried' },
    ),
    ablation(
      'failed-sync-forgotten',
      'J7',
      'Rejects the append whose sync failed, and goes on with the next one.',
      'The next one is durable behind a hole.',
      { failedSync: 'forgotten' },
    ),
    ablation(
      'failed-write-forgotten',
      'J7',
      'Rejects the append whose write failed, and goes on behind what was written of it.',
      'A whole batch behind a torn one looks like damage, and is unreachable.',
      { failedWrite: 'forgotten' },
    ),
    ablation(
      'fence-forgotten',
      'reader',
      'Goes on after a fence.',
      'A second batch that nobody acknowledged makes the first one look decided.',
      { fence: 'forgotten' },
    ),
  ],
}

export const CLOSING: Chapter = {
  title: 'Close',
  ablations: [
    ablation(
      'end-marker-of-the-poisoned',
      'J7',
      'Leaves an end marker after a failed sync, too.',
      'The marker says that everything in front of it is durable and acknowledged: readers take it for decided, and anything bad in front of it for damage.',
      { endMarker: 'of the poisoned too' },
    ),
  ],
}

export const LOOKING: Chapter = {
  title: 'Reading without owning',
  ablations: [
    ablation(
      'nothing-undecided',
      'reader',
      'Calls everything decided that it sees.',
      'It sees the page cache. What is not synced may vanish.',
      { undecided: 'nothing' },
    ),
    ablation(
      'own-batch-undecided',
      'reader',
      "Calls only S's own last batch undecided, and what S's seal promises decided.",
      'The seal may be as little synced as the batch that it copies. Only a batch behind it proves that it was.',
      { undecided: 'last of S' },
    ),
    ablation(
      'no-second-look',
      'J7',
      'Takes a good batch behind a bad one for damage at once.',
      'The owner went on while it was read: the bad one is whole by now.',
      { looksAgain: false },
      WITH_READER,
    ),
  ],
}

export const ALARMS: Chapter = {
  title: 'False alarms: what a crash leaves is not damage',
  ablations: [
    ablation(
      'torn-header-is-damage',
      'J7',
      'Takes a torn header above S for damage.',
      'A power loss before the sync of the seal leaves it.',
      { falseAlarms: ['torn header above S'] },
    ),
    ablation(
      'torn-seal-is-damage',
      'J7',
      'Takes a torn seal above S for damage.',
      'A crash in the middle of step 5 leaves it, and a live opener shows it.',
      { falseAlarms: ['torn seal above S'] },
    ),
    ablation(
      'gap-is-damage',
      'J7',
      'Takes a missing number for damage.',
      'A power loss may keep a later entry and lose an earlier one. No life with such an entry acknowledged anything.',
      { falseAlarms: ['gap above S'] },
    ),
    ablation(
      'torn-header-below-is-damage',
      'J7',
      'Takes a torn header below S for damage, where S promises no batch of that segment.',
      'A seal promises batches. Nothing of a life that has none need be durable, then or ever.',
      { falseAlarms: ['torn header below S'] },
    ),
  ],
}
