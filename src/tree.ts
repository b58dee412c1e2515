/**
 * Readers of a run's records: pure functions, for inspectors and for people.
 *
 * `replayTree` gives what was settled, in the order in which a resumed driver is handed it. `materializeTree` gives every
 * node that the records mention, with its status, spend and doubts.
 */
import type { JsonValue } from './json.ts'
import type { JournalRecord } from './journal.ts'
import { isWithin, parentPath } from './keys.ts'
import {
  decodeRecords,
  type Amounts,
  type PlacedRecord,
  type RecordedError,
  type RunRecord,
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
  readonly key: string
  readonly kind: UnitKind | 'run'
  status: NodeStatus
  /** Of the first and last record that names it. */
  firstSeq: number
  lastSeq: number
  firstEpoch: number
  lastEpoch: number
  /** How often it was begun: intents written. */
  attempts: number
  /** Of a loop: iterations committed. */
  iterations: number
  value?: JsonValue
  error?: RecordedError
  spend?: Amounts
  /** Of a timer, absolute. */
  due?: number
  readonly children: TreeNode[]
}

/** What the records settled, in journal order. Throws `JournalCorruptError` for records that are not a run's. */
export function replayTree(records: readonly JournalRecord[]): readonly SettledNode[] {
  const settled = new Map<string, SettledNode>()
  for (const { seq, epoch, record } of decodeRecords(records)) {
    if (record.type === 'end') break
    if (record.type !== 'settle' || settled.has(record.key)) continue
    const { key, kind, status, value, error, spend } = record
    settled.set(key, {
      key,
      kind,
      seq,
      epoch,
      status,
      ...(value === undefined ? {} : { value }),
      ...(error === undefined ? {} : { error }),
      ...(spend === undefined ? {} : { spend }),
    })
  }
  return [...settled.values()]
}

/**
 * The whole tree. `epoch` is the last life known to the journal: what an earlier one began and did not settle is in doubt,
 * what this one began is running. Throws `JournalCorruptError` for records that are not a run's.
 */
export function materializeTree(records: readonly JournalRecord[], epoch: number): TreeNode {
  const root = newNode('', 'run', { seq: 0, epoch: 0 })
  root.status = 'running'
  const nodes = new Map<string, TreeNode>([['', root]])
  for (const placed of decodeRecords(records)) {
    if (isOver(root)) break
    apply(nodes, root, placed)
  }
  closeOpenNodes(root, epoch, false)
  return root
}

function apply(nodes: Map<string, TreeNode>, root: TreeNode, placed: PlacedRecord): void {
  const { record } = placed
  if (record.type === 'begin') {
    touch(root, placed)
    return
  }
  if (record.type === 'end') {
    touch(root, placed)
    root.status = record.status
    copyResult(root, record)
    return
  }
  const node = nodeAt(nodes, record.key, kindOf(record), placed)
  if (isOver(node)) return
  touch(node, placed)
  switch (record.type) {
    case 'intent':
      node.attempts += 1
      if (record.due !== undefined) node.due = record.due
      return
    case 'spawn':
      node.attempts += 1
      return
    case 'settle':
      node.status = record.status
      copyResult(node, record)
      return
    case 'iterate':
      node.iterations = record.index + 1
      if (record.done) node.status = 'done'
      node.value = record.state
      return
  }
}

function kindOf(record: Exclude<RunRecord, { type: 'begin' | 'end' }>): UnitKind {
  if (record.type === 'spawn') return 'child'
  return record.type === 'iterate' ? 'loop' : record.kind
}

function nodeAt(
  nodes: Map<string, TreeNode>,
  key: string,
  kind: UnitKind,
  placed: { readonly seq: number; readonly epoch: number },
): TreeNode {
  const known = nodes.get(key)
  if (known !== undefined) return known
  const node = newNode(key, kind, placed)
  nodes.set(key, node)
  // An iteration (`loop/3`) has no record of its own while it runs: its path stands for it, below its loop.
  const parent = key === '' ? undefined : nodeAt(nodes, parentPath(key), 'loop', placed)
  parent?.children.push(node)
  return node
}

function newNode(
  key: string,
  kind: UnitKind | 'run',
  { seq, epoch }: { readonly seq: number; readonly epoch: number },
): TreeNode {
  return {
    key,
    kind,
    status: 'running',
    firstSeq: seq,
    lastSeq: seq,
    firstEpoch: epoch,
    lastEpoch: epoch,
    attempts: 0,
    iterations: 0,
    children: [],
  }
}

function touch(
  node: TreeNode,
  { seq, epoch }: { readonly seq: number; readonly epoch: number },
): void {
  if (node.firstSeq === 0) {
    node.firstSeq = seq
    node.firstEpoch = epoch
  }
  node.lastSeq = seq
  node.lastEpoch = epoch
}

function copyResult(
  node: TreeNode,
  from: { readonly value?: JsonValue; readonly error?: RecordedError; readonly spend?: Amounts },
): void {
  if (from.value !== undefined) node.value = from.value
  if (from.error !== undefined) node.error = from.error
  if (from.spend !== undefined) node.spend = from.spend
}

function isOver(node: TreeNode): boolean {
  return node.status !== 'running'
}

function closeOpenNodes(node: TreeNode, epoch: number, aboveIsOver: boolean): void {
  if (node.status === 'running' && aboveIsOver) node.status = 'abandoned'
  else if (node.status === 'running' && isInDoubt(node, epoch)) node.status = 'in-doubt'
  const over = aboveIsOver || isOver(node)
  for (const child of node.children) {
    const committed =
      node.kind === 'loop' &&
      isWithin(child.key, `${node.key}`) &&
      isCommittedIteration(node, child)
    closeOpenNodes(child, epoch, (over && node.status !== 'in-doubt') || committed)
  }
}

function isInDoubt(node: TreeNode, epoch: number): boolean {
  const canBeInDoubt = node.kind === 'step' || node.kind === 'tool' || node.kind === 'command'
  return canBeInDoubt && node.lastEpoch < epoch
}

function isCommittedIteration(loop: TreeNode, child: TreeNode): boolean {
  const index = Number(child.key.slice(loop.key.length + 1))
  return Number.isInteger(index) && index < loop.iterations
}
