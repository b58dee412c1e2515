/** S5, L2 and S6: who owned the run, and what was read after damage. */
import { describe, expect, test } from 'vitest'
import type { Invariant } from '../../../harness/verdict.ts'
import type { Task } from '../../../harness/workload.ts'
import type { Story } from '../history-builder.ts'
import { abc, findings, sequence, step } from './judge.ts'
import type { Options } from './judge.ts'

type Row = readonly [string, (story: Story) => void, (readonly string[])?, Task?, Options?]

function rows(invariant: Invariant, table: readonly Row[]): void {
  for (const [title, tell, expected = [], root = abc, options = {}] of table)
    test(title, () => {
      expect(findings(invariant, root, tell, options)).toEqual(expected)
    })
}

const once = sequence(step('a', 'once'), step('b', 'once'))
const isOnce = { effect: 'once' } as const

describe('S5: an owner that was replaced changes nothing', () => {
  rows('S5', [
    [
      'holds where an old promise resolves late and is in the newer image',
      (story) => {
        const old = story.start().open(1).append('r')
        const heir = story.start().open(2, 'r')
        old.ack('r').exit(1)
        heir.commit('s')
      },
    ],
    [
      'is broken where it is not in the newer image',
      (story) => {
        const old = story.start().open(1).append('r')
        const heir = story.start().open(2)
        old.ack('r').exit(1)
        heir.exit(1)
      },
      ['ZOMBIE_WRITE record 1 was acked to life 1 (epoch 1) and is not in the image of epoch 2'],
    ],
    [
      'is broken by an append after the newer open',
      (story) => {
        const old = story.start().open(1)
        story.start().open(2).commit('s').exit(0)
        old.commit('r').exit(0)
      },
      ['ZOMBIE_WRITE record 1 was acked to life 1 (epoch 1) and is not in the image of epoch 2'],
    ],
    [
      'is broken where an old append that was refused becomes visible',
      (story) => {
        const old = story.start().open(1)
        story.start().open(2).commit('s').exit(0)
        old.append('r').refused('FENCED', 'append').exit(1)
        story.start().open(3, 's', 'r')
      },
      [
        'ZOMBIE_WRITE record 2 was appended by life 1 (epoch 1) after epoch 2 had resolved, and is visible',
      ],
    ],
    [
      'is broken where two lives at once own one epoch',
      (story) => {
        const one = story.start().own(1)
        story.start().own(1).exit(0)
        one.exit(0)
      },
      ['ZOMBIE_WRITE lives 1 and 2 both own epoch 1'],
    ],
    [
      'does not mind one epoch twice, one life after the other',
      (story) => {
        story.start().own(1).killed()
        story.start().own(1)
      },
    ],
    [
      'allows one effect of an owner that was stopped right before it',
      (story) => {
        const old = story.start().own(1).fault('Z5=done').stopped()
        story.start().own(2).step('a').step('b').exit(0)
        old.continued().effect('a').refused('FENCED', 'append').exit(1)
      },
    ],
    [
      'is broken where the replaced owner observes its result',
      (story) => {
        const old = story.start().own(1).stopped()
        story.start().own(2).exit(0)
        old.continued().effect('a', { nonce: 'z' }).observed('a', 'z')
      },
      [
        'ZOMBIE_WRITE life 1 (epoch 1) began step a after epoch 2 had resolved, and observed its result',
      ],
    ],
    [
      'is broken where it begins what comes after',
      (story) => {
        const old = story.start().own(1).stopped()
        story.start().own(2).exit(0)
        old.continued().effect('a').effect('b')
      },
      ['ZOMBIE_WRITE life 1 (epoch 1) began step a after epoch 2 had resolved, and began b'],
    ],
    [
      "says nothing where the newer image held all that the old owner had appended: its own effect is S3's",
      (story) => {
        const old = story.start().own(1).commit('intent').stopped()
        const heir = story.start().open(2, 'intent').effect('a', isOnce)
        old.continued().effect('a', isOnce).exit(1)
        heir.exit(1)
      },
    ],
    [
      'is broken where a once effect of both began under an intent that the newer image lacks',
      (story) => {
        const old = story.start().own(1).stopped()
        const heir = story.start().own(2).effect('a', isOnce)
        old.continued().effect('a', isOnce).exit(1)
        heir.exit(1)
      },
      [
        'ZOMBIE_WRITE the effect of step a, which must run once, began under life 1 (epoch 1) after epoch 2 had resolved, and ran under life 2 (epoch 2) too',
      ],
      once,
    ],
    [
      'allows the once effect of a stopped owner whose successor reports it unknown',
      (story) => {
        const old = story.start().own(1).stopped()
        const heir = story.start().own(2).observed('a', '', 'unknown').effect('b', isOnce)
        old.continued().effect('a', isOnce).exit(1)
        heir.exit(1)
      },
      [],
      once,
    ],
    [
      'is broken where a new owner runs what the old one had committed unseen',
      (story) => {
        const old = story.start().own(1).effect('a')
        const heir = story.start().own(2)
        old.observed('a', 'n1').exit(1)
        heir.effect('a').exit(1)
      },
      [
        'ZOMBIE_WRITE life 1 (epoch 1) had committed step a, and life 2 (epoch 2), which resolved before that was seen, runs it',
      ],
    ],
  ])
})

describe('S6: damage is repaired or refused', () => {
  const crashed = (story: Story): void => {
    story.start().open(1).commit('r1').step('a').commit('r2').step('b').commit('r3').killed()
  }
  rows('S6', [
    [
      'allows to lose the last batch to rot',
      (story) => {
        crashed(story)
        story.start().fault('R1=cut.9', 0).open(2, 'r1', 'r2')
      },
    ],
    [
      'is broken by a shorter run that looks fine',
      (story) => {
        crashed(story)
        story.start().fault('R1=cut.9', 0).open(2, 'r1')
      },
      ['CORRUPT_ACCEPTED the media was damaged, and life 2 resolved with record 2 gone'],
    ],
    [
      'is broken by damaged bytes that pass for a record',
      (story) => {
        crashed(story)
        story.start().fault('R1=byte.9.1', 0).open(2, 'r1', 'r2', 'x')
      },
      [
        'CORRUPT_ACCEPTED the media was damaged, and life 2 resolved with record 3 that nobody appended',
      ],
    ],
    [
      'is broken by a torn write that passes for a record',
      (story) => {
        story.start().open(1).commit('r1').append('r2').killed('K9/12')
        story.start().open(2, 'r1', 'r')
      },
      ['CORRUPT_ACCEPTED a write was torn, and life 2 resolved with record 2 that nobody appended'],
    ],
    [
      'leaves a stranger without a tear to S2',
      (story) => {
        story.start().open(1).commit('r1').killed('K9')
        story.start().open(2, 'r1', 'r')
      },
    ],
    [
      'is broken where a journal that cannot be read is taken for a new one',
      (story) => {
        crashed(story)
        story.start().fault('F3=EACCES').open(2)
      },
      [
        'CORRUPT_ACCEPTED the journal could not be read, and life 2 resolved with record 1 gone',
        'CORRUPT_ACCEPTED the journal could not be read, and life 2 resolved with record 2 gone',
        'CORRUPT_ACCEPTED the journal could not be read, and life 2 resolved with record 3 gone',
      ],
    ],
    [
      'is broken at the level of steps',
      (story) => {
        story.start().own(1).step('a').step('b').step('c').killed()
        story.start().fault('R1=byte.9.1', 0).own(2).effect('a')
      },
      [
        'CORRUPT_ACCEPTED the media was damaged, and step a, which was committed, runs again in life 2',
      ],
    ],
    [
      'allows the last steps to run again after rot',
      (story) => {
        story.start().own(1).step('a').step('b').killed()
        story.start().fault('R1=byte.9.1', 0).own(2).observed('a', 'n1').effect('b')
      },
    ],
  ])
})

describe('L2: an orphan is taken over, a live owner is not robbed', () => {
  const refusedTwice = (story: Story, ms: number): void => {
    story.start().own(1).killed('K3', 50)
    story.start({ realMs: 60 }).refused('RUN_OWNED').exit(75, 70)
    story.start({ realMs: ms }).refused('RUN_OWNED').exit(75, 900)
  }
  rows('L2', [
    [
      'is broken where nobody gets the run in all the time that a takeover may last',
      (story) => {
        refusedTwice(story, 160)
      },
      ['WEDGED nobody could take the run over in 2 lives after its owner had died'],
    ],
    [
      'says nothing where the last one was started before that time had passed, however late it ends',
      (story) => {
        refusedTwice(story, 140)
      },
    ],
    [
      'is broken where an owner is alive after it was replaced',
      (story) => {
        const one = story.start().own(1)
        const two = story.start().own(2)
        one.effect('a').exit(1)
        two.exit(1)
      },
      ['ZOMBIE_WRITE life 2 took the run from life 1, which was alive'],
    ],
    [
      'allows that under takeover always',
      (story) => {
        const one = story.start().own(1)
        const two = story.start({ takeover: 'always' }).own(2)
        one.effect('a').exit(1)
        two.exit(1)
      },
    ],
    [
      'allows to replace an owner that was stopped, hit by a fault, or refused an append',
      (story) => {
        const one = story.start().own(1).fault('Z3=done').stopped()
        story.start().own(2).exit(0)
        one.continued().effect('a').exit(1)
        const three = story.start().own(3).fault('E3=EIO')
        story.start().own(4).exit(0)
        three.effect('a').exit(1)
        const five = story.start().own(5).refused('STORAGE', 'append')
        story.start().own(6).exit(0)
        five.effect('a').exit(1)
      },
    ],
    [
      'is broken where a rival gets the run of an owner that is held, and goes on to be refused',
      (story) => {
        const one = story.start().own(1).fault('A5').stopped()
        story.start().own(2).exit(0)
        one.continued().refused('FENCED', 'append').exit(75)
      },
      ['ZOMBIE_WRITE life 2 took the run from life 1, which was alive'],
    ],
    [
      'allows that where the owner had given the run up, or something else happened to it too',
      (story) => {
        const one = story.start().own(1).fault('A5').stopped()
        story.start().own(2).exit(0)
        one.continued().exit(0)
        const three = story.start().own(3).fault('E3=EIO').fault('A5').stopped()
        story.start().own(4).exit(0)
        three.continued().refused('FENCED', 'append').exit(75)
      },
    ],
    [
      'does not judge it where the system looks at real processes, which time may tell it to be dead',
      (story) => {
        const one = story.start().own(1).fault('A5').stopped()
        story.start().own(2).exit(0)
        one.continued().refused('FENCED', 'append').exit(75)
      },
      [],
      abc,
      { without: ['identity'] },
    ],
    [
      'does not count a rival that was refused among those that could not take an orphan over',
      (story) => {
        const one = story.start().own(1).fault('A5').stopped()
        story.start({ realMs: 10 }).refused('RUN_OWNED').exit(75, 20)
        one.continued().exit(1, 50)
        story.start({ realMs: 80 }).refused('RUN_OWNED').exit(75, 900)
      },
    ],
    [
      'allows either of two that open at once to win',
      (story) => {
        const one = story.start()
        const two = story.start()
        one.own(1)
        two.own(2)
        one.effect('a').exit(1)
        two.exit(1)
      },
    ],
    [
      'does not take a late exit line for life',
      (story) => {
        const one = story.start().own(1).effect('a')
        story.start().own(2).exit(0)
        one.exit(0)
      },
    ],
    [
      'does not take a command that outlives its life for life',
      (story) => {
        const one = story.start().own(1).killed()
        const two = story.start().own(2)
        one.effect('x')
        two.exit(0)
      },
      [],
      { kind: 'command', id: 'x', effect: 'keyed' },
    ],
  ])
})
