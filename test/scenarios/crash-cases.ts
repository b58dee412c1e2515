/**
 * Crash cases that durable agent loops met in practice, and where each of them is held: a *sometimes* or a fault class of a
 * scenario, a planted bug, or, for what no process that dies can show, the explorer and the tests of the file journal.
 */

/** Where a crash case is held. */
export type Place =
  | { readonly kind: 'sometimes' | 'class'; readonly scenario: string; readonly name: string }
  | { readonly kind: 'mutant'; readonly id: string }
  | { readonly kind: 'test'; readonly file: string; readonly what: string }

export interface CrashCase {
  readonly number: number
  readonly what: string
  readonly places: readonly [Place, ...Place[]]
}

const sometimes = (scenario: string, name: string): Place => ({ kind: 'sometimes', scenario, name })
const faults = (scenario: string, name: string): Place => ({ kind: 'class', scenario, name })
const mutant = (id: string): Place => ({ kind: 'mutant', id })
const test = (file: string, what: string): Place => ({ kind: 'test', file, what })

/** All eighteen. */
export const crashCases: readonly CrashCase[] = [
  {
    number: 1,
    what: 'killed after k bytes of the last record; then the next append; then killed again',
    places: [
      sometimes('loop', 'killed inside a write'),
      faults('loop', 'kill-in-recovery'),
      sometimes('tool-batch', 'killed inside a write of several records'),
      test('test/src/file-journal/crash.test.ts', 'every k'),
    ],
  },
  {
    number: 2,
    what: 'killed after the begin of the run and before anything else; restarted at a later clock',
    places: [sometimes('deadline', 'killed right after the run began, restarted later')],
  },
  {
    number: 3,
    what: 'a child that settles before its spawn is recorded; a spawn that is lost, its id used again',
    places: [faults('supervisor', 'kill-at-mark'), faults('supervisor', 'kill')],
  },
  {
    number: 4,
    what: 'a child finished, its parent has not asked yet; killed',
    places: [
      sometimes('supervisor', 'killed after children had ended out of order'),
      sometimes('supervisor', 'a settled child was kept over a restart'),
    ],
  },
  {
    number: 5,
    what: "two children with equal output; killed inside the second one's publication",
    places: [sometimes('large-payloads', 'killed inside the second of two equal publications')],
  },
  {
    number: 6,
    what: 'a sync fails once; the caller tries again',
    places: [
      mutant('B10-sync-retried'),
      test('test/src/file-journal/crash.test.ts', 'every op failing'),
    ],
  },
  {
    number: 7,
    what: 'a new journal file, appends acknowledged, power cut before its directory entry is durable',
    places: [
      mutant('B08-segment-not-published'),
      test('test/src/file-journal/crash.test.ts', 'power loss'),
    ],
  },
  {
    number: 8,
    what: 'the owner is stopped, a successor takes over, the owner goes on',
    places: [
      sometimes('zombie', 'a zombie was fenced'),
      faults('zombie', 'zombie'),
      faults('zombie', 'zombie-beside'),
    ],
  },
  {
    number: 9,
    what: 'twelve resumers at once after the owner died',
    places: [
      faults('concurrent-resume', 'resumers'),
      sometimes('concurrent-resume', 'a resumer was refused'),
    ],
  },
  {
    number: 10,
    what: 'restarts that each spend a part of the budget; a deadline of 10 s and a kill every 3 s',
    places: [
      faults('budget', 'kill-in-recovery'),
      sometimes('budget', 'the budget ran out'),
      faults('deadline', 'kill-every-three-seconds'),
    ],
  },
  {
    number: 11,
    what: 'a finished run started again; a run resumed with another task, profile or budget',
    places: [
      sometimes('finished-run', 'a finished run was started again'),
      sometimes('mismatched-resume', 'a resume with another task was refused'),
    ],
  },
  {
    number: 12,
    what: 'a child that always kills its process: the loop of lives ends',
    places: [
      sometimes('poison', 'a poisoned run was ended'),
      sometimes('poison-survived', 'a run survived a child that killed its process'),
    ],
  },
  {
    number: 13,
    what: 'killed during recovery, up to five times running',
    places: [
      faults('recovery', 'kill-five-times'),
      faults('recovery', 'random-kill-in-recovery'),
      sometimes('recovery', 'recovered the same records twice'),
    ],
  },
  {
    number: 14,
    what: 'the disk is full on append, space is freed, the run is opened again',
    places: [
      mutant('B10-write-error-swallowed'),
      test('test/src/file-journal/crash.test.ts', 'every op failing'),
    ],
  },
  {
    number: 15,
    what: 'a tool was called, its effect done, killed before the result, or after it; a batch half answered',
    places: [
      sometimes('tool-batch', 'killed with a tool batch half answered'),
      sometimes('tool-batch', 'reported an outcome as unknown'),
      faults('tool-batch', 'kill-at-mark'),
    ],
  },
  {
    number: 16,
    what: 'a cancel was acknowledged, killed before the terminal record, restarted',
    places: [sometimes('cancel', 'an acknowledged cancel survived a kill')],
  },
  {
    number: 17,
    what: 'a nested driver killed before its subtree began, or after its child settled and before it settled itself',
    places: [
      sometimes('supervisor', 'killed inside a nested child'),
      faults('supervisor', 'kill-at-mark'),
    ],
  },
  {
    number: 18,
    what: 'negative controls: the store is in memory; the journal is deleted before the restart',
    places: [mutant('N01-in-memory'), mutant('N01-deleted')],
  },
]
