/** The judgement: assumptions first, root causes, what is not judged, refusals and open ends. */
import { describe, expect, test } from 'vitest'
import { check, checkers } from '../../../harness/checkers/check.ts'
import type { Judgement } from '../../../harness/checkers/check.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { historyOf } from '../../../harness/history.ts'
import { readLedger } from '../../../harness/ledger.ts'
import { invariantNames } from '../../../harness/verdict.ts'
import type { Task } from '../../../harness/workload.ts'
import { Story } from '../history-builder.ts'
import { abc, contextOf, sequence, step } from './judge.ts'
import type { Options } from './judge.ts'

function judge(tell: (story: Story) => void, options: Options = {}, root: Task = abc): Judgement {
  return check(contextOf(root, tell, options))
}

const outcome = { a: 'n1', b: 'n2', c: 'n3' }
const good = (story: Story): void => {
  story.start().own(1).step('a').killed()
  story.start().own(2).observed('a', 'n1').step('b').step('c').done(outcome).exit(0)
}

describe('judgement: what holds', () => {
  test('a run that ends as it should', () => {
    const { verdict, judged, notJudged, reasons } = judge(good)
    expect([verdict, reasons]).toEqual(['HOLDS', []])
    expect(judged).toEqual(['S6', 'S7', 'S5', 'S3', 'S13', 'S4', 'S11', 'L1', 'L2', 'L3'])
    expect(notJudged.map(({ invariant, reason }) => `${invariant}: ${reason}`)).toEqual([
      'S1: there is no recovered and appending and ack mark',
      'S2: there is no recovered and appending mark',
      'S8: there is no recovered and appending mark',
      'S9: there is no consumed or timer mark',
      'S10: there is no spawn or settle or cancel-acked mark',
      'S12: there is no model-request mark',
      'C1: no costs were measured at two lengths, a decade apart',
    ])
  })

  test('a scenario judges its own invariants only', () => {
    const { judged, notJudged } = check(contextOf(abc, good), ['S3', 'S9'])
    expect(judged).toEqual(['S3'])
    expect(notJudged).toHaveLength(1)
  })

  test('what a system does not claim is not judged, and says so', () => {
    const { notJudged } = judge(good, { without: ['process', 'fencing', 'graceful'] })
    expect(notJudged).toContainEqual({
      invariant: 'S3',
      reason: 'the system does not claim process',
    })
    expect(notJudged).toContainEqual({
      invariant: 'L3',
      reason: 'the system does not claim graceful',
    })
  })
})

describe('judgement: the root cause', () => {
  test('comes first in the precedence, and what follows is named once each', () => {
    const { verdict, finding, follows } = judge((story) => {
      story.start().open(1).commit('r1').commit('r2').step('a').step('b').killed()
      story.start().open(2).effect('a').effect('b').step('c').done({ a: 'n1', b: 'n2', c: 'n5' })
    })
    expect([verdict, finding?.invariant, finding?.record]).toEqual(['LOST_COMMIT', 'S1', 'r1'])
    expect(follows.map(({ invariant }) => invariant)).toEqual(['S3'])
  })

  test('is the earliest of its invariant', () => {
    const { finding, more } = judge((story) => {
      story.start().own(1).step('a').step('b').killed()
      story.start().own(2).effect('a').effect('b')
    })
    expect([finding?.step, more.map(({ step: other }) => other)]).toEqual(['a', ['b']])
  })
})

describe('judgement: assumptions come first', () => {
  const broken = (tell: (story: Story) => void, options: Options = {}, root?: Task): unknown => {
    const { verdict, reasons } = judge(tell, options, root)
    return [verdict, ...reasons]
  }

  test('a ledger with garbage is a harness error', () => {
    const history = historyOf(readLedger(Buffer.from('garbage\n')))
    const { verdict, reasons } = check({ ...contextOf(abc, good), history })
    expect([verdict, reasons[0]]).toEqual([
      'HARNESS_ERROR',
      expect.stringContaining('line 1: expected JSON, found "garbage"'),
    ])
  })

  test.each<readonly [string, (story: Story) => void, string]>([
    [
      'a step that the workload does not have',
      (story) => story.start().own(1).effect('z'),
      'a effect mark names z, which the workload does not have',
    ],
    [
      'a child that it does not have',
      (story) => story.start().own(1).mark({ mark: 'spawn', child: 'z', parent: 'root' }),
      'a spawn mark names z, which the workload does not have',
    ],
    [
      'an outcome of a step that it does not have',
      (story) => story.start().own(1).done({ z: 'n' }),
      'a done mark names z, which the workload does not have',
    ],
    [
      'an effect of another kind',
      (story) => story.start().own(1).effect('a', { effect: 'once' }),
      'an effect mark of a says once; the workload says keyed',
    ],
    [
      'a nonce that comes twice',
      (story) => story.start().own(1).effect('a', { nonce: 'n' }).effect('b', { nonce: 'n' }),
      'two effects have the nonce n',
    ],
    [
      'a fault mark that is no fault',
      (story) => story.start().own(1).fault('K3'),
      'the fault K3 fired, and is not in the schedule',
    ],
  ])('%s is a harness error', (_, tell, reason) => {
    expect(broken(tell, { schedule: [] })).toEqual(['HARNESS_ERROR', reason])
  })

  test('a fault mark that does not parse is a harness error', () => {
    const [verdict, reason] = broken((story) => void story.start().fault('nonsense'), {
      schedule: [],
    }) as [string, string]
    expect([verdict, reason]).toEqual([
      'HARNESS_ERROR',
      expect.stringContaining('a fault mark holds no fault'),
    ])
  })

  test.each<readonly [string, string, Options, string]>([
    ['a fault that did not fire', 'K1,K7', {}, 'the fault K7 did not fire'],
    ['one of two equal faults that did not fire', 'K1,K1', {}, 'the fault K1 did not fire'],
    [
      'a fault beyond the claims',
      'K1',
      { without: ['power'] },
      'the fault P9 presupposes power, which the system does not claim',
    ],
  ])('%s is inconclusive', (_, schedule, options, reason) => {
    const isPower = reason.includes('P9')
    const tell = (story: Story): void => {
      story
        .start()
        .own(1)
        .killed(isPower ? 'P9' : 'K1')
    }
    expect(
      broken(tell, { ...options, schedule: parseSchedule(isPower ? 'P9' : schedule) }),
    ).toEqual(['INCONCLUSIVE', reason])
  })

  test('an attempt that cost more than it may is inconclusive', () => {
    const tell = (story: Story): void => {
      story.start().own(1).effect('a').mark({ mark: 'spend', step: 'a', amount: 5 })
    }
    expect(broken(tell, {}, step('a', 'keyed', { cost: 3 }))).toEqual([
      'INCONCLUSIVE',
      'an attempt of a spent 5, more than it may cost',
    ])
  })

  test('a control that did not end, or ended otherwise than allowed, is inconclusive', () => {
    const control = (tell: (story: Story) => void): Options => {
      const story = new Story()
      tell(story)
      return { control: story.history() }
    }
    expect(
      broken(
        good,
        control((story) => void story.start().own(1)),
      ),
    ).toEqual(['INCONCLUSIVE', 'the control, the case without a fault, did not end'])
    const bare = control((story) => void story.start().own(1).effect('a').done({ a: 'x' }))
    expect((broken(good, bare) as string[])[1]).toBe(
      'the control ended otherwise than the model allows: the outcome of step a is x, which none of its effects gave',
    )
    expect(broken(good, control(good))).toEqual(['HOLDS'])
  })

  test("a workload that cannot be run is the caller's mistake", () => {
    expect(() => judge(good, {}, sequence(step('a'), step('a')))).toThrow(
      expect.objectContaining({ code: 'WORKLOAD_INVALID' }),
    )
  })
})

describe('judgement: unknown is never a pass', () => {
  const failing = {
    ...checkers,
    S3: () => {
      throw new Error('boom')
    },
  }

  test('a checker that throws makes the case inconclusive', () => {
    const { verdict, reasons } = check(contextOf(abc, good), invariantNames, failing)
    expect([verdict, reasons]).toEqual(['INCONCLUSIVE', ['the checker of S3 failed: boom']])
  })

  test('a break that another checker proves stands', () => {
    const context = contextOf(abc, (story) => {
      story.start().own(1).effect('a').done({ a: 'x' }).exit(0)
    })
    const { verdict, reasons } = check(context, invariantNames, failing)
    expect([verdict, reasons]).toEqual(['LOST_EFFECT', ['the checker of S3 failed: boom']])
  })

  test('a run that did not end and was given fewer lives than it may take', () => {
    const { verdict, reasons } = judge((story) => {
      story.start().own(1).killed()
      story.start().own(2).exit(1)
    })
    expect([verdict, reasons]).toEqual([
      'INCONCLUSIVE',
      ['the run did not end, and was given 1 fault-free life of 2'],
    ])
  })

  test('a run that did not end, and a scenario that does not ask why', () => {
    const context = contextOf(abc, (story) => {
      story.start().own(1).exit(1)
      story.start().own(2).exit(1)
    })
    expect(check(context).verdict).toBe('WEDGED')
    expect(check(context, ['S3']).reasons).toEqual(['the run did not end, and nothing says why'])
  })

  test('a hang that was not confirmed', () => {
    const { verdict, reasons } = judge((story) => {
      good(story)
      story.start().own(3).wedged(false).done(outcome).exit(0)
    })
    expect([verdict, reasons]).toEqual([
      'INCONCLUSIVE',
      ['life 3 seemed to hang, and did not when it ran alone'],
    ])
  })
})

describe('judgement: damaged media', () => {
  const rotten = (tell: (story: Story) => void): Judgement =>
    judge((story) => {
      story.start().own(1).step('a').step('b').step('c').killed()
      tell(story)
    })

  test('a loud refusal is a good end', () => {
    const { verdict, excused } = rotten((story) => {
      story.start().fault('R1=byte.5.1', 0).refused('JOURNAL_CORRUPT').exit(1)
      story.start().refused('JOURNAL_CORRUPT').exit(1)
    })
    expect(verdict).toBe('REFUSED')
    expect(excused).toEqual([
      'R1=byte.5.1: a refusal is allowed: the media was damaged; damage to the last batch cannot be told from a torn append',
    ])
  })

  test('an exit code that says no is loud, exit 0 is not', () => {
    const exits = (code: number): Judgement =>
      rotten((story) => {
        story.start().fault('R1=byte.5.1', 0).exit(code)
        story.start().exit(code)
      })
    expect(exits(70).verdict).toBe('REFUSED')
    expect(exits(0).verdict).toBe('INCONCLUSIVE')
  })

  test('a refusal without damage is none', () => {
    const { verdict } = rotten((story) => {
      story.start().refused('JOURNAL_CORRUPT').exit(1)
      story.start().refused('JOURNAL_CORRUPT').exit(1)
    })
    expect(verdict).not.toBe('REFUSED')
  })

  test('a refusal before the damage is none', () => {
    const { verdict } = judge((story) => {
      story.start().own(1).killed()
      story.start().refused('X').exit(1)
      story.start().fault('R1=byte.5.1', 0).own(3).step('a').step('b').step('c').done(outcome)
    })
    expect(verdict).toBe('HOLDS')
  })
})
