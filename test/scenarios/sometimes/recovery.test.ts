import { describe, expect, it } from 'vitest'
import type { Control, ControlOp } from '../../../harness/scenario.ts'
import { recoveredTwice } from '../../../scenarios/sometimes/recovery.ts'
import { directedSchedules } from './directed.ts'

/** A life whose open is told at the op `resolved`, and its first commit `opsOfStep` later. */
function directed({
  resolved,
  opsOfStep,
  isNative,
}: Record<'resolved' | 'opsOfStep', number> & Pick<Control, 'isNative'>): readonly string[] {
  const marks = new Map([
    [resolved, 'resolved'],
    [resolved + opsOfStep, 'observed'],
  ])
  const ops = Array.from({ length: resolved + 2 * opsOfStep }, (_, index): ControlOp => {
    const mark = marks.get(index + 1)
    return {
      n: index + 1,
      op: { kind: 'mark', length: 9 },
      ...(mark === undefined ? {} : { mark }),
    }
  })
  const root = { kind: 'step', id: 'only', effect: 'keyed' } as const
  return directedSchedules(recoveredTwice, {
    workload: { root, inFlightMax: 1 },
    ops,
    ...(isNative === undefined ? {} : { isNative }),
  })
}

describe('recovered the same records twice', () => {
  it('a program whose opens are alike is killed where the first one resolved', () => {
    expect(directed({ resolved: 8, opsOfStep: 6 })).toEqual(['K11+,K8+'])
  })

  it('of a native program, whose recovery opens in fewer ops, two lives die at the same op, in some case behind its open', () => {
    const schedules = directed({ resolved: 22, opsOfStep: 6, isNative: true })
    expect(schedules).toEqual([
      'K28+,K23+,K23+',
      'K28+,K18+,K18+',
      'K28+,K13+,K13+',
      'K28+,K8+,K8+',
      'K28+,K3+,K3+',
    ])
    // Whatever the ops in which it opens: one of the cases comes behind it, and before its next commit.
    for (let opens = 1; opens <= 22; opens += 1)
      expect([3, 8, 13, 18, 23].some((at) => at > opens && at < opens + 6)).toBe(true)
  })

  it('a long open leaves cases to others', () => {
    expect(directed({ resolved: 100, opsOfStep: 4, isNative: true })).toHaveLength(5)
  })
})
