/**
 * Budgets: what a run and its children may spend, over all its lives.
 *
 * A pool holds limits. An amount is *reserved* before a call begins, durably, and becomes *committed* when the call is
 * settled: what it really spent. At any time, per pool and resource,
 *
 *   B1  limit = free + reserved + committed
 *   B2  a restart changes nothing: the pools are folded from the journal and nothing else, so it mints nothing
 *   B3  a call in doubt stays charged with its full reservation; if it is made again it reserves anew
 *   B4  a reservation whose call never started goes back
 *   B5  a child's pool is a reservation in its parent's; when the child settles, what it did not commit goes back
 *
 * A call that spends more than it reserved is charged what it spent; `free` is then negative and nothing more begins.
 */
import { BudgetExceededError } from './errors.ts'
import { isWithin, parentPath } from './keys.ts'
import type { Amounts, PlacedRecord, RunRecord } from './records.ts'

export const resources = ['iterations', 'tokens', 'money'] as const

export type Resource = (typeof resources)[number]

/** One pool's numbers for one resource; `limit` and `free` are `Infinity` where there is no limit. */
export interface PoolState {
  readonly limit: number
  readonly free: number
  readonly reserved: number
  readonly committed: number
}

interface Pool {
  readonly path: string
  readonly limits: Amounts
  /** Open reservations by key; several where a call was made again. */
  readonly reserved: Map<string, Amounts[]>
  committed: Amounts
}

export class Budget {
  private readonly pools = new Map<string, Pool>()

  constructor(limits: Amounts = {}) {
    this.openPool('', limits)
  }

  /** Folds one record, in journal order. The run loop calls it for what it recovered and for what it appends. */
  apply(record: RunRecord): void {
    switch (record.type) {
      case 'begin':
        if (record.budget !== undefined) this.openPool('', record.budget)
        return
      case 'intent':
        if (record.reserve !== undefined) this.hold(record.key, record.reserve)
        return
      case 'spawn':
        if (record.budget === undefined || this.pools.has(record.key)) return
        this.hold(record.key, record.budget)
        this.openPool(record.key, record.budget)
        return
      case 'settle':
        this.commit(record.key, this.spendOf(record.key, record.spend))
        return
      case 'iterate':
        this.commit(record.key, { iterations: 1 })
        return
      case 'end':
        return
    }
  }

  /** Throws `BudgetExceededError` unless the nearest pool above `key` has these amounts free. */
  assertFree(key: string, amounts: Amounts): void {
    const pool = this.poolAbove(key)
    for (const resource of resources) {
      const asked = amounts[resource] ?? 0
      const { free } = stateOf(pool, resource)
      if (asked > free)
        throw new BudgetExceededError(
          `the budget of ${pool.path === '' ? 'the run' : `child ${pool.path}`} does not cover ${key}: asked for ${asked} ${resource}, free ${free}`,
          {
            hint: 'begin a run with a larger budget; the budget of a run never changes after it began',
            details: { key, resource, asked, free },
          },
        )
    }
  }

  /** The numbers of the pool at `path`; that of the run where the path is empty or holds no pool. */
  state(path: string, resource: Resource): PoolState {
    return stateOf(this.pools.get(path) ?? this.root(), resource)
  }

  private spendOf(key: string, spend: Amounts | undefined): Amounts {
    const child = this.pools.get(key)
    if (child === undefined || key === '') return spend ?? {}
    // Of a child: what it committed and what it still has in doubt; the rest goes back (B5).
    let total: Amounts = child.committed
    for (const held of child.reserved.values())
      for (const amounts of held) total = add(total, amounts)
    this.closePools(key)
    return total
  }

  private openPool(path: string, limits: Amounts): void {
    this.pools.set(path, { path, limits, reserved: new Map(), committed: {} })
  }

  private closePools(path: string): void {
    for (const known of this.pools.keys())
      if (known !== '' && isWithin(known, path)) this.pools.delete(known)
  }

  private hold(key: string, amounts: Amounts): void {
    const { reserved } = this.poolAbove(key)
    reserved.set(key, [...(reserved.get(key) ?? []), amounts])
  }

  private commit(key: string, spend: Amounts): void {
    const pool = this.poolAbove(key)
    const held = pool.reserved.get(key) ?? []
    pool.reserved.delete(key)
    // All but the last were made by lives that died in the call: what they spent is unknown (B3).
    for (const inDoubt of held.slice(0, -1)) pool.committed = add(pool.committed, inDoubt)
    pool.committed = add(pool.committed, spend)
  }

  private poolAbove(key: string): Pool {
    for (let path = parentPath(key); path !== ''; path = parentPath(path)) {
      const pool = this.pools.get(path)
      if (pool !== undefined) return pool
    }
    return this.root()
  }

  private root(): Pool {
    return this.pools.get('') as Pool
  }
}

/** Folds the budget of a whole run. */
export function foldBudget(records: readonly PlacedRecord[]): Budget {
  const budget = new Budget()
  for (const { record } of records) budget.apply(record)
  return budget
}

function stateOf(pool: Pool, resource: Resource): PoolState {
  const limit = pool.limits[resource] ?? Number.POSITIVE_INFINITY
  const committed = pool.committed[resource] ?? 0
  let reserved = 0
  for (const held of pool.reserved.values())
    for (const amounts of held) reserved += amounts[resource] ?? 0
  return { limit, committed, reserved, free: limit - reserved - committed }
}

function add(left: Amounts, right: Amounts): Amounts {
  return {
    iterations: (left.iterations ?? 0) + (right.iterations ?? 0),
    tokens: (left.tokens ?? 0) + (right.tokens ?? 0),
    money: (left.money ?? 0) + (right.money ?? 0),
  }
}
