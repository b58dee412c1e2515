/** What each step of `open` is there for. */
import { ablation, following, IF_DEAD, moved, without, type Chapter } from './ablation.ts'
import { PROTOCOL, type OpenStep } from './protocol.ts'

export const MAKING: Chapter = {
  title: 'Open 1: make the directories',
  ablations: [
    ablation(
      'no-parent-sync',
      'J1',
      'Does not sync the directory that holds the run directory.',
      'The run directory has an entry too, and until its parent is synced a power loss takes it with everything in it.',
      without('sync-parent'),
    ),
    ablation(
      'no-grandparent-sync',
      'J1',
      'Syncs the parent only, and not what is above it.',
      'The same holds for each directory on the way down from the one that the caller vouches for.',
      without('sync-grandparent'),
    ),
    ablation(
      'only-maker-syncs-parents',
      'J1',
      'Syncs the parents only where it made the run directory itself.',
      'Its maker may have died, or be paused, before it synced.',
      { parents: 'missing' },
    ),
    ablation(
      'deepest-only-after-making-all',
      'J1',
      'Makes all directories and then syncs; where the run directory exists, syncs only its parent.',
      'That the deepest directory exists says something of those above it only if each was synced before the next was made.',
      {
        parents: 'from the deepest',
        open: ['make-dir', 'sync-grandparent', 'sync-parent', ...PROTOCOL.open.slice(3)],
      },
    ),
  ],
}

export const PUBLISHING: Chapter = {
  title: 'Open 2: take a number, publish the header',
  ablations: [
    ablation(
      'first-gap',
      'J11',
      'Takes the first free number, not the highest + 1.',
      'A power loss may lose a lower entry and keep a higher one. Whoever fills the gap meets a "newer" segment for ever: nobody can open the run again.',
      { number: 'first gap' },
    ),
    ablation(
      'publish-by-rename',
      'J1',
      'Publishes by rename, which replaces what has the name.',
      'Two openers that listed at the same time would both have the number, one of them in a file without a name. `link` fails for the second.',
      { publish: 'rename' },
    ),
    ablation(
      'header-after-name',
      'J11',
      'Creates the segment under its final name and writes the header afterwards.',
      'Between the two there is a header that is not whole. It is what a power loss leaves of a dead owner, so under `if-dead` a live one would be robbed. (Under `always` nothing breaks.)',
      { ...following('publish', 'write-header'), publish: 'create, then write' },
      IF_DEAD,
    ),
    ablation(
      'no-look-at-the-owner',
      'J11',
      'Does not look whether the newest owner lives.',
      'Under `if-dead` that is the question.',
      without('examine'),
      IF_DEAD,
    ),
    ablation(
      'look-before-list',
      'J11',
      'Looks at the newest owner first and lists afterwards.',
      'The owner that was looked at must be the one below the number that is taken: then the exclusive link closes the gap between looking and publishing.',
      moved('examine', 'list'),
      IF_DEAD,
    ),
  ],
}

export const SYNCING: Chapter = {
  title: 'Open 3: sync the directory',
  ablations: [
    ablation(
      'no-directory-sync',
      'J1',
      'Does not sync the run directory.',
      'Synced data in a file whose name is lost is lost.',
      without('sync-dir'),
    ),
    ablation(
      'directory-sync-before-publish',
      'J1',
      'Syncs the run directory before its own entry is in it.',
      'The same.',
      moved('sync-dir', 'publish'),
    ),
    ablation(
      'directory-sync-after-resolve',
      'J11',
      'Resolves first and syncs the run directory afterwards.',
      'A power loss gives the number to somebody else: two lives have resolved in one epoch.',
      {
        open: PROTOCOL.open.flatMap((step): OpenStep[] =>
          step === 'sync-dir' ? [] : step === 'resolve' ? [step, 'sync-dir'] : [step],
        ),
      },
    ),
  ],
}

export const READING: Chapter = {
  title: 'Open 4: read',
  ablations: [
    ablation(
      'read-before-publish',
      'J1',
      'Reads first and publishes afterwards.',
      'The predecessor sees no newer segment until there is one, and acknowledges what was not read. Published first, whatever is not read will be fenced.',
      {
        open: [
          ...PROTOCOL.open.slice(0, 5),
          'read',
          'read-promised',
          'publish',
          'sync-dir',
          'write-seal',
          'sync-seal',
          'check-open',
          'resolve',
        ],
      },
    ),
    ablation(
      'derive-again',
      'J5',
      'Takes what lies in the segments, whatever a seal said of them.',
      'A fenced zombie writes before it looks. Its batch is whole, on disk, and was decided against.',
      { authority: 'segments' },
    ),
    ablation(
      'copies-not-read',
      'J7',
      'Looks for a promised batch in its own segment only.',
      'The copy in the seal may be all that a power loss left of it.',
      { copiesRead: false },
    ),
    ablation(
      'seal-read-again',
      'J7',
      "Reads S's seal once to find S, and once more for the copy in it.",
      'If the sync of that seal failed its page may be forgotten between the two. What was read and checked is to be kept.',
      { copyOfSFrom: 'file' },
    ),
    ablation(
      'torn-batch-accepted',
      'J3',
      'Takes the part of a batch that is there.',
      'One checksum covers the whole batch, so that it is whole or absent.',
      { tornBatch: 'accepted' },
    ),
  ],
}

export const SEALING: Chapter = {
  title: 'Open 5: seal',
  ablations: [
    ablation(
      'no-seal-sync',
      'J7',
      'Does not sync its seal.',
      'A batch behind the seal may survive the seal. Even without one, a decision that a power loss takes back is none.',
      without('sync-seal'),
    ),
    ablation(
      'seal-sync-after-resolve',
      'J4',
      'Resolves first and syncs the seal afterwards.',
      'What the open recovered may be gone after a power loss.',
      {
        open: [...PROTOCOL.open.slice(0, 10), 'check-open', 'resolve', 'sync-seal'],
      },
    ),
    ablation(
      'seal-without-lengths',
      'J5',
      'Names the earlier segments in the seal and not how much of them counts.',
      'The batch that a zombie adds later would count.',
      { sealLengths: false },
    ),
    ablation(
      'seal-without-copy',
      'J7',
      'Promises the last batch without a copy of it.',
      'The life that wrote it may have died before its sync, or its sync failed: the batch is in the page cache only.',
      { sealCopy: 'none' },
    ),
    ablation(
      'sync-instead-of-copy',
      'J7',
      "Syncs the predecessor's file in place of the copy.",
      'After a failed sync the page is marked clean: another sync succeeds and writes nothing.',
      { ...following('read-promised', 'sync-predecessor'), sealCopy: 'none' },
    ),
    ablation(
      'copy-not-carried-on',
      'J7',
      "Makes no copy where S's seal has one already.",
      "S's seal may itself be in the page cache only.",
      { sealCopy: 'last, if not copied yet' },
    ),
    ablation(
      'copy-read-again',
      'J7',
      'Reads the last batch, and reads it again for the copy.',
      'A page that was marked clean may be forgotten between the two.',
      { copyFrom: 'file' },
    ),
  ],
}

export const CHECKING: Chapter = {
  title: 'Open 6: look for a newer segment, resolve',
  ablations: [
    ablation(
      'no-check-in-open',
      'J5',
      'Resolves without a look.',
      'A stale opener read before a zombie wrote; a newer opener read after it and decided otherwise.',
      without('check-open'),
    ),
    ablation(
      'check-before-seal',
      'J5',
      'Looks first and writes its seal afterwards.',
      'A newer opener that sees no seal decides by itself.',
      moved('check-open', 'write-seal'),
    ),
  ],
}
