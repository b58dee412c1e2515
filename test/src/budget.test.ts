import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resources, type Amounts } from '../../src/amounts.ts'
import { Budget, foldBudget } from '../../src/budget.ts'
import { BudgetExceededError } from '../../src/errors.ts'
import { isWithin, parentPath } from '../../src/keys.ts'
import type { RunRecord } from '../../src/records.ts'

const args = 'h'
const begin = (budget?: Amounts): RunRecord => ({
  type: 'begin',
  version: 1,
  at: 0,
  nonce: 'n',
  ...(budget && { budget }),
})
const intent = (key: string, reserve: Amounts): RunRecord => ({
  type: 'intent',
  key,
  args,
  kind: 'step',
  reserve,
})
const settle = (key: string, spend?: Amounts): RunRecord => ({
  type: 'settle',
  key,
  args,
  kind: 'step',
  status: 'done',
  ...(spend && { spend }),
})
const spawn = (key: string, budget?: Amounts): RunRecord => ({
  type: 'spawn',
  key,
  args,
  driver: 'd',
  ...(budget && { budget }),
})
const iterate = (key: string, index: number, done = false): RunRecord => ({
  type: 'iterate',
  key,
  args,
  index,
  state: null,
  done,
})

function fold(...records: readonly RunRecord[]): Budget {
  return foldBudget(records.map((record, index) => ({ seq: index + 1, epoch: 1, record })))
}

const money = (budget: Budget, path = ''): unknown => budget.state(path, 'money')

describe('budget', () => {
  it('an amount is free, then reserved, then committed as it was spent', () => {
    const begun = begin({ money: 10 })
    expect(money(fold(begun))).toEqual({ limit: 10, free: 10, reserved: 0, committed: 0 })
    expect(money(fold(begun, intent('a', { money: 4 })))).toEqual({
      limit: 10,
      free: 6,
      reserved: 4,
      committed: 0,
    })
    expect(money(fold(begun, intent('a', { money: 4 }), settle('a', { money: 3 })))).toEqual({
      limit: 10,
      free: 7,
      reserved: 0,
      committed: 3,
    })
  })

  it('what has no limit is never refused and counted all the same', () => {
    const budget = fold(begin(), settle('a', { tokens: 5 }))
    expect(() => budget.assertFree('b', { tokens: 2 ** 50 })).not.toThrow()
    expect(budget.state('', 'tokens')).toMatchObject({
      limit: Infinity,
      free: Infinity,
      committed: 5,
    })
  })

  it('B3: a call in doubt stays charged in full, also when it is made again', () => {
    const twice = [begin({ money: 10 }), intent('a', { money: 4 }), intent('a', { money: 4 })]
    expect(money(fold(...twice))).toMatchObject({ free: 2, reserved: 8 })
    expect(money(fold(...twice, settle('a', { money: 1 })))).toMatchObject({
      free: 5,
      committed: 5,
    })
  })

  it('B5: what a child did not commit goes back', () => {
    const child = [
      begin({ money: 10 }),
      spawn('c', { money: 6 }),
      intent('c/a', { money: 2 }),
      settle('c/a', { money: 2 }),
    ]
    expect(money(fold(...child), 'c')).toMatchObject({ limit: 6, free: 4, committed: 2 })
    expect(money(fold(...child))).toMatchObject({ free: 4, reserved: 6 })
    expect(money(fold(...child, settle('c')))).toMatchObject({ free: 8, reserved: 0, committed: 2 })
    expect(fold(...child, settle('c')).paths()).toEqual([''])
  })

  it('B5: a child that is run again keeps its pool', () => {
    const again = fold(begin({ money: 10 }), spawn('c', { money: 6 }), spawn('c', { money: 6 }))
    expect(money(again)).toMatchObject({ reserved: 6 })
  })

  it('B6: a call in doubt below a settled child stays charged, a pool below it goes back', () => {
    const budget = fold(
      begin({ money: 20 }),
      spawn('c'),
      intent('c/a', { money: 3 }),
      spawn('c/d', { money: 5 }),
      intent('c/d/b', { money: 1 }),
      settle('c'),
    )
    expect(money(budget)).toEqual({ limit: 20, free: 16, reserved: 0, committed: 4 })
  })

  it('B6: holds below a committed iteration', () => {
    const budget = fold(
      begin({ money: 20 }),
      spawn('l/0/c', { money: 5 }),
      intent('l/0/a', { money: 2 }),
      iterate('l', 0),
    )
    expect(money(budget)).toEqual({ limit: 20, free: 18, reserved: 0, committed: 2 })
    expect(budget.state('', 'iterations')).toMatchObject({ committed: 1 })
  })

  it('what a child does not limit is limited above it', () => {
    const budget = fold(
      begin({ money: 3 }),
      spawn('c', { tokens: 100 }),
      intent('c/a', { money: 2, tokens: 60 }),
    )
    expect(() => budget.assertFree('c/b', { money: 2 })).toThrow(BudgetExceededError)
    expect(() => budget.assertFree('c/b', { tokens: 41 })).toThrow(
      /budget of child c does not cover c\/b: asked for 41 tokens, free 40/,
    )
    expect(money(budget)).toMatchObject({ reserved: 2 })
    expect(budget.state('', 'tokens')).toMatchObject({ reserved: 100 })
  })

  it('a call that spent more than it reserved is charged in full, and nothing more is free', () => {
    const budget = fold(begin({ money: 5 }), intent('a', { money: 2 }), settle('a', { money: 7 }))
    expect(money(budget)).toMatchObject({ free: -2, committed: 7 })
    expect(() => budget.assertFree('b', { money: 1 })).toThrow(BudgetExceededError)
    expect(() => budget.assertFree('b', { money: 0 })).not.toThrow()
  })

  it('an iteration under way is reserved, in memory only, until it is committed or its loop ends', () => {
    const budget = fold(begin({ iterations: 2 }))
    budget.reserveIteration('l')
    expect(budget.state('', 'iterations')).toMatchObject({ free: 1, reserved: 1 })
    budget.apply(iterate('l', 0))
    budget.reserveIteration('l')
    expect(budget.state('', 'iterations')).toEqual({ limit: 2, free: 0, reserved: 1, committed: 1 })
    expect(() => budget.reserveIteration('m')).toThrow(BudgetExceededError)
    budget.apply({ type: 'settle', key: 'l', args, kind: 'loop', status: 'failed' })
    expect(budget.state('', 'iterations')).toEqual({ limit: 2, free: 1, reserved: 0, committed: 1 })
  })

  it('two loops side by side do not begin more iterations than there are', () => {
    const budget = fold(begin({ iterations: 1 }))
    budget.reserveIteration('l')
    expect(() => budget.reserveIteration('m')).toThrow(BudgetExceededError)
  })
})

/** What the pools come to, worked out from the whole history without any state. */
function naive(
  records: readonly RunRecord[],
  path: string,
  resource: 'tokens' | 'money',
): { reserved: number; committed: number } {
  let reserved = 0
  let committed = 0
  for (const [index, record] of records.entries()) {
    if (!('key' in record)) continue
    const amount =
      record.type === 'intent'
        ? record.reserve?.[resource]
        : record.type === 'spawn'
          ? record.budget?.[resource]
          : undefined
    if (amount !== undefined && poolOf(records, record.key, resource) === path) {
      const over = records.findIndex((other, at) => at > index && ends(other, record.key))
      if (over === -1) reserved += amount
      else if (record.type === 'intent' && !isLastHold(records, index, over)) committed += amount
    }
    if (record.type !== 'settle' || poolOf(records, record.key, resource) !== path) continue
    const pool = records.find((other) => other.type === 'spawn' && other.key === record.key)
    if (pool?.type === 'spawn' && pool.budget?.[resource] !== undefined) continue
    committed += record.spend?.[resource] ?? 0
  }
  for (const record of records) {
    if (record.type !== 'spawn' || record.budget?.[resource] === undefined) continue
    if (poolOf(records, record.key, resource) !== path) continue
    if (!records.some((other) => ends(other, record.key))) continue
    const inner = naive(records, record.key, resource)
    committed += inner.committed + inner.reserved
  }
  return { reserved, committed }
}

function ends(record: RunRecord, key: string): boolean {
  return record.type === 'settle' && isWithin(key, record.key)
}

/** True where the hold is the one that the settlement of its own key settles. */
function isLastHold(records: readonly RunRecord[], index: number, over: number): boolean {
  const record = records[index]
  const settled = records[over]
  if (record?.type !== 'intent' || settled?.type !== 'settle' || settled.key !== record.key)
    return false
  return !records
    .slice(index + 1, over)
    .some((other) => other.type === 'intent' && other.key === record.key)
}

function poolOf(records: readonly RunRecord[], key: string, resource: 'tokens' | 'money'): string {
  for (let path = parentPath(key); path !== ''; path = parentPath(path))
    if (
      records.some(
        (record) =>
          record.type === 'spawn' && record.key === path && record.budget?.[resource] !== undefined,
      )
    )
      return path
  return ''
}

/** Histories that a run could write: children first, nothing below what is settled. */
const histories = fc
  .array(
    fc.record({
      what: fc.constantFrom('intent', 'settle', 'spawn'),
      key: fc.constantFrom('a', 'b', 'c', 'c/a', 'c/b', 'c/d', 'c/d/a', 'e', 'e/a'),
      tokens: fc.option(fc.nat({ max: 9 })),
      money: fc.option(fc.nat({ max: 9 })),
    }),
    { maxLength: 14 },
  )
  .map((drawn) => {
    const records: RunRecord[] = [begin({ money: 30 })]
    for (const { what, key, tokens, money: amount } of drawn) {
      const isScope = ['c', 'c/d', 'e'].includes(key)
      const spawned = (path: string): boolean =>
        path === '' || records.some((record) => record.type === 'spawn' && record.key === path)
      const isOver = records.some((record) => ends(record, key))
      if (isOver || !spawned(parentPath(key))) continue
      const amounts: Amounts = {
        ...(tokens !== null && { tokens }),
        ...(amount !== null && { money: amount }),
      }
      if (isScope && !spawned(key)) records.push(spawn(key, amounts))
      else if (isScope && what === 'settle') records.push(settle(key))
      else if (!isScope && what === 'settle') records.push(settle(key, amounts))
      else if (!isScope && what === 'intent') records.push(intent(key, amounts))
    }
    return records
  })

describe('budget laws', () => {
  it('B1 and B2: the pools agree with the whole history, after every record', () => {
    fc.assert(
      fc.property(histories, (records) => {
        for (let length = 1; length <= records.length; length++) {
          const prefix = records.slice(0, length)
          const budget = fold(...prefix)
          for (const path of budget.paths()) {
            for (const resource of ['tokens', 'money'] as const) {
              const state = budget.state(path, resource)
              if (state === undefined) continue
              expect(state.free + state.reserved + state.committed).toBe(state.limit)
              const isLimited =
                path === '' ||
                prefix.some(
                  (record) =>
                    record.type === 'spawn' &&
                    record.key === path &&
                    record.budget?.[resource] !== undefined,
                )
              if (isLimited)
                expect({
                  path,
                  resource,
                  reserved: state.reserved,
                  committed: state.committed,
                }).toEqual({ path, resource, ...naive(prefix, path, resource) })
            }
          }
          expect(resources.every((resource) => budget.state('', resource) !== undefined)).toBe(true)
        }
      }),
      { seed: 5, numRuns: 400 },
    )
  })
})
