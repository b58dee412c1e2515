import { describe, expect, it } from 'vitest'
import type { Control, ControlOp } from '../../../harness/scenario.ts'
import type { Task, Workload } from '../../../harness/workload.ts'
import { killedInNestedChild } from '../../../scenarios/sometimes/tree.ts'
import { directedSchedules } from './directed.ts'

const step = (id: string): Task => ({ kind: 'step', id, effect: 'keyed' })

function child(id: string, of: Task): Task {
  return { kind: 'child', id, of }
}

/** Where the case strikes that is to make it happen: what is spawned in this order is told by the ops 1, 2, 3 … */
function directedAt(root: Task, spawned: readonly string[]): string | undefined {
  const workload: Workload = { root, inFlightMax: 2 }
  const ops = spawned.map((about, index): ControlOp => ({
    n: index + 1,
    op: { kind: 'mark', length: 1 },
    mark: 'spawn',
    about,
  }))
  const control: Control = { workload, ops }
  return directedSchedules(killedInNestedChild, control)[0]
}

describe('killed inside a nested child', () => {
  it('strikes at the first child of a child, whatever children were begun before it', () => {
    const siblings: Task = {
      kind: 'parallel',
      of: [child('a', step('s1')), child('b', step('s2'))],
    }
    const nested = child('c', child('d', step('s3')))
    const root: Task = { kind: 'sequence', of: [siblings, nested] }
    expect(directedAt(root, ['a', 'b', 'c', 'd'])).toBe('K4+')
  })

  it('has no case where no child has one', () => {
    expect(directedAt(child('a', step('s1')), ['a'])).toBeUndefined()
  })
})
