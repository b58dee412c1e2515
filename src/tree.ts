/**
 * Readers of a run's records: pure functions, for inspectors and for people.
 *
 * `replayTree` gives what was settled, in the order in which a resumed driver is handed it. `materializeTree` gives every
 * node that the records mention, with its status, spend and doubts.
 */
import { resources, type Amounts } from './amounts.ts'
import type { JsonValue } from './json.ts'
import type { JournalRecord } from './journal.ts'
import { parentPath } from './keys.ts'
import {
  decodeRecords,
  type EndRecord,
  type IterateRecord,
  type PlacedRecord,
  type RecordedError,
  type RunRecord,
  type SettleRecord,
  type SettleStatus,
  type UnitKind,
} from './records.ts'

/** A settled unit, as a resumed driver sees it. */
export interface SettledNode {
  readonly key: string
  readonly kind: UnitKind
  readonly seq: number
  readonly epoch: number
  readonly status: SettleStatus
  /** Of a loop, its last state. */
  readonly value?: JsonValue
  readonly error?: RecordedError
  readonly spend?: Amounts
}

/**
 * `running`: begun and not settled. `in-doubt`: begun in a life that is over, so that nobody knows whether its effect
 * happened. `abandoned`: unsettled below something that ended.
 */
export type NodeStatus = SettleStatus | 'running' | 'in-doubt' | 'abandoned'

export interface TreeNode {
  /** Empty for the run. */
  readonly key: string
  readonly kind: UnitKind | 'run' | 'iteration'
  readonly status: NodeStatus
  /** Of the first and last record that names it or something in it. */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly firstEpoch: number
  readonly lastEpoch: number
  /** How often it was begun: intents and spawns written. */
  readonly attempts: number
  /** Of a loop: iterations committed. */
  readonly iterations: number
  readonly value?: JsonValue
  readonly error?: RecordedError
  /** What it and all below it spent, as far as it is settled. */
  readonly spend: Amounts
  /** Of a timer, absolute, milliseconds since the epoch. */
  readonly due?: number
  readonly children: readonly TreeNode[]
}

/** What the records settled, in journal order. Throws `JournalCorruptError` for records that are not a run's. */
export function replayTree(records: readonly JournalRecord[]): readonly SettledNode[] {
  const settled = new Map<string, SettledNode>()
  for (const { seq, epoch, record } of decodeRecords(records)) {
    if (record.type === 'end') break
    const node = settledNode(record)
    if (node !== undefined && !settled.has(node.key)) settled.set(node.key, { ...node, seq, epoch })
  }
  return [...settled.values()]
}

function settledNode(record: RunRecord): Omit<SettledNode, 'seq' | 'epoch'> | undefined {
  if (record.type === 'iterate') {
    const { key, state, done } = record
    return done ? { key, kind: 'loop', status: 'done', value: state } : undefined
  }
  if (record.type !== 'settle') return undefined
  const { key, kind, status, value, error, spend } = record
  return {
    key,
    kind,
    status,
    ...(value === undefined ? {} : { value }),
    ...(error === undefined ? {} : { error }),
    ...(spend === undefined ? {} : { spend }),
  }
}

/**
 * The whole tree. `epoch` is the last life known to the journal, by default that of the last record: what an earlier one
 * began and did not settle is in doubt, what this one began is running. Throws `JournalCorruptError` for records that are
 * not a run's.
 */
export function materializeTree(records: readonly JournalRecord[], epoch?: number): TreeNode {
  const tree = new Tree()
  for (const placed of decodeRecords(records)) tree.add(placed)
  return tree.finish(epoch ?? records.at(-1)?.epoch ?? 0)
}

type Growing = { -readonly [Member in keyof TreeNode]: TreeNode[Member] } & { children: Growing[] }

class Tree {
  private readonly root: Growing = newNode('', 'run')
  private readonly nodes = new Map<string, Growing>([['', this.root]])

  add({ seq, epoch, record }: PlacedRecord): void {
    if (isOver(this.root)) return
    const node = this.nodeOf(record)
    if (isOver(node)) return
    for (let key = node.key; ; key = parentPath(key)) {
      touch(this.nodes.get(key) ?? node, seq, epoch)
      if (key === '') break
    }
    this.apply(node, record)
  }

  finish(epoch: number): TreeNode {
    closeOpen(this.root, epoch, false)
    return this.root
  }

  private apply(node: Growing, record: RunRecord): void {
    switch (record.type) {
      case 'begin':
        return
      case 'intent':
        node.attempts += 1
        if (record.due !== undefined) node.due = record.due
        return
      case 'spawn':
        node.attempts += 1
        return
      case 'iterate':
        this.iterate(node, record)
        return
      case 'settle':
        if (record.spend !== undefined) node.spend = record.spend
        copyEnd(node, record)
        return
      case 'end':
        copyEnd(node, record)
        return
    }
  }

  private iterate(loop: Growing, { key, index, state, done }: IterateRecord): void {
    const iteration = this.nodes.get(`${key}/${index}`)
    if (iteration !== undefined) iteration.status = 'done'
    loop.iterations = index + 1
    loop.spend = { iterations: index + 1 }
    loop.value = state
    if (done) loop.status = 'done'
  }

  private nodeOf(record: RunRecord): Growing {
    if (record.type === 'begin' || record.type === 'end') return this.root
    if (record.type === 'spawn') return this.at(record.key, 'child')
    return this.at(record.key, record.type === 'iterate' ? 'loop' : record.kind)
  }

  // What holds a unit and has no record of its own is an iteration, and what holds an iteration is its loop.
  private at(key: string, kind: Growing['kind']): Growing {
    const known = this.nodes.get(key)
    if (known !== undefined) return known
    const node = newNode(key, kind)
    this.nodes.set(key, node)
    this.at(parentPath(key), kind === 'iteration' ? 'loop' : 'iteration').children.push(node)
    return node
  }
}

function newNode(key: string, kind: Growing['kind']): Growing {
  return {
    key,
    kind,
    status: 'running',
    firstSeq: 0,
    lastSeq: 0,
    firstEpoch: 0,
    lastEpoch: 0,
    attempts: 0,
    iterations: 0,
    spend: {},
    children: [],
  }
}

function touch(node: Growing, seq: number, epoch: number): void {
  if (node.firstSeq === 0) {
    node.firstSeq = seq
    node.firstEpoch = epoch
  }
  node.lastSeq = seq
  node.lastEpoch = epoch
}

function copyEnd(node: Growing, { status, value, error }: SettleRecord | EndRecord): void {
  node.status = status
  if (value !== undefined) node.value = value
  if (error !== undefined) node.error = error
}

function isOver(node: Growing): boolean {
  return node.status !== 'running'
}

/** Says what became of the nodes that no record ends, and sums up what was spent. */
function closeOpen(node: Growing, epoch: number, aboveIsOver: boolean): void {
  if (!isOver(node)) {
    if (aboveIsOver) node.status = 'abandoned'
    else if (canBeInDoubt(node) && node.lastEpoch < epoch) node.status = 'in-doubt'
  }
  const isClosed = isOver(node) && node.status !== 'in-doubt'
  for (const child of node.children) {
    closeOpen(child, epoch, isClosed)
    node.spend = sum(node.spend, child.spend)
  }
}

function canBeInDoubt({ kind }: Growing): boolean {
  return kind === 'step' || kind === 'tool' || kind === 'command'
}

function sum(left: Amounts, right: Amounts): Amounts {
  const total: { -readonly [R in keyof Amounts]: Amounts[R] } = { ...left }
  for (const resource of resources) {
    const amount = right[resource]
    if (amount !== undefined) total[resource] = (total[resource] ?? 0) + amount
  }
  return total
}
