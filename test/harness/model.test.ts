import { describe, expect, test } from 'vitest'
import { isBefore, isChildWithin, livesPoisoned, modelOf, widthOf } from '../../harness/model.ts'
import type { Task, Workload } from '../../harness/workload.ts'

const step = (id: string): Task => ({ kind: 'step', id, effect: 'keyed' })
const workload = (root: Task, more: Partial<Workload> = {}): Workload => ({
  root,
  inFlightMax: 1,
  ...more,
})

const everything: Task = {
  kind: 'sequence',
  of: [
    step('a'),
    {
      kind: 'parallel',
      of: [
        { kind: 'loop', id: 'l', iterations: [step('b1'), step('b2')] },
        { kind: 'child', id: 'p', of: { kind: 'child', id: 'q', of: step('c'), budget: 3 } },
        { kind: 'timer', id: 't', afterMs: 5 },
      ],
    },
    {
      kind: 'tools',
      id: 'm',
      calls: [
        { kind: 'step', id: 'x', effect: 'once' },
        { kind: 'step', id: 'y', effect: 'once' },
      ],
    },
    { kind: 'signal', id: 's', name: 'go' },
    { kind: 'command', id: 'k', effect: 'once' },
    { kind: 'poison', id: 'o', kills: 2 },
  ],
}

describe('model: lives that poison ends', () => {
  const poison = (kills: number): Task => ({ kind: 'poison', id: `p${kills}`, kills })
  const both: Task = { kind: 'sequence', of: [poison(2), poison(1_000)] }
  test('are all that it kills', () => expect(livesPoisoned(modelOf(workload(both)))).toBe(1_002))
  test('are no more than those after which the system gives up, for each', () =>
    expect(livesPoisoned(modelOf(workload(both, { livesMax: 3 })))).toBe(5))
  test('are none without poison', () => expect(livesPoisoned(modelOf(workload(step('a'))))).toBe(0))
})

describe('model', () => {
  const model = modelOf(workload(everything))
  const unit = (id: string) => {
    const found = model.units.get(id)
    if (found === undefined) throw new Error(id)
    return found
  }
  const ordered = (first: string, second: string): boolean => isBefore(unit(first), unit(second))

  test('units, children and batches are what does something', () => {
    expect([...model.units.keys()]).toEqual(['a', 'b1', 'b2', 'c', 't', 'x', 'y', 's', 'k', 'o'])
    expect([...model.children.values()]).toEqual([
      { id: 'p', parent: 'root' },
      { id: 'q', parent: 'p', budget: 3 },
    ])
    expect([...model.batches]).toEqual(['m'])
    expect(unit('c').child).toBe('q')
    expect([unit('x').batch, unit('o').effect, unit('o').kills]).toEqual(['m', 'none', 2])
  })

  test('members of sequences and loops are ordered, members of parallel parts and batches are not', () => {
    expect(ordered('a', 'b1')).toBe(true)
    expect(ordered('b1', 'b2')).toBe(true)
    expect(ordered('c', 'x')).toBe(true)
    expect(ordered('b2', 'a')).toBe(false)
    expect(ordered('b1', 'c')).toBe(false)
    expect(ordered('c', 't')).toBe(false)
    expect(ordered('x', 'y')).toBe(false)
    expect(ordered('a', 'a')).toBe(false)
  })

  test('children lie below their parents and the root', () => {
    expect(isChildWithin(model, 'q', 'p')).toBe(true)
    expect(isChildWithin(model, 'q', 'q')).toBe(true)
    expect(isChildWithin(model, 'p', 'q')).toBe(false)
    expect(isChildWithin(model, 'q', 'root')).toBe(true)
  })

  test('the width is the widest parallel part', () => {
    expect(widthOf(model.root)).toBe(3)
    expect(widthOf(modelOf(workload({ kind: 'sequence', of: [] })).root)).toBe(0)
  })

  test('everything that is wrong is said at once', () => {
    const wrong = workload(
      {
        kind: 'sequence',
        of: [
          step('a'),
          step('a'),
          step(''),
          step('__proto__'),
          { kind: 'child', id: 'root', of: step('b'), budget: -1 },
          { kind: 'step', id: 'c', effect: 'keyed', cost: Number.NaN, fails: 1.5 },
          { kind: 'timer', id: 't', afterMs: -1 },
          { kind: 'poison', id: 'p', kills: -2 },
        ],
      },
      {
        inFlightMax: 0,
        budget: -1,
        deadlineMs: -1,
        outside: [{ kind: 'cancel', after: 'nowhere' }],
      },
    )
    let message = ''
    try {
      modelOf(wrong)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message.split('\n  ')).toEqual([
      'the workload cannot be run:',
      'two tasks have the id "a"',
      '"" cannot be an id',
      '"__proto__" cannot be an id',
      'a child is named root, which is the run itself',
      'budget of root is -1; expected a number from 0',
      'cost of c is NaN; expected a number from 0',
      'fails of c is 1.5; expected a whole number from 0',
      'afterMs of t is -1; expected a whole number from 0',
      'kills of p is -2; expected a whole number from 0',
      'inFlightMax is 0; expected a whole number from 1',
      'budget is -1; expected from 0',
      'deadlineMs is -1; expected from 0',
      'a cancel comes after "nowhere", which is no unit',
    ])
  })
})
