/**
 * Budgets: what a run and its children may spend, over all its lives.
 *
 * A pool holds limits: the run's, and one for every child that was given a budget of its own. An amount is *reserved*
 * before a call begins, durably, and becomes *committed* when the call is settled: what it really spent. It counts in the
 * nearest pool above that limits its resource. At any time, per pool and resource,
 *
 *   B1  limit = free + reserved + committed
 *   B2  a restart changes nothing: the pools are folded from the journal and nothing else, so it mints nothing
 *   B3  a call in doubt stays charged with its full reservation; if it is made again it reserves anew
 *   B4  a reservation whose call never started goes back: an intent that was refused is never written
 *   B5  a child's pool is a reservation in the pools above; when the child settles, what it did not commit goes back
 *   B6  what is unsettled below a unit that settled can never settle itself: its calls stay charged in full (B3), its
 *       pools go back (B5)
 *
 * A call that spends more than it reserved is charged what it spent; `free` is then negative and nothing more begins.
 * An iteration under way is reserved in memory only: it leaves no record until it is committed, and then it is one.
 */
import { resources, type Amounts, type Resource } from './amounts.ts'
import { BudgetExceededError } from './errors.ts'
import type { PlacedRecord, RunRecord } from './records.ts'

/** One pool's numbers for one resource; `limit` and `free` are `Infinity` where there is no limit. */
export interface PoolState {
  readonly limit: number
  readonly free: number
  readonly reserved: number
  readonly committed: number
}

type Totals = Record<Resource, number>

interface Pool {
  readonly limits: Amounts
  readonly reserved: Totals
  readonly committed: Totals
}

/** A unit that has something to charge, or has such units below. */
interface Node {
  readonly path: string
  readonly below: Map<string, Node>
  /** Open reservations; several where lives died in the call. */
  holds: Amounts[]
  /** Of a child with a budget of its own. */
  pool?: Pool
  /** True while an iteration of this loop is under way in this life. */
  iterating: boolean
}

const oneIteration: Amounts = { iterations: 1 }

export class Budget {
  private readonly root: Node

  constructor(limits: Amounts = {}) {
    this.root = { ...newNode(''), pool: newPool(limits) }
  }

  /** Folds one record, in journal order. The run loop calls it for what it recovered and for what it appends. */
  apply(record: RunRecord): void {
    switch (record.type) {
      case 'begin':
        if (record.budget !== undefined) this.root.pool = newPool(record.budget)
        return
      case 'intent':
        if (record.reserve !== undefined) this.hold(this.at(record.key), record.reserve)
        return
      case 'spawn':
        if (record.budget !== undefined) this.openPool(this.at(record.key), record.budget)
        return
      case 'settle':
        this.settle(record.key, record.spend)
        return
      case 'iterate':
        this.commitIteration(record.key, record.done)
        return
      case 'end':
        return
    }
  }

  /** Throws `BudgetExceededError` unless the pools above `key` have these amounts free. */
  assertFree(key: string, amounts: Amounts): void {
    for (const resource of resources) {
      const asked = amounts[resource] ?? 0
      if (asked === 0) continue
      const { pool, path } = this.poolAbove(key, resource)
      const { free } = stateOf(pool, resource)
      if (asked > free) throw exceeded({ key, path, resource, asked, free })
    }
  }

  /** Takes an iteration out of what is free until it is committed or its loop ends. @throws BudgetExceededError */
  reserveIteration(key: string): void {
    this.assertFree(key, oneIteration)
    const loop = this.at(key)
    loop.iterating = true
    this.charge(key, 'reserved', oneIteration, 1)
  }

  /** The numbers of the pool at `path`, empty for the run's; `undefined` where no pool is open. */
  state(path: string, resource: Resource): PoolState | undefined {
    const pool = this.find(path)?.pool
    return pool === undefined ? undefined : stateOf(pool, resource)
  }

  /** Paths of all open pools; the run's is the empty one. */
  paths(): readonly string[] {
    return poolsBelow(this.root)
  }

  private settle(key: string, spend: Amounts | undefined): void {
    if (spend === undefined && this.find(key) === undefined) return
    const unit = this.at(key)
    this.concludeBelow(unit)
    this.stopIterating(unit)
    const spent = unit.pool === undefined ? (spend ?? {}) : spentIn(unit.pool)
    // All but the last reservation were made by lives that died in the call: what they spent is unknown (B3).
    for (const inDoubt of unit.holds.slice(0, -1)) this.charge(key, 'committed', inDoubt, 1)
    this.release(unit)
    this.charge(key, 'committed', spent, 1)
    this.remove(key)
  }

  private commitIteration(key: string, done: boolean): void {
    const loop = this.find(key)
    if (loop !== undefined) {
      this.concludeBelow(loop)
      this.stopIterating(loop)
      if (done) this.remove(key)
    }
    this.charge(key, 'committed', oneIteration, 1)
  }

  /** B6. */
  private concludeBelow(unit: Node): void {
    for (const inner of unit.below.values()) {
      this.concludeBelow(inner)
      this.stopIterating(inner)
      const spent = inner.pool === undefined ? inner.holds : [spentIn(inner.pool)]
      this.release(inner)
      for (const amounts of spent) this.charge(inner.path, 'committed', amounts, 1)
    }
    unit.below.clear()
  }

  private openPool(unit: Node, limits: Amounts): void {
    if (unit.pool !== undefined) return
    this.hold(unit, limits)
    unit.pool = newPool(limits)
  }

  private hold(unit: Node, amounts: Amounts): void {
    unit.holds.push(amounts)
    this.charge(unit.path, 'reserved', amounts, 1)
  }

  private release(unit: Node): void {
    for (const amounts of unit.holds) this.charge(unit.path, 'reserved', amounts, -1)
    unit.holds = []
  }

  private stopIterating(loop: Node): void {
    if (loop.iterating) this.charge(loop.path, 'reserved', oneIteration, -1)
    loop.iterating = false
  }

  private charge(
    key: string,
    column: 'reserved' | 'committed',
    amounts: Amounts,
    sign: number,
  ): void {
    for (const resource of resources) {
      const amount = amounts[resource] ?? 0
      if (amount !== 0) this.poolAbove(key, resource).pool[column][resource] += sign * amount
    }
  }

  /** The nearest pool above a key that limits a resource; the run's where none does. */
  private poolAbove(
    key: string,
    resource: Resource,
  ): { readonly pool: Pool; readonly path: string } {
    let node: Node | undefined = this.root
    let nearest = { pool: poolOf(this.root), path: '' }
    for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1)) {
      const path = key.slice(0, slash)
      node = node.below.get(path)
      if (node === undefined) break
      if (node.pool?.limits[resource] !== undefined) nearest = { pool: node.pool, path }
    }
    return nearest
  }

  private find(key: string): Node | undefined {
    let node: Node | undefined = this.root
    for (const path of pathsTo(key)) node = node?.below.get(path)
    return node
  }

  private at(key: string): Node {
    let node = this.root
    for (const path of pathsTo(key)) {
      const known = node.below.get(path) ?? newNode(path)
      node.below.set(path, known)
      node = known
    }
    return node
  }

  private remove(key: string): void {
    this.find(key.slice(0, Math.max(0, key.lastIndexOf('/'))))?.below.delete(key)
  }
}

/** Folds the budget of a whole run. */
export function foldBudget(records: readonly PlacedRecord[]): Budget {
  const budget = new Budget()
  for (const { record } of records) budget.apply(record)
  return budget
}

/** `a`, `a/b`, `a/b/c` for `a/b/c`; none for the empty key. */
function pathsTo(key: string): readonly string[] {
  if (key === '') return []
  const paths: string[] = []
  for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1))
    paths.push(key.slice(0, slash))
  return [...paths, key]
}

function newNode(path: string): Node {
  return { path, below: new Map(), holds: [], iterating: false }
}

function newPool(limits: Amounts): Pool {
  return { limits, reserved: zeros(), committed: zeros() }
}

function zeros(): Totals {
  return { iterations: 0, tokens: 0, money: 0 }
}

function poolOf(node: Node): Pool {
  return node.pool ?? newPool({})
}

function poolsBelow(node: Node): readonly string[] {
  const own = node.pool === undefined ? [] : [node.path]
  return [...own, ...[...node.below.values()].flatMap(poolsBelow)]
}

/** What a pool takes out of the one above when it closes: of the resources that it limits; others count above already. */
function spentIn({ limits, reserved, committed }: Pool): Amounts {
  const spent: Partial<Totals> = {}
  for (const resource of resources)
    if (limits[resource] !== undefined) spent[resource] = committed[resource] + reserved[resource]
  return spent
}

function stateOf({ limits, reserved, committed }: Pool, resource: Resource): PoolState {
  const limit = limits[resource] ?? Number.POSITIVE_INFINITY
  return {
    limit,
    reserved: reserved[resource],
    committed: committed[resource],
    free: limit - reserved[resource] - committed[resource],
  }
}

interface Refusal {
  readonly key: string
  readonly path: string
  readonly resource: Resource
  readonly asked: number
  readonly free: number
}

function exceeded({ key, path, resource, asked, free }: Refusal): BudgetExceededError {
  const whose = path === '' ? 'the run' : `child ${path}`
  return new BudgetExceededError(
    `the budget of ${whose} does not cover ${key}: asked for ${asked} ${resource}, free ${free}`,
    {
      hint: 'begin a run with a larger budget; the budget of a run never changes after it began',
      details: { key, resource, asked, free },
    },
  )
}
