import { describe, expect, it } from 'vitest'
import { PlanQueue } from '../../../harness/campaign/plan-queue.ts'
import type { PlannedCase } from '../../../harness/campaign/group.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'

/** `a1` is the first plan of class a; `!x` the directed case of x. */
function plan(name: string): PlannedCase {
  const schedule = parseSchedule(`K${name.slice(1)}`)
  return { schedule, origin: { kind: 'class', name: name.slice(0, 1) } }
}

function names(queue: PlanQueue, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    const next = queue.next()
    if (next === undefined) return '-'
    const fault = next.schedule[0]?.[0]
    const op = fault?.kind === 'kill' ? fault.at.op : 0
    return `${next.origin.kind === 'class' ? next.origin.name : '!'}${op}`
  })
}

const queueOf = (...plans: readonly string[]): PlanQueue =>
  new PlanQueue(plans.map(plan)[Symbol.iterator]())

describe('plan queue', () => {
  it('plans are taken as they come', () => {
    expect(names(queueOf('a1', 'b1', 'c1'), 4)).toEqual(['a1', 'b1', 'c1', '-'])
  })

  it('the next plan of a class that missed comes first, and what was passed over comes after it', () => {
    const queue = queueOf('a1', 'b1', 'c1', 'd1', 'b2', 'a2')
    expect(names(queue, 2)).toEqual(['a1', 'b1'])
    queue.missed(plan('b1'))
    expect(names(queue, 5)).toEqual(['b2', 'c1', 'd1', 'a2', '-'])
  })

  it('a class that has no more plans is replaced by what comes next', () => {
    const queue = queueOf('a1', 'b1', 'c1')
    expect(names(queue, 1)).toEqual(['a1'])
    queue.missed(plan('a1'))
    expect(names(queue, 3)).toEqual(['b1', 'c1', '-'])
  })

  it('two misses of one class bring two of its plans', () => {
    const queue = queueOf('a1', 'b1', 'a2', 'b2', 'a3')
    expect(names(queue, 1)).toEqual(['a1'])
    queue.missed(plan('a1'))
    queue.missed(plan('a1'))
    expect(names(queue, 4)).toEqual(['a2', 'a3', 'b1', 'b2'])
  })
})
