import { describe, expect, it } from 'vitest'
import { stringifySchedule } from '../../harness/fault-text.ts'
import { actFromOutside } from '../../harness/fault-classes.ts'
import type { Control, ControlOp } from '../../harness/scenario.ts'
import { random } from '../../harness/seed.ts'

const workload = { root: { kind: 'sequence', of: [] }, inFlightMax: 1 } as const

function control(marks: readonly string[]): Control {
  const ops = marks.map((mark, place): ControlOp => ({
    n: place + 1,
    op: { kind: 'mark', length: 9 },
    mark,
  }))
  return { workload, ops }
}

function cases(given: Control, count: number): readonly string[] {
  const taken: string[] = []
  for (const { schedule } of actFromOutside('cancel').series?.(
    given,
    random('seed', 'schedule', 'test'),
  ) ?? []) {
    taken.push(stringifySchedule(schedule))
    if (taken.length === count) break
  }
  return taken
}

const long = control(['ack', ...Array<string>(40).fill('effect')])

describe('an act from outside', () => {
  it('comes alone, then with a kill after each of the ops that take it over', () => {
    const [alone = '', ...killed] = cases(long, 10)
    expect(alone).toMatch(/^V\d+=cancel$/)
    const n = Number(/^V(\d+)=cancel~/.exec(killed[0] ?? '')?.[1])
    expect(killed.toSorted()).toEqual(
      Array.from({ length: 9 }, (_, later) => `V${n}=cancel~K${n + later}+`).toSorted(),
    )
  })

  it('is never killed behind the end of the run', () => {
    const last = cases(long, 400).map((text) => Number(/~K(\d+)\+$/.exec(text)?.[1] ?? 0))
    expect(Math.max(...last)).toBeLessThan(long.ops.length)
  })

  it('then it comes at another op', () => {
    const acts = cases(long, 40)
    expect(acts.filter((text) => !text.includes('~')).length).toBeGreaterThan(2)
  })

  it('does not come where nobody owns the run before its last op', () => {
    expect(cases(control(['begin', 'ack']), 5)).toEqual([])
  })
})
