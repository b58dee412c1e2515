import { describe, expect, it } from 'vitest'
import { NotJsonError } from '../../src/errors.ts'
import { assertJson, assertValue, copyJson, jsonDepthMax, valueDepthMax } from '../../src/json.ts'
import type { JsonValue } from '../../src/json.ts'
import { loop } from '../../src/loop.ts'
import { spawn } from '../../src/children.ts'
import { step } from '../../src/steps.ts'
import { Bench, driver, type Code } from './runtime/bench-run.ts'

function nested(depth: number): JsonValue {
  let value: JsonValue = 1
  for (let level = 0; level < depth; level += 1) value = [value]
  return value
}

describe('a value', () => {
  it('is taken down to its depth, and a record that holds it too', () => {
    expect(() => assertJson(nested(jsonDepthMax))).not.toThrow()
    expect(() => assertJson(nested(jsonDepthMax + 1))).toThrow(NotJsonError)
    expect(() => assertValue(nested(valueDepthMax), 'v')).not.toThrow()
    expect(() => assertValue(nested(valueDepthMax + 1), 'v')).toThrow(NotJsonError)
  })

  it('with a method that JSON would ask is refused, an array too', () => {
    class Strange extends Array<number> {
      toJSON(): string {
        return 'x'
      }
    }
    expect(() => assertJson(new Strange())).toThrow(/toJSON/)
  })

  it('that is copied is equal, and nobody else has it', () => {
    const value = { a: [1, { b: null }], c: 'x' }
    const copy = copyJson(value)
    expect(copy).toEqual(value)
    value.a.push(2)
    expect(copy.a).toHaveLength(2)
  })
})

describe('the deepest value that is taken', () => {
  const deep = nested(valueDepthMax)
  it.each<[string, Code]>([
    ['step', (scope) => step(scope, 's', () => deep)],
    [
      'child',
      (scope) =>
        spawn(
          scope,
          'c',
          driver(async () => deep),
          deep,
        ).result,
    ],
    [
      'loop',
      (scope) =>
        loop(scope, 'l', { initial: deep, iterate: async (state) => ({ state, done: true }) }),
    ],
    ['run', async () => deep],
  ])('as the result of a %s: is recorded, and comes back', async (_, code) => {
    const bench = new Bench()
    expect(await bench.live(code)).toEqual(deep)
    expect(await bench.live(code)).toEqual(deep)
  })
})

describe('what a driver is given', () => {
  it('is what was recorded, whatever becomes of the object that it was given as', async () => {
    const bench = new Bench()
    const shared: number[] = []
    const seen: unknown[] = []
    const code: Code = async (scope) => {
      shared.length = 0
      const push = (): number[] => [shared.push(0), shared][1] as number[]
      const first = await step(scope, 'a', push)
      await step(scope, 'b', push)
      const task = { n: 0 }
      const children = [1, 2].map((n) => {
        task.n = n
        return spawn(scope, `c${n}`, { name: 'c', run: async (__, given) => given }, task).result
      })
      const state = await loop<readonly number[]>(scope, 'l', {
        initial: [],
        iterate: async (_, __, index) => ({ state: push(), done: index === 1 }),
      })
      push()
      // As it is now: what it is later would not tell.
      seen.push(structuredClone([first, await Promise.all(children), state]))
      return null
    }
    await bench.dieAt(Promise.resolve(), async (scope) => {
      await code(scope)
      await new Promise(() => {})
    })
    await bench.live(code)
    expect(seen[0]).toEqual([[0], [{ n: 1 }, { n: 2 }], [0, 0, 0, 0]])
    expect(seen[1]).toEqual(seen[0])
  })
})
