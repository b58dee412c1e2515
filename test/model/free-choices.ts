/**
 * What the protocol may do otherwise: changes that break no law. They say which order matters and which is only an order.
 */
import { moved } from './ablation.ts'
import { FULL, PROTOCOL, type Bounds, type Protocol } from './protocol.ts'

/** Closing only says more to readers; without it the world is smaller by a third. */
export const CHOOSING: Bounds = { ...FULL, closes: false }

export interface FreeChoice {
  readonly name: string
  /** What may be done instead, as a sentence without a subject. */
  readonly change: string
  /** Why nothing breaks. */
  readonly why: string
  readonly protocol: Protocol
}

function choice(
  name: string,
  change: string,
  why: string,
  difference: Partial<Protocol>,
): FreeChoice {
  return { name, change, why, protocol: { ...PROTOCOL, ...difference } }
}

export const FREE_CHOICES: readonly FreeChoice[] = [
  choice(
    'check-before-sync-in-append',
    'Looks for a newer segment after the write and before, or during, the sync.',
    'A newer opener either published before the look, or reads after the write. Only the write must come first.',
    { append: ['write', 'check', 'sync', 'ack'] },
  ),
  choice(
    'check-before-sync-in-open',
    'Looks for a newer segment after its seal is written and before it is synced.',
    'The same.',
    moved('check-open', 'sync-seal'),
  ),
  choice(
    'check-next-number-only',
    'Looks for its own number + 1 only, not for any newer one.',
    'While this life lives nobody skips a number, and no entry vanishes.',
    { looksFor: 'next number' },
  ),
  choice(
    'directory-sync-after-reading',
    'Syncs the run directory after reading, in front of its seal.',
    'Only who resolves must have it. Who depends on a lower entry has synced the directory too, after that entry was in it.',
    moved('sync-dir', 'write-seal'),
  ),
  choice(
    'directory-sync-last',
    'Syncs the run directory last, in front of resolving.',
    'The same.',
    moved('sync-dir', 'resolve'),
  ),
  choice(
    'parents-last',
    'Syncs the directories above the run in front of resolving.',
    'Nothing is promised before.',
    {
      open: [
        'make-dir',
        ...PROTOCOL.open.slice(3, -1),
        'sync-parent',
        'sync-grandparent',
        'resolve',
      ],
    },
  ),
  choice(
    'parents-top-down',
    'Makes each missing directory and syncs its parent before it makes the next; syncs only from the deepest that exists on.',
    'Only the deepest one can have been made by somebody who died before the sync.',
    {
      parents: 'from the deepest',
      open: ['make-base', 'sync-grandparent', 'make-run', 'sync-parent', ...PROTOCOL.open.slice(3)],
    },
  ),
  choice(
    'oldest-first',
    'Reads the segments from the oldest to the newest; the last complete seal wins.',
    'Newest first is thrift: what lies below S need not be searched for seals.',
    { order: 'oldest first' },
  ),
  choice(
    'list-again',
    'Lists again where its number was taken, in place of giving up.',
    'It is then an opener that came a moment later.',
    { taken: 'lists again' },
  ),
]
