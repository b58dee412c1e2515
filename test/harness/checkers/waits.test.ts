/** S9, S10, L1 and L3: signals, timers, the tree, and ends. */
import { describe, expect, test } from 'vitest'
import type { MarkBody } from '../../../harness/mark.ts'
import type { Invariant } from '../../../harness/verdict.ts'
import type { Task } from '../../../harness/workload.ts'
import type { Story, Teller } from '../history-builder.ts'
import { abc, findings, parallel, sequence, step } from './judge.ts'
import type { Options } from './judge.ts'

type Row = readonly [string, (story: Story) => void, (readonly string[])?, Task?, Options?]

function rows(invariant: Invariant, root: Task, table: readonly Row[]): void {
  for (const [title, tell, expected = [], other = root, options = {}] of table)
    test(title, () => {
      expect(findings(invariant, other, tell, options)).toEqual(expected)
    })
}

const waits = parallel(
  { kind: 'signal', id: 'v', name: 'go' },
  { kind: 'signal', id: 'w', name: 'go' },
  { kind: 'timer', id: 't', afterMs: 50 },
)
const consumed = (id: string, message: string): MarkBody => ({
  mark: 'consumed',
  step: id,
  name: 'go',
  message,
})
const timer = (phase: 'armed' | 'fired', due: number, at: number): MarkBody => ({
  mark: 'timer',
  step: 't',
  phase,
  due,
  at,
})

describe('S9: signals and timers are consumed once', () => {
  rows('S9', waits, [
    [
      'holds where a result is handed out again in a later life',
      (story) => {
        story
          .start()
          .own(1)
          .mark(consumed('v', 'm1'))
          .mark(timer('fired', 1050, 1050))
          .killed()
        story
          .start()
          .own(2)
          .mark(consumed('v', 'm1'))
          .mark(timer('fired', 1050, 1020))
      },
    ],
    [
      'is broken where two waits consume one signal',
      (story) => {
        story.start().own(1).mark(consumed('v', 'm1')).killed()
        story.start().own(2).mark(consumed('w', 'm1'))
      },
      ['REDONE signal go (m1) was consumed by v and by w'],
    ],
    [
      'is broken where one wait consumes two signals',
      (story) => {
        story.start().own(1).mark(consumed('v', 'm1')).killed()
        story.start().own(2).mark(consumed('v', 'm2'))
      },
      ['REDONE wait v consumed m1 and then m2'],
    ],
    [
      'is broken where a wait consumes twice in one life',
      (story) => {
        story.start().own(1).mark(consumed('v', 'm1')).mark(consumed('v', 'm1'))
      },
      ['REDONE wait v consumed m1 twice in one life'],
    ],
    [
      'is broken where a due time slides',
      (story) => {
        story
          .start()
          .own(1)
          .mark(timer('armed', 1050, 1000))
          .killed()
        story
          .start({ clockMs: 2000 })
          .own(2)
          .mark(timer('fired', 2050, 2050))
      },
      ['REDONE timer t was due at 1050, and later at 2050'],
    ],
    [
      'is broken where a timer fires early',
      (story) => {
        story
          .start()
          .own(1)
          .mark(timer('fired', 1050, 1049))
      },
      ['REDONE timer t fired at 1049, and is due at 1050'],
    ],
    [
      'is broken where a due time is too soon',
      (story) => {
        story
          .start()
          .own(1)
          .mark(timer('armed', 1049, 1000))
      },
      ['REDONE timer t is due at 1049, and cannot be before 1050'],
    ],
    [
      'is broken where a timer fires twice in one life',
      (story) => {
        story
          .start()
          .own(1)
          .mark(timer('fired', 1050, 1050))
          .mark(timer('fired', 1050, 1051))
      },
      ['REDONE timer t fired twice in one life'],
    ],
    [
      'counts from the earliest clock where clocks jump back',
      (story) => {
        story.start({ clockMs: 5000 }).own(1).killed()
        story
          .start({ clockMs: 100 })
          .own(2)
          .mark(timer('armed', 150, 100))
      },
    ],
  ])
})

const tree = sequence(
  {
    kind: 'child',
    id: 'p',
    of: sequence(step('a'), { kind: 'child', id: 'q', of: sequence(step('b'), step('d')) }),
  },
  step('c'),
)
const spawn = (child: string, parent: string): MarkBody => ({ mark: 'spawn', child, parent })
const settle = (child: string, status: 'done' | 'failed' | 'cancelled' = 'done'): MarkBody => ({
  mark: 'settle',
  child,
  status,
})
const cancelled = (story: Story): Teller =>
  story.start({ verb: 'cancel' }).mark({ mark: 'cancel-acked', won: true }).exit(0)

describe('S10: the tree of children stays a tree', () => {
  rows('S10', tree, [
    [
      'holds where children run again until they settle, and are handed out again after it',
      (story) => {
        story.start().own(1).mark(spawn('p', 'root')).step('a').killed()
        story
          .start()
          .own(2)
          .mark(spawn('p', 'root'))
          .mark(spawn('q', 'p'))
          .step('b')
          .mark(settle('q'))
          .mark(settle('p'))
          .killed()
        story.start().own(3).mark(settle('p')).step('c').done()
      },
    ],
    [
      'is broken by a wrong parent',
      (story) => {
        story.start().own(1).mark(spawn('q', 'root'))
      },
      ['BROKEN_TREE child q runs under root, and belongs to p'],
    ],
    [
      'is broken where a child settles that was never spawned',
      (story) => {
        story.start().own(1).mark(settle('q'))
      },
      ['BROKEN_TREE child q settled, and was never spawned'],
    ],
    [
      'allows a child to be cancelled before it ran',
      (story) => {
        story.start().own(1).mark(settle('q', 'cancelled'))
      },
    ],
    [
      'is broken where a child settles twice',
      (story) => {
        story.start().own(1).mark(spawn('q', 'p')).mark(settle('q')).mark(settle('q'))
      },
      ['BROKEN_TREE child q settled twice'],
    ],
    [
      'is broken where a later settle differs',
      (story) => {
        story.start().own(1).mark(spawn('q', 'p')).mark(settle('q')).killed()
        story.start().own(2).mark(settle('q', 'failed'))
      },
      ['BROKEN_TREE child q settled done, and then failed'],
    ],
    [
      'is broken where a child that settled is spawned again',
      (story) => {
        story.start().own(1).mark(spawn('q', 'p')).mark(settle('q')).killed()
        story.start().own(2).mark(spawn('q', 'p'))
      },
      ['BROKEN_TREE child q settled done, and was spawned again'],
    ],
    [
      'leaves a replaced owner alone that was stopped before the spawn',
      (story) => {
        const old = story.start().own(1).stopped()
        story.start().own(2).mark(spawn('q', 'p')).mark(settle('q')).exit(0)
        old.continued().mark(spawn('q', 'p')).exit(1)
      },
    ],
    [
      'is broken where a step below a cancelled child begins in a later life',
      (story) => {
        story.start().own(1).mark(spawn('q', 'p')).mark(settle('q', 'cancelled')).killed()
        story.start().own(2).effect('b')
      },
      ['BROKEN_TREE child q settled cancelled, and step b below it begins'],
    ],
    [
      'lets one step in flight slip through in the same life, and no second one',
      (story) => {
        story
          .start()
          .own(1)
          .mark(spawn('q', 'p'))
          .mark(settle('q', 'cancelled'))
          .effect('b')
          .effect('d')
      },
      ['BROKEN_TREE child q settled cancelled, and step d below it begins'],
    ],
    [
      'is broken where a parent settles before its child',
      (story) => {
        story.start().own(1).mark(spawn('p', 'root')).mark(spawn('q', 'p')).mark(settle('p'))
      },
      ['BROKEN_TREE child p settled before q, which is below it'],
    ],
    [
      'is broken where a step begins in a life after an acknowledged cancel',
      (story) => {
        story.start().own(1).killed()
        cancelled(story)
        story.start().own(2).effect('a')
      },
      ["BROKEN_TREE step a begins after the run's cancel was acknowledged"],
    ],
    [
      'lets the step in flight slip through the race with a cancel',
      (story) => {
        const one = story.start().own(1)
        cancelled(story)
        one.effect('a').done({}, { status: 'cancelled' })
      },
    ],
    [
      'is broken where more begins than was in flight',
      (story) => {
        const one = story.start().own(1)
        cancelled(story)
        one.effect('a').effect('b')
      },
      ["BROKEN_TREE step b begins after the run's cancel was acknowledged"],
    ],
    [
      'is broken where something begins after the end',
      (story) => {
        story.start().own(1).done({}, { status: 'failed', code: 'BUDGET' }).exit(0)
        story.start().own(2).mark(spawn('p', 'root')).effect('a')
      },
      ['BROKEN_TREE step a begins after the run has ended failed'],
    ],
    [
      'is broken where a child is spawned after the end',
      (story) => {
        story.start().own(1).done({}, { status: 'cancelled' }).exit(0)
        story.start().own(2).mark(spawn('p', 'root'))
      },
      ['BROKEN_TREE child p is spawned after the run has ended cancelled'],
    ],
  ])
})

describe('L1: once faults stop, the run ends', () => {
  rows('L1', abc, [
    [
      'holds where it ended',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).done()
      },
    ],
    [
      'is broken where it did not in all its lives',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).exit(1)
        story.start().own(3).exit(1)
      },
      ['WEDGED the run did not end in 2 lives without a fault'],
    ],
    [
      'is broken where no life could open it, of a system that says nothing of takeovers',
      (story) => {
        story.start().own(1).killed()
        story.start().exit(9)
        story.start().exit(9)
      },
      ['WEDGED nobody could open the run in 2 lives without a fault'],
      abc,
      { without: ['takeover'] },
    ],
    [
      'leaves that to L2 where it does, with the time that it claims to need',
      (story) => {
        story.start().own(1).killed()
        story.start().exit(9)
        story.start().exit(9)
      },
    ],
    [
      'says nothing where a life was refused: nobody promised when it is not',
      (story) => {
        story.start().own(1).killed()
        story.start().refused('RUN_OWNED').exit(75)
        story.start().refused('RUN_OWNED').exit(75)
      },
      [],
      abc,
      { without: ['takeover'] },
    ],
    [
      'is broken where it had ended, and no life after the last fault found that',
      (story) => {
        story.start().own(1).done().killed()
        story.start().own(2).exit(1)
        story.start().own(3).exit(1)
      },
      ['WEDGED the run had ended, and was not found so in 2 lives without a fault'],
    ],
    [
      'holds where it had ended, and a life after the last fault says so again',
      (story) => {
        story.start().own(1).done().killed()
        story.start().own(2).exit(1)
        story.start().own(3).done()
      },
    ],
    [
      'says nothing where it was given fewer',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).exit(1)
      },
    ],
    [
      'gives a run as many lives more as its poison kills',
      (story) => {
        for (let life = 1; life <= 3; life += 1) story.start().own(life).effect('p').died()
      },
      [],
      { kind: 'poison', id: 'p', kills: 2 },
    ],
    [
      'gives it no more than those after which the system is to give up',
      (story) => {
        for (let life = 1; life <= 5; life += 1) story.start().own(life).effect('p').died()
      },
      ['WEDGED the run did not end in 5 lives without a fault'],
      { kind: 'poison', id: 'p', kills: 1_000 },
      { workload: { livesMax: 3 } },
    ],
    [
      'is broken by a life that hangs, confirmed',
      (story) => {
        story.start().own(1).wedged(true).died()
        story.start().own(2).done()
      },
      ['WEDGED life 1 did nothing for 1000 ms, alone on the machine'],
    ],
    [
      'does not count a hang that was not confirmed, nor lives that never owned the run',
      (story) => {
        story.start().own(1).wedged(false).killed()
        story.start().refused('RUN_OWNED').exit(75)
        story.start().refused('RUN_OWNED').exit(75)
      },
    ],
  ])
})

describe('L3: SIGTERM stops in order', () => {
  rows('L3', abc, [
    [
      'holds where the step in flight ends and the life says that it is not done',
      (story) => {
        story.start().own(1).fault('T5').effect('a').exit(1)
      },
    ],
    [
      'holds where the run was done anyway',
      (story) => {
        story.start().own(1).fault('T5').done().exit(0)
      },
    ],
    [
      'is broken where a new step begins',
      (story) => {
        story.start().own(1).fault('T5').effect('a').effect('b').exit(1)
      },
      ['WEDGED step b begins after SIGTERM'],
    ],
    [
      'is broken where the exit code says done',
      (story) => {
        story.start().own(1).fault('T5').exit(0)
      },
      ['WEDGED life 1 exited with 0 after SIGTERM, and the run is not done'],
    ],
    [
      'is broken where the life does not end',
      (story) => {
        story.start().own(1).fault('T5').wedged(true).died()
      },
      ['WEDGED life 1 did not end after SIGTERM'],
    ],
  ])
})
