import { expect, test } from 'vitest'
import { failureText } from '../../harness/failure-text.ts'
import type { Failure } from '../../harness/failure-text.ts'

const failure: Failure = {
  scenario: 'loop',
  system: 'file-journal',
  invariant: 'S1',
  verdict: 'LOST_COMMIT',
  lives: [
    {
      life: 1,
      text: 'power loss after op 41',
      op: 'write 000001.log +118 bytes',
      site: 'src/journal.ts:88',
    },
    { life: 2, text: 'recovered 6 records; record 7 was acked at op 39 and is gone' },
  ],
  guilty: 'op 38 was never synced: write at src/journal.ts:88 has no sync before the ack at op 39',
  shrunk: { faults: [5, 1], steps: [12, 3], cases: 41 },
  versions: {
    killpoint: '0.4.0',
    node: '20.20.2',
    platform: 'linux x64',
    git: { head: '3fa91c2', isClean: true },
    profile: 'posix',
  },
  token: 'kp1:loop:file:8f3c21~0.3:posix:P41+',
}

test('a failure reads as the design says', () => {
  expect(failureText(failure)).toMatchInlineSnapshot(`
    "✗ loop × file-journal   LOST_COMMIT  S1 an acked record survives
      life 1  power loss after op 41   write 000001.log +118 bytes   src/journal.ts:88
      life 2  recovered 6 records; record 7 was acked at op 39 and is gone
      guilty  op 38 was never synced: write at src/journal.ts:88 has no sync before the ack at op 39
      shrunk  5 faults -> 1, 12 steps -> 3, in 41 cases; same failure each time
      killpoint 0.4.0  node 20.20.2  linux x64  git 3fa91c2 (clean)  profile posix
      replay  npx killpoint replay kp1:loop:file:8f3c21~0.3:posix:P41+"
  `)
})

test('a failure with everything', () => {
  expect(
    failureText({
      ...failure,
      lives: [{ life: 12, text: 'resolved' }],
      follows: [
        { invariant: 'S3', verdict: 'REDONE' },
        { invariant: 'S13', verdict: 'LOST_EFFECT' },
      ],
      notes: ['L37: S1 and S7 hold only outside of its harm'],
      reproduced: '3 of 10',
      versions: { killpoint: '0.4.0', node: '20.20.2', platform: 'linux x64', profile: 'ext4' },
      command: 'npm start --',
    }),
  ).toMatchInlineSnapshot(`
    "✗ loop × file-journal   LOST_COMMIT  S1 an acked record survives
      life 12  resolved
      guilty   op 38 was never synced: write at src/journal.ts:88 has no sync before the ack at op 39
      skipped  S3 REDONE, S13 LOST_EFFECT: they follow from it
      note     L37: S1 and S7 hold only outside of its harm
      shrunk   5 faults -> 1, 12 steps -> 3, in 41 cases; same failure each time
      seen     3 of 10
      killpoint 0.4.0  node 20.20.2  linux x64  profile ext4
      replay   npm start -- kp1:loop:file:8f3c21~0.3:posix:P41+"
  `)
})

test('the replay line is the last, and nothing comes after it', () => {
  expect(failureText(failure).split('\n').at(-1)).toBe(
    '  replay  npx killpoint replay kp1:loop:file:8f3c21~0.3:posix:P41+',
  )
})
