import fc from 'fast-check'
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

describe('functions of a scenario that do what they must not', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const bad = (value: unknown): never => value as never
  const faulty = (more: Partial<FaultClass>): FaultClass => ({
    name: 'mine',
    draw: () => undefined,
    ...more,
  })

  it.each([
    ['draw throws', faulty({ draw: boom }), 'draw threw Error: boom'],
    ['draw gives a number', faulty({ draw: () => bad(5) }), 'draw gave 5, which is no plan'],
    ['draw gives null', faulty({ draw: () => bad(null) }), 'draw gave null, which is no plan'],
    [
      'draw gives a fault of no kind',
      faulty({ draw: () => bad({ schedule: [[{ kind: 'flood' }]] }) }),
      "draw gave { schedule: [ [ { kind: 'flood' } ] ] }, which is no plan",
    ],
    ['all throws', faulty({ all: boom }), 'all threw Error: boom'],
    ['all gives no list', faulty({ all: () => bad(5) }), 'all threw TypeError'],
    ['series throws', faulty({ series: boom }), 'series threw Error: boom'],
  ])('%s: the scenario and the member are named', (_, faultClass, what) => {
    expect(() => classes([faultClass], 1)).toThrow(
      expect.objectContaining({
        code: 'SCENARIO_INVALID',
        message: expect.stringContaining(`scenario pages: faults "mine".${what}`),
      }),
    )
  })

  it('a sometimes whose directed case cannot be made is named', () => {
    const scenario = {
      ...pages,
      sometimes: [{ name: 'rare', happened: () => true, directed: boom }],
    }
    const workload = workloadOfSeed(scenario, notebook(), 'abc')
    const group: Group = { scenario, system: notebook(), seed: 'abc', workload }
    expect(() => planCases(group, { workload, ops: [] }).next()).toThrow(
      'scenario pages: sometimes "rare".directed threw Error: boom',
    )
  })

  it('a workload that throws when it is drawn is named', () => {
    const scenario = { ...pages, workload: fc.constant(0).map(boom) }
    expect(() => workloadOfSeed(scenario, notebook(), 'abc')).toThrow(
      expect.objectContaining({
        code: 'SCENARIO_INVALID',
        message: expect.stringContaining('scenario pages: workload threw Error'),
      }),
    )
  })
})

it('a shrink path that leads to no workload is told as a mistake in the token', () => {
  expect(() => workloadOfSeed(pages, notebook(), 'abc', '0:0:0:0:0:0:9')).toThrow(
    expect.objectContaining({
      code: 'TOKEN_SYNTAX',
      message: expect.stringMatching(
        /^the path 0\.0\.0\.0\.0\.0\.9 leads to no workload of scenario pages/,
      ),
    }),
  )
})
