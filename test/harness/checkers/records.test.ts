/** S1, S2, S7 and S8: what opens found, against what was appended. */
import { describe, expect, test } from 'vitest'
import type { Invariant } from '../../../harness/verdict.ts'
import type { Story } from '../history-builder.ts'
import { abc, findings } from './judge.ts'
import type { Options } from './judge.ts'

type Row = readonly [string, (story: Story) => void, string?, Options?]

function rows(invariant: Invariant, table: readonly Row[]): void {
  for (const [title, tell, what, options] of table)
    test(title, () => {
      const expected = what === undefined ? [] : [what]
      expect(findings(invariant, abc, tell, options)).toEqual(expected)
    })
}

/** A first life that acknowledged `r1` and `r2`, handed `r3` over, and was killed. */
function first(story: Story, fault = 'K9'): void {
  story.start().open(1).commit('r1').commit('r2').append('r3').killed(fault)
}

describe('S1: an acked record survives', () => {
  rows('S1', [
    [
      'holds where all is there',
      (story) => {
        first(story)
        story.start().open(2, 'r1', 'r2', 'r3')
      },
    ],
    [
      'holds where what was not acked is gone',
      (story) => {
        first(story)
        story.start().open(2, 'r1', 'r2')
      },
    ],
    [
      'holds where equal records are all there',
      (story) => {
        story.start().open(1).commit('r').commit('r').killed()
        story.start().open(2, 'r', 'r')
      },
    ],
    [
      'is broken where the last acked record is gone',
      (story) => {
        first(story)
        story.start().open(2, 'r1')
      },
      'LOST_COMMIT record 2 was acked in life 1 and is gone',
    ],
    [
      'is broken where one of two equal records is gone',
      (story) => {
        story.start().open(1).commit('r').commit('r').killed()
        story.start().open(2, 'r')
      },
      'LOST_COMMIT record 2 was acked in life 1 and is gone',
    ],
    [
      'is broken where an acked record is gone below others',
      (story) => {
        first(story)
        story.start().open(2, 'r2', 'r3')
      },
      'LOST_COMMIT record 1 was acked in life 1 and is gone',
    ],
    [
      'is broken where it is gone two lives later, and is said once',
      (story) => {
        first(story)
        story.start().open(2, 'r1', 'r2').killed()
        story.start().open(3, 'r1').killed()
        story.start().open(4, 'r1')
      },
      'LOST_COMMIT record 2 was acked in life 1 and is gone',
    ],
    [
      'leaves acks that came while the opener ran to S5',
      (story) => {
        const old = story.start().open(1).append('r1')
        const heir = story.start().open(2)
        old.ack('r1')
        heir.exit(1)
      },
    ],
    [
      'without epochs, asks overlapping lives only for what was acked before they started',
      (story) => {
        const one = story.start().open(1).commit('r1')
        const two = story.start()
        one.commit('r2')
        two.open(2, 'r1', 'r2').commit('r3')
        story.start().open(3, 'r1', 'r2')
      },
      'LOST_COMMIT record 1 was acked in life 2 and is gone',
      { without: ['fencing'] },
    ],
    [
      'excuses what a lying sync and a power loss took',
      (story) => {
        story.start().open(1).commit('r1').fault('L5').commit('r2').killed('P9')
        story.start().open(2, 'r1')
      },
    ],
    [
      'excuses what was acked before the lie too: it may have been moved since',
      (story) => {
        story.start().open(1).commit('r1').fault('L5').commit('r2').killed('P9')
        story.start().open(2)
      },
    ],
    [
      'excuses nothing that was acked after the loss',
      (story) => {
        story.start().open(1).commit('r1').fault('L5').commit('r2').killed('P9')
        story.start().open(2, 'r1').commit('r3').killed()
        story.start().open(3, 'r1')
      },
      'LOST_COMMIT record 2 was acked in life 2 and is gone',
    ],
    [
      'does not excuse a lie that only a kill followed',
      (story) => {
        story.start().open(1).commit('r1').fault('L5').commit('r2').killed('K9')
        story.start().open(2, 'r1')
      },
      'LOST_COMMIT record 2 was acked in life 1 and is gone',
    ],
    [
      'excuses nothing in an audit',
      (story) => {
        story.start().open(1).commit('r1').fault('L5').commit('r2').killed('P9')
        story.start().open(2, 'r1')
      },
      'LOST_COMMIT record 2 was acked in life 1 and is gone',
      { isAudit: true },
    ],
    [
      'excuses the last batch before rot',
      (story) => {
        story.start().open(1).commit('r1').commit('r2').killed()
        story.start().fault('R1=byte.5.1', 0).open(2, 'r1')
      },
    ],
  ])

  test('a run that begins anew has lost every record', () => {
    const found = findings('S1', abc, (story) => {
      first(story)
      story.start().open(2, 'r1', 'r2').killed()
      story.start().open(1)
    })
    expect(found).toHaveLength(2)
  })
})

describe('S2: what survives is a prefix', () => {
  rows('S2', [
    [
      'holds for each prefix of what was not acked',
      (story) => {
        story.start().open(1).append('a').append('b', 'c').killed()
        story.start().open(2, 'a').append('d').killed()
        story.start().open(3, 'a', 'd')
      },
    ],
    [
      'is broken by a record that nobody appended',
      (story) => {
        first(story)
        story.start().open(2, 'r1', 'r2', 'x')
      },
      'PHANTOM record 3 was never appended',
    ],
    [
      'is broken by a record that is there twice',
      (story) => {
        first(story)
        story.start().open(2, 'r1', 'r2', 'r2')
      },
      'PHANTOM record 3 is there twice',
    ],
    [
      'is broken by another order',
      (story) => {
        first(story)
        story.start().open(2, 'r2', 'r1')
      },
      'PHANTOM record 2 is behind records that were appended after it',
    ],
    [
      'is broken by half of an append',
      (story) => {
        story.start().open(1).append('a', 'b').killed()
        story.start().open(2, 'a')
      },
      'PHANTOM record 2 is missing, and other records of its batch are there',
    ],
    [
      'is broken by a hole',
      (story) => {
        story.start().open(1).append('a').append('b').killed()
        story.start().open(2, 'b')
      },
      'PHANTOM record 1 is missing, and records that were appended after it are there',
    ],
    [
      'allows a hole where the append was refused',
      (story) => {
        story.start().open(1).append('a').refused('BUSY', 'append').commit('b').killed()
        story.start().open(2, 'b')
      },
    ],
    [
      'without epochs, finds strangers between overlapping lives',
      (story) => {
        const one = story.start().open(1)
        const two = story.start().open(2)
        one.commit('a')
        two.commit('b')
        story.start().open(3, 'b', 'a', 'x')
      },
      'PHANTOM record 3 was never appended',
      { without: ['fencing'] },
    ],
  ])
})

describe('S7: no false ack after a storage error', () => {
  rows('S7', [
    [
      'holds where the append after it was refused',
      (story) => {
        story
          .start()
          .open(1)
          .commit('r1')
          .append('r2')
          .fault('E9=EIO')
          .refused('STORAGE', 'append')
          .exit(74)
        story.start().open(2, 'r1')
      },
    ],
    [
      'is broken where a record that was acked after it is gone',
      (story) => {
        story.start().open(1).commit('r1').fault('E9=EIO.drop').commit('r2').exit(0)
        story.start().open(2, 'r1')
      },
      'FALSE_ACK record 2 was acked in life 1 after a storage error, and is gone',
    ],
    [
      'is broken where a full disk was swallowed',
      (story) => {
        story.start().open(1).fault('Q100').commit('r1').exit(0)
        story.start().open(2)
      },
      'FALSE_ACK record 1 was acked in life 1 after a storage error, and is gone',
    ],
    [
      'leaves what was acked before the error to S1',
      (story) => {
        story.start().open(1).commit('r1').fault('E9=EIO').exit(74)
        story.start().open(2)
      },
    ],
    [
      'leaves a short write and an interrupted call to S1',
      (story) => {
        story.start().open(1).fault('W9/3').fault('E9=EINTR').commit('r1').killed()
        story.start().open(2)
      },
    ],
    [
      'is broken at the level of steps',
      (story) => {
        story.start().own(1).fault('E9=EIO').step('a').killed()
        story.start().own(2).effect('a')
      },
      'FALSE_ACK step a was shown to be committed after a storage error, and runs again in life 2',
    ],
    [
      'leaves a step that was committed before the error to S3',
      (story) => {
        story.start().own(1).step('a').fault('E9=EIO').exit(74)
        story.start().own(2).effect('a')
      },
    ],
  ])
})

describe('S8: recovery decides once', () => {
  rows('S8', [
    [
      'holds where every open finds the same',
      (story) => {
        story.start().open(1).append('a').killed()
        story.start().open(2, 'a').killed()
        story.start().open(3, 'a')
      },
    ],
    [
      'is broken where an undecided record was there and is gone',
      (story) => {
        story.start().open(1).append('a').killed()
        story.start().open(2, 'a').killed()
        story.start().open(3)
      },
      'DIVERGED record 1 was found by life 2 and is gone in life 3',
    ],
    [
      'is broken where it was not there and is back',
      (story) => {
        story.start().open(1).append('a').killed()
        story.start().open(2).killed()
        story.start().open(3, 'a')
      },
      'DIVERGED record 1 was not there in life 2 and is back in life 3',
    ],
    [
      'allows an open that did not resolve to decide nothing',
      (story) => {
        story.start().open(1).append('a').killed()
        story.start().mark({ mark: 'begin' }).killed('K5')
        story.start().open(3)
      },
    ],
  ])
})
