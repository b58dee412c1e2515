/** S11 and C1: money, deadlines, and what a commit costs. */
import { describe, expect, test } from 'vitest'
import type { CostSample } from '../../../harness/checkers/cost-sample.ts'
import type { Task } from '../../../harness/workload.ts'
import type { Story } from '../history-builder.ts'
import { findings, sequence, step } from './judge.ts'
import type { Options } from './judge.ts'

const dear = sequence(step('a', 'keyed', { cost: 3 }), {
  kind: 'child',
  id: 'p',
  budget: 4,
  of: step('b', 'keyed', { cost: 3 }),
})
const spend = (id: string, amount: number) => ({ mark: 'spend', step: id, amount }) as const

describe('S11: spend stays within budget and deadline', () => {
  const rows: readonly (readonly [string, (story: Story) => void, readonly string[], Options?])[] =
    [
      [
        'holds up to the last unit',
        (story) => {
          story.start().own(1).effect('a').mark(spend('a', 3)).killed()
          story.start().own(2).effect('b').mark(spend('b', 3))
        },
        [],
        { workload: { budget: 6 } },
      ],
      [
        'is broken over lives, where each of them looks fine',
        (story) => {
          for (let life = 1; life <= 3; life += 1)
            story.start().own(life).effect('a').mark(spend('a', 3)).killed()
        },
        ['OVERSPENT 9 was spent of the 8 of root by the effect of step a'],
        { workload: { budget: 8 } },
      ],
      [
        'meters an effect whose spend a kill swallowed at its declared cost',
        (story) => {
          story.start().own(1).effect('a').killed()
          story.start().own(2).effect('a').mark(spend('a', 3))
        },
        ['OVERSPENT 6 was spent of the 5 of root by the effect of step a'],
        { workload: { budget: 5 } },
      ],
      [
        'meters what was spent, where that is less',
        (story) => {
          story.start().own(1).effect('a').mark(spend('a', 1)).killed()
          story.start().own(2).effect('a').mark(spend('a', 1))
        },
        [],
        { workload: { budget: 2 } },
      ],
      [
        "is broken for a child's own budget",
        (story) => {
          story.start().own(1).effect('b').killed()
          story.start().own(2).effect('b')
        },
        ['OVERSPENT 6 was spent of the 4 of p by the effect of step b'],
      ],
      [
        'is broken where a step begins after the deadline',
        (story) => {
          story.start({ clockMs: 1000 }).own(1).effect('a').killed('K3', 20)
          story.start({ clockMs: 1121, realMs: 30 }).own(2).effect('b')
        },
        ['OVERSPENT step b begins in life 2, 1 millisecond after the deadline'],
        { workload: { deadlineMs: 100 } },
      ],
      [
        'gives the first life the benefit of its whole length',
        (story) => {
          story.start({ clockMs: 1000 }).own(1).effect('a').killed('K3', 20)
          story.start({ clockMs: 1120, realMs: 30 }).own(2).effect('b')
        },
        [],
        { workload: { deadlineMs: 100 } },
      ],
      [
        'counts from the life that made the begin durable at the latest',
        (story) => {
          story.start({ clockMs: 1000 }).own(1).killed('K3', 20)
          story.start({ clockMs: 5000, realMs: 30 }).own(2).effect('a').killed('K4', 40)
          story.start({ clockMs: 5090, realMs: 50 }).own(3).effect('b')
        },
        [],
        { workload: { deadlineMs: 100 } },
      ],
    ]
  for (const [title, tell, expected, options] of rows)
    test(title, () => {
      expect(findings('S11', dear, tell, options)).toEqual(expected)
    })
})

describe('C1: the cost of a commit does not grow', () => {
  const root: Task = step('a')
  const none = (story: Story): void => {
    story.start()
  }
  const sample = (records: number, bytes: number, syncs = 1, read?: number): CostSample => ({
    records,
    commitBytes: [1, bytes, 1_000_000],
    commitSyncs: [syncs],
    ...(read === undefined ? {} : { recoveryBytes: read }),
  })
  test.each([
    ['holds where it is flat', [sample(100, 200), sample(1000, 200), sample(10_000, 210)], []],
    ['holds just below the bound', [sample(100, 200), sample(1000, 399)], []],
    [
      'is broken where bytes double in a decade',
      [sample(100, 200), sample(1000, 400)],
      ['COST bytes per commit: 200 at 100 records, 400 at 1000'],
    ],
    [
      'is broken where syncs come with length',
      [sample(10, 200, 0), sample(100, 200, 1)],
      ['COST syncs per commit: 0 at 10 records, 1 at 100'],
    ],
    [
      'is broken where an open reads more than once',
      [sample(100, 200, 1, 10_000), sample(1000, 200, 1, 300_000)],
      ['COST bytes that an open reads per record: 100 at 100 records, 300 at 1000'],
    ],
    ['has nothing to say of one length', [sample(100, 200)], []],
  ] as const)('%s', (_, costs, expected) => {
    expect(findings('C1', root, none, { costs })).toEqual(expected)
  })
})
