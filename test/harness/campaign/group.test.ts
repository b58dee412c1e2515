import { describe, expect, it } from 'vitest'
import { planCases, workloadOfSeed, type Group } from '../../../harness/campaign/group.ts'
import { kill } from '../../../harness/fault-classes.ts'
import type { Control, FaultClass } from '../../../harness/scenario.ts'
import { notebook, pages } from '../fixtures/notebook-project.ts'

function counting(name: string, weight?: number, from = 1): FaultClass {
  let op = from
  return {
    name,
    ...(weight === undefined ? {} : { weight }),
    draw: () => kill(op++, { kind: 'before' }),
  }
}

function classes(faults: readonly FaultClass[], count: number): readonly string[] {
  const scenario = { ...pages, faults, sometimes: [] }
  const workload = workloadOfSeed(scenario, notebook(), 'abc')
  const group: Group = { scenario, system: notebook(), seed: 'abc', workload }
  const control: Control = { workload, ops: [] }
  const taken: string[] = []
  for (const { origin } of planCases(group, control)) {
    if (origin.kind === 'class') taken.push(origin.name)
    if (taken.length === count) break
  }
  return taken
}

describe('the cases of a group', () => {
  it('classes take turns', () => {
    const faults = [counting('a'), counting('b', 1, 100), counting('c', 1, 200)]
    expect(classes(faults, 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a'])
  })

  it('a class is drawn as often in a round as it weighs, after all of them were drawn once', () => {
    const faults = [counting('a'), counting('b', 3, 100), counting('c', 1, 200)]
    expect(classes(faults, 10)).toEqual(['a', 'b', 'c', 'b', 'b', 'a', 'b', 'c', 'b', 'b'])
  })

  it('a class that has nothing more to give leaves its turns to the others', () => {
    const one: FaultClass = {
      name: 'one',
      weight: 2,
      all: () => [kill(1, { kind: 'after' })],
      draw: () => undefined,
    }
    expect(classes([one, counting('b', 1, 100)], 4)).toEqual(['one', 'b', 'b', 'b'])
  })
})
