/** S3, S4 and S13: effects, results and outcomes. */
import { describe, expect, test } from 'vitest'
import type { History } from '../../../harness/history.ts'
import type { Invariant } from '../../../harness/verdict.ts'
import type { Task } from '../../../harness/workload.ts'
import { Story } from '../history-builder.ts'
import { abc, findings, parallel, sequence, step } from './judge.ts'
import type { Options } from './judge.ts'

type Row = readonly [string, (story: Story) => void, (readonly string[])?, Task?, Options?]

function rows(invariant: Invariant, table: readonly Row[]): void {
  for (const [title, tell, expected = [], root = abc, options = {}] of table)
    test(title, () => {
      expect(findings(invariant, root, tell, options)).toEqual(expected)
    })
}

const once = sequence(step('a', 'once'), step('b', 'once'))
const all = { a: 'n1', b: 'n2', c: 'n3' }

describe('S3: no effect of a committed step runs again', () => {
  rows('S3', [
    [
      'holds where a step that was not committed runs again under its key',
      (story) => {
        story.start().own(1).step('a').effect('b').killed()
        story.start().own(2).observed('a', 'n1').step('b').step('c').done()
      },
    ],
    [
      'is broken by its ack',
      (story) => {
        story.start().own(1).step('a').killed()
        story.start().own(2).effect('a')
      },
      ['REDONE step a was committed, and its effect runs again'],
    ],
    [
      'is broken by the start of what comes after it',
      (story) => {
        story.start().own(1).effect('a').effect('b').killed()
        story.start().own(2).effect('a')
      },
      ['REDONE step a was committed, and its effect runs again'],
    ],
    [
      'holds for a sibling that began',
      (story) => {
        story.start().own(1).effect('a').effect('b').killed()
        story.start().own(2).effect('a').effect('b')
      },
      [],
      parallel(step('a'), step('b')),
    ],
    [
      'is broken after done, by a life that finds the run ended',
      (story) => {
        story.start().own(1).effect('a').done().exit(0)
        story.start().own(2).effect('a')
      },
      ['REDONE step a was committed, and its effect runs again'],
    ],
    [
      'is broken within one life',
      (story) => {
        story.start().own(1).effect('a').effect('a')
      },
      ['REDONE the effect of step a runs twice in one life'],
    ],
    [
      'lets a life that opened again call a keyed step again',
      (story) => {
        story.start().own(1).effect('a').own(2).effect('a')
      },
    ],
    [
      'lets a step without an effect run as often as it likes',
      (story) => {
        const none = { effect: 'none' } as const
        story.start().own(1).effect('a', none).effect('a', none).killed()
        story.start().own(2).effect('a', none)
      },
      [],
      step('a', 'none'),
    ],
    [
      'is broken by another key',
      (story) => {
        story.start().own(1).effect('a').killed()
        story.start().own(2).effect('a', { key: 'other' })
      },
      ['REDONE the effect of step a runs again under another key (k/a, then other)'],
    ],
    [
      'does not look at keys where the system does not claim them',
      (story) => {
        story.start().own(1).effect('a').killed()
        story.start().own(2).effect('a', { key: 'other' })
      },
      [],
      abc,
      { without: ['keyed'] },
    ],
    [
      'is broken by a second effect of a once step in another life',
      (story) => {
        story.start().own(1).effect('a', { effect: 'once' }).killed()
        story.start().own(2).effect('a', { effect: 'once' })
      },
      ['REDONE the effect of step a, which must run once, runs again in life 2'],
      once,
    ],
    [
      'is broken by an owner that runs a once step though its image held all that a stopped one, which runs it later, appended',
      (story) => {
        const effect = { effect: 'once' } as const
        const old = story.start().own(1).commit('intent').stopped()
        story.start().open(2, 'intent').effect('a', effect).exit(1)
        old.continued().effect('a', effect).exit(1)
      },
      ['REDONE the effect of step a, which must run once, runs again in life 1'],
      once,
    ],
    [
      'leaves a stopped owner alone whose last append the newer image lacks',
      (story) => {
        const effect = { effect: 'once' } as const
        const old = story.start().own(1).commit('begin').stopped()
        story.start().open(2, 'begin').effect('a', effect).exit(1)
        old.continued().append('intent').effect('a', effect).exit(1)
      },
      [],
      once,
    ],
    [
      'treats once as keyed where the system does not claim once',
      (story) => {
        story.start().own(1).effect('a', { effect: 'once' }).killed()
        story.start().own(2).effect('a', { effect: 'once' })
      },
      [],
      once,
      { without: ['once'] },
    ],
    [
      'is broken where a once step that was reported unknown runs',
      (story) => {
        const effect = { effect: 'once' } as const
        story.start().own(1).effect('a', effect).killed()
        story.start().own(2).observed('a', '', 'unknown').killed()
        story.start().own(3).effect('a', effect)
      },
      ['REDONE step a was committed, and its effect runs again'],
      once,
    ],
    [
      'lets declared attempts follow each other',
      (story) => {
        story.start().own(1).effect('a').effect('a', { attempt: 2 }).killed()
        story.start().own(2).effect('a', { attempt: 2 })
      },
      [],
      step('a', 'keyed', { fails: 1 }),
    ],
    [
      'is broken where an earlier attempt comes back',
      (story) => {
        story.start().own(1).effect('a').effect('a', { attempt: 2 }).killed()
        story.start().own(2).effect('a')
      },
      ['REDONE attempt 1 of step a runs again after attempt 2'],
      step('a', 'keyed', { fails: 1 }),
    ],
    [
      'lets attempts begin anew where the system does not keep their count',
      (story) => {
        story.start().own(1).effect('a').effect('a', { attempt: 2 }).killed()
        story.start().own(2).effect('a')
      },
      [],
      step('a', 'keyed', { fails: 1 }),
      { without: ['retry'] },
    ],
    [
      'leaves a replaced owner that was stopped before its effect alone',
      (story) => {
        const old = story.start().own(1).fault('Z5=done').stopped()
        story.start().own(2).step('a').done({ a: 'n1' }).exit(0)
        old.continued().effect('a').refused('FENCED', 'append').exit(1)
      },
    ],
    [
      'lets a command in flight end after its run has failed',
      (story) => {
        story.start().own(1).effect('x').killed()
        story.start().own(2).done({}, { status: 'failed', code: 'DEADLINE' }).effect('x').exit(0)
      },
      [],
      { kind: 'command', id: 'x', effect: 'keyed' },
    ],
    [
      'is broken by a new owner that had to know',
      (story) => {
        const old = story.start().own(1).step('a')
        const heir = story.start().own(2).effect('a')
        old.exit(1)
        heir.exit(1)
      },
      ['REDONE step a was committed, and its effect runs again'],
    ],
    [
      'leaves what an old owner commits while the new one runs to S5',
      (story) => {
        const old = story.start().own(1).effect('a')
        const heir = story.start().own(2)
        old.observed('a', 'n1').exit(1)
        heir.effect('a').exit(1)
      },
    ],
    [
      'lets a command outlive the life that started it',
      (story) => {
        story.start().own(1).killed()
        const two = story.start().own(2)
        story.marks.push({
          life: 1,
          mark: 'effect',
          step: 'x',
          effect: 'keyed',
          key: 'k/x',
          args: 'h/x',
          nonce: 'late',
          epoch: 1,
          attempt: 1,
        })
        two.step('x').done({ x: 'n1' }).exit(0)
      },
      [],
      { kind: 'command', id: 'x', effect: 'keyed' },
    ],
  ])
})

describe('S4: one key, one argument, one result', () => {
  rows('S4', [
    [
      'holds for a run with a crash',
      (story) => {
        story.start().own(1).step('a').effect('b', { nonce: 'lost' }).killed()
        story.start().own(2).observed('a', 'n1').step('b').step('c').done(all).exit(0)
        story.start().own(3).done(all).exit(0)
      },
    ],
    [
      'is broken by other arguments',
      (story) => {
        story.start().own(1).effect('a').killed()
        story.start().own(2).effect('a', { args: 'x' })
      },
      ['DIVERGED step a ran with other arguments (h/a, then x)'],
    ],
    [
      'is broken by a second key of a step without deduplication',
      (story) => {
        story.start().own(1).effect('a', { effect: 'none' }).killed()
        story.start().own(2).effect('a', { effect: 'none', key: 'x' })
      },
      ['DIVERGED step a ran under two keys (k/a, then x)'],
      step('a', 'none'),
    ],
    [
      'is broken where an observed result changes',
      (story) => {
        story.start().own(1).effect('a').effect('a', { attempt: 2 }).observed('a', 'n1').killed()
        story.start().own(2).observed('a', 'n2')
      },
      ['DIVERGED step a was observed as n1, and later as n2'],
    ],
    [
      'is broken where a result turns into unknown',
      (story) => {
        story.start().own(1).step('a', { effect: 'once' }).killed()
        story.start().own(2).observed('a', '', 'unknown')
      },
      ['DIVERGED step a was observed as n1, and later as unknown'],
      once,
    ],
    [
      'is broken by a result that no effect gave',
      (story) => {
        story.start().own(1).observed('a', 'x')
      },
      ['DIVERGED step a was observed as x, which none of its effects gave'],
    ],
    [
      'allows unknown for a once step that a crash interrupted',
      (story) => {
        story.start().own(1).step('a', { effect: 'once' }).killed()
        story
          .start()
          .own(2)
          .observed('a', 'n1')
          .observed('b', '', 'unknown')
          .done({ a: 'n1', b: 'unknown' })
      },
      [],
      once,
    ],
    [
      'allows two unknowns in a row where two crashes came between',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).observed('a', '', 'unknown').killed()
        story.start().own(3).observed('b', '', 'unknown').done({ a: 'unknown', b: 'unknown' })
      },
      [],
      once,
    ],
    [
      'is broken by unknown without an interruption',
      (story) => {
        story.start().own(1).effect('a', { effect: 'once' }).observed('a', '', 'unknown')
      },
      ['DIVERGED step a was reported unknown, and no interruption can have hidden its outcome'],
      once,
    ],
    [
      'is broken by unknown where the interruption came before the step could begin',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).step('a', { effect: 'once' }).observed('b', '', 'unknown')
      },
      ['DIVERGED step b was reported unknown, and no interruption can have hidden its outcome'],
      once,
    ],
    [
      'is broken by unknown for a keyed step',
      (story) => {
        story.start().own(1).effect('a').killed()
        story.start().own(2).observed('a', '', 'unknown')
      },
      ['DIVERGED step a was reported unknown, and no interruption can have hidden its outcome'],
    ],
    [
      'is broken by an outcome that none of its effects gave',
      (story) => {
        story.start().own(1).effect('a').done({ a: 'x' })
      },
      ['DIVERGED the outcome of step a is x, which none of its effects gave'],
      step('a'),
    ],
    [
      "is broken by a failed attempt's result",
      (story) => {
        story.start().own(1).effect('a').effect('a', { attempt: 2 }).done({ a: 'n1' })
      },
      ['DIVERGED the outcome of step a is n1, the result of attempt 1, which fails'],
      step('a', 'keyed', { fails: 1 }),
    ],
    [
      'is broken by an outcome that leaves a step out',
      (story) => {
        story.start().own(1).effect('a').done({})
      },
      ['DIVERGED the outcome does not name step a'],
      step('a'),
    ],
    [
      'is broken by an outcome unlike what was observed',
      (story) => {
        story.start().own(1).effect('a').killed()
        story.start().own(2).effect('a').observed('a', 'n2').done({ a: 'n1' })
      },
      ['DIVERGED the outcome of step a is n1, and it was observed as n2'],
      step('a'),
    ],
    [
      'is broken by a second, other end',
      (story) => {
        story.start().own(1).effect('a').done({ a: 'n1' }).exit(0)
        story.start().own(2).done({}, { status: 'failed', code: 'BUDGET' })
      },
      ['DIVERGED the run ended, and ended again otherwise'],
      step('a'),
    ],
    [
      'is broken by a failure that nothing allows',
      (story) => {
        story.start().own(1).effect('a').done({}, { status: 'failed', code: 'OOPS' })
      },
      ['DIVERGED the run failed with OOPS, and nothing allows that'],
    ],
    [
      'is broken by a deadline that is not there',
      (story) => {
        story.start().own(1).done({}, { status: 'failed', code: 'DEADLINE' })
      },
      ['DIVERGED the run failed for its deadline, and it has none'],
    ],
    [
      'allows a failure for a deadline that is there',
      (story) => {
        story.start().own(1).done({}, { status: 'failed', code: 'DEADLINE' })
      },
      [],
      abc,
      { workload: { deadlineMs: 5 } },
    ],
    [
      'is broken by a budget that cannot have been spent',
      (story) => {
        story.start().own(1).effect('a').done({}, { status: 'failed', code: 'BUDGET' })
      },
      ['DIVERGED the run failed for its budget, which cannot have been spent'],
      sequence(step('a', 'keyed', { cost: 2 }), step('b', 'keyed', { cost: 2 })),
      { workload: { budget: 100 } },
    ],
    [
      'allows a failure for a budget that crashes may have eaten',
      (story) => {
        story.start().own(1).effect('a').killed()
        story.start().own(2).effect('a').done({}, { status: 'failed', code: 'BUDGET' })
      },
      [],
      sequence(step('a', 'keyed', { cost: 2 }), step('b', 'keyed', { cost: 2 })),
      { workload: { budget: 5 } },
    ],
    [
      'is broken by a cancel that nobody asked for',
      (story) => {
        story.start().own(1).done({}, { status: 'cancelled' })
      },
      ['DIVERGED the run ended cancelled, and nobody had asked for it'],
    ],
    [
      'allows cancelled where the cancel has not answered yet',
      (story) => {
        const one = story.start().own(1)
        story.start({ verb: 'cancel' })
        one.done({}, { status: 'cancelled' })
      },
    ],
    [
      'is broken where the cancel was told that it came too late',
      (story) => {
        const one = story.start().own(1)
        story.start({ verb: 'cancel' }).mark({ mark: 'cancel-acked', won: false }).exit(0)
        one.done({}, { status: 'cancelled' })
      },
      ['DIVERGED the run ended cancelled though every cancel was told that it came too late'],
    ],
    [
      'is broken where the cancel came first and the run is done',
      (story) => {
        const one = story.start().own(1).effect('a')
        story.start({ verb: 'cancel' }).mark({ mark: 'cancel-acked', won: true }).exit(0)
        one.done({ a: 'n1' })
      },
      ['DIVERGED the run ended done though its cancel had been acknowledged first'],
      step('a'),
    ],
    [
      'allows a run with poison to give up',
      (story) => {
        story.start().own(1).done({}, { status: 'failed', code: 'MAX_LIVES' })
      },
      [],
      { kind: 'poison', id: 'p', kills: 9 },
    ],
    [
      'lets it give up after the stated number of lives that committed nothing',
      (story) => {
        story.start().own(1).step('a').killed()
        story.start().own(2).killed()
        story.start().own(3).killed()
        story.start().own(4).done({}, { status: 'failed', code: 'MAX_LIVES' })
      },
      [],
      step('a'),
      { workload: { livesMax: 2 } },
    ],
    [
      'counts a life that a storage error hit, for it could not note that it ended',
      (story) => {
        story.start().own(1).step('a').killed()
        story.start().fault('E9=ENOSPC').exit(74)
        story.start().own(3).killed()
        story.start().own(4).done({}, { status: 'failed', code: 'MAX_LIVES' })
      },
      [],
      step('a'),
      { workload: { livesMax: 2 } },
    ],
    [
      'does not count a life that ended by itself',
      (story) => {
        story.start().own(1).step('a').killed()
        story.start().own(2).exit(75)
        story.start().own(3).killed()
        story.start().own(4).done({}, { status: 'failed', code: 'MAX_LIVES' })
      },
      ['DIVERGED the run failed for its number of lives, though they made progress'],
      step('a'),
      { workload: { livesMax: 2 } },
    ],
    [
      'is broken where it gives up sooner after progress',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).step('a').killed()
        story.start().own(3).killed()
        story.start().own(4).done({}, { status: 'failed', code: 'MAX_LIVES' })
      },
      ['DIVERGED the run failed for its number of lives, though they made progress'],
      step('a'),
      { workload: { livesMax: 2 } },
    ],
    [
      'is broken where lives made progress and the run gave up',
      (story) => {
        story.start().open(1).commit('r').killed()
        story.start().open(2, 'r').done({}, { status: 'failed', code: 'MAX_LIVES' })
      },
      ['DIVERGED the run failed for its number of lives, though they made progress'],
    ],
    [
      'is broken where a resume with another task begins a step',
      (story) => {
        story.start().own(1).effect('a').killed()
        story.start().own(2).effect('a')
      },
      ['DIVERGED life 2 resumed the run with another task and began step a'],
      abc,
      { workload: { otherTaskInLife: 2 } },
    ],
    [
      'holds where the life with another task found nothing, as nothing was committed',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).step('a').step('b').step('c').done({ a: 'n1', b: 'n2', c: 'n3' })
      },
      [],
      abc,
      { workload: { otherTaskInLife: 2 } },
    ],
    [
      'ignores what a void window holds',
      (story) => {
        story.start().own(1).fault('L2').step('a', { args: 'x' }).killed('P9')
        story.start().own(2).step('a').step('b').step('c').done({ a: 'n2', b: 'n3', c: 'n4' })
      },
    ],
  ])

  test('a deterministic scenario ends as its control did, nonces apart', () => {
    const control = told((story) => {
      story.start().own(1).effect('a', { effect: 'once', nonce: 'x' }).done({ a: 'x' })
    })
    const options = { control, isDeterministic: true }
    const same = (story: Story): void => {
      story.start().own(1).effect('a', { effect: 'once' }).done({ a: 'n1' })
    }
    const other = (story: Story): void => {
      story.start().own(1).effect('a', { effect: 'once' }).killed()
      story.start().own(2).done({ a: 'unknown' })
    }
    const root = step('a', 'once')
    expect(findings('S4', root, same, options)).toEqual([])
    expect(findings('S4', root, other, options)).toEqual([
      'DIVERGED the run ended otherwise than without a fault',
    ])
    expect(findings('S4', root, other, { control })).toEqual([])
  })
})

function told(tell: (story: Story) => void): History {
  const story = new Story()
  tell(story)
  return story.history()
}

describe('S13: every required step has its effect', () => {
  rows('S13', [
    [
      'holds for a complete run',
      (story) => {
        story.start().own(1).step('a').step('b').step('c').done(all)
      },
    ],
    [
      'asks nothing of a run that was cancelled or has not ended',
      (story) => {
        story.start().own(1).step('b').done({}, { status: 'cancelled' })
      },
    ],
    [
      'is broken where a step had no effect',
      (story) => {
        story.start().own(1).step('a').step('c').done(all)
      },
      ['LOST_EFFECT the run is done, and step b had no effect'],
    ],
    [
      'excuses a step that was reported unknown',
      (story) => {
        story.start().own(1).killed()
        story.start().own(2).observed('a', '', 'unknown').step('b').done({ a: 'unknown' })
      },
      [],
      once,
    ],
    [
      'is broken by another order',
      (story) => {
        story.start().own(1).step('b').step('a').step('c').done(all)
      },
      ['LOST_EFFECT b happened before a, which it had to wait for'],
    ],
    [
      'is broken where the successful attempt is missing',
      (story) => {
        story.start().own(1).effect('a').done({ a: 'n1' })
      },
      ['LOST_EFFECT the run is done, and step a had no effect'],
      step('a', 'keyed', { fails: 1 }),
    ],
    [
      'is broken where a timer never fired or a wait consumed nothing',
      (story) => {
        story
          .start()
          .own(1)
          .mark({ mark: 'timer', step: 't', phase: 'armed', due: 1010, at: 1000 })
          .mark({ mark: 'consumed', step: 'v', name: 'go', message: 'm' })
          .done({})
      },
      [
        'LOST_EFFECT the run is done, and timer t never fired',
        'LOST_EFFECT the run is done, and wait w consumed no signal',
      ],
      parallel(
        { kind: 'timer', id: 't', afterMs: 10 },
        { kind: 'signal', id: 'v', name: 'go' },
        { kind: 'signal', id: 'w', name: 'go' },
      ),
    ],
    [
      'does not miss the timers of a system that does not report them',
      (story) => {
        story.start().own(1).step('a').done({ a: 'n1' })
      },
      [],
      parallel(step('a'), { kind: 'timer', id: 't', afterMs: 10 }),
    ],
  ])
})
