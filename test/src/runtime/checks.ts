/**
 * What must hold of every course of every program, judged from the ledger and the records alone.
 */
import { resources } from '../../../src/amounts.ts'
import { Budget } from '../../../src/budget.ts'
import type { JournalRecord } from '../../../src/journal.ts'
import { isWithin, parentPath } from '../../../src/keys.ts'
import { decodeRecords, type PlacedRecord, type RunRecord } from '../../../src/records.ts'
import { materializeTree, replayTree, type TreeNode } from '../../../src/tree.ts'
import type { Entry } from './interpret.ts'
import type { Course } from './lives.ts'
import type { Program } from './program.ts'

type Begin = Extract<Entry, { mark: 'begin' | 'effect' }>

export interface Judged extends Course {
  readonly placed: readonly PlacedRecord[]
}

/** Throws an error that says what does not hold. */
export function checkCourse(program: Program, course: Course): void {
  const judged: Judged = { ...course, placed: decodeRecords(course.records) }
  checkRecords(judged)
  checkCommittedNeverAgain(judged)
  checkOnce(judged)
  checkKeys(judged)
  checkOrder(judged)
  checkSameResults(judged)
  checkTimers(judged)
  checkSignals(judged)
  checkBudget(program, judged)
  checkTree(course.records)
}

function fail(what: string): never {
  throw new Error(what)
}

/** One decision is one record, and nothing follows the end. */
function checkRecords({ placed }: Judged): void {
  const settled = new Set<string>()
  const iterations = new Map<string, number>()
  for (const [index, { record }] of placed.entries()) {
    if ((record.type === 'begin') !== (index === 0)) fail(`begin record at ${index}`)
    if (record.type === 'end' && index !== placed.length - 1) fail('a record after the end')
    if (!('key' in record)) continue
    for (const key of settled)
      if (isWithin(record.key, key)) fail(`${record.type} ${record.key} after ${key} settled`)
    const inCommitted = [...iterations].find(([loop, last]) =>
      Array.from({ length: last + 1 }).some((_, done) => isWithin(record.key, `${loop}/${done}`)),
    )
    if (inCommitted !== undefined)
      fail(`${record.type} ${record.key} in an iteration that is committed`)
    if (record.type === 'settle') settled.add(record.key)
    if (record.type !== 'iterate') continue
    if (record.index !== (iterations.get(record.key) ?? -1) + 1)
      fail(`iteration ${record.index} of ${record.key}`)
    iterations.set(record.key, record.index)
    if (record.done) settled.add(record.key)
  }
}

/** No body and no child begins that had settled before, or whose iteration or parent had. */
function checkCommittedNeverAgain({ placed, ledger }: Judged): void {
  for (const entry of ledger) {
    if (entry.mark !== 'begin' && entry.mark !== 'child') continue
    for (const { record } of placed.slice(0, entry.durable)) {
      if (record.type === 'end') fail(`${entry.key} begins after the run ended`)
      if (record.type === 'settle' && isWithin(entry.key, record.key))
        fail(`${entry.key} begins again`)
      if (record.type === 'iterate' && isWithin(entry.key, `${record.key}/${record.index}`))
        fail(`${entry.key} begins again in a committed iteration`)
    }
  }
}

/** A once effect happens at most once over all lives, after an intent of the same life. */
function checkOnce({ placed, ledger }: Judged): void {
  const begun = new Set<string>()
  for (const entry of ledger) {
    if (entry.mark !== 'begin' || entry.effect !== 'once') continue
    const attempt = `${entry.unit} attempt ${entry.attempt}`
    if (begun.has(attempt)) fail(`${attempt} begins twice`)
    begun.add(attempt)
    const intent = placed
      .slice(0, entry.durable)
      .some(
        ({ record, epoch }) =>
          record.type === 'intent' && record.key === entry.key && epoch === entry.life,
      )
    if (!intent) fail(`${attempt} begins without a durable intent`)
  }
}

/** One unit, one idempotency key; two units, two keys. */
function checkKeys({ ledger }: Judged): void {
  const keys = new Map<string, string>()
  for (const entry of ledger) {
    if (entry.mark !== 'begin') continue
    const known = keys.get(entry.unit) ?? entry.idempotencyKey
    if (known !== entry.idempotencyKey)
      fail(`${entry.unit} has keys ${known} and ${entry.idempotencyKey}`)
    keys.set(entry.unit, known)
  }
  if (new Set(keys.values()).size !== keys.size) fail('two units share an idempotency key')
}

/** Results reach the driver of a scope in the order of their records, in every life. */
function checkOrder({ placed, ledger }: Judged): void {
  const seqs = new Map<string, number>()
  for (const { seq, record } of placed)
    if (record.type === 'settle' || (record.type === 'iterate' && record.done))
      seqs.set(record.key.replace(/~\d+$/, ''), seq)
  const last = new Map<string, { readonly key: string; readonly seq: number }>()
  for (const entry of ledger) {
    if (entry.mark !== 'observed') continue
    const seq = seqs.get(entry.key)
    if (seq === undefined) fail(`${entry.key} was observed and is not recorded`)
    const scope = `${entry.life} ${entry.scope}`
    const before = last.get(scope)
    if (before !== undefined && before.seq > seq)
      fail(`${entry.key} was observed after ${before.key}`)
    last.set(scope, { key: entry.key, seq })
  }
}

/** What a driver is told of a unit never changes. */
function checkSameResults({ ledger }: Judged): void {
  const told = new Map<string, string>()
  for (const entry of ledger) {
    if (entry.mark !== 'observed') continue
    const known = told.get(entry.key) ?? entry.came
    if (known !== entry.came) fail(`${entry.key} was ${known} and is ${entry.came}`)
    told.set(entry.key, known)
  }
}

/** A timer fires when it is due and not before, and its due time never moves. */
function checkTimers({ placed, ledger }: Judged): void {
  const dues = new Map<string, number>()
  for (const { record } of placed) {
    if (record.type !== 'intent' || record.due === undefined) continue
    if (dues.has(record.key)) fail(`timer ${record.key} is armed twice`)
    dues.set(record.key, record.due)
  }
  const fired = new Map<string, number>()
  for (const entry of ledger) {
    if (entry.mark !== 'fired') continue
    if (entry.at < entry.due) fail(`timer ${entry.unit} fired before it was due`)
    if ((fired.get(entry.unit) ?? entry.due) !== entry.due) fail(`timer ${entry.unit} slid`)
    fired.set(entry.unit, entry.due)
  }
}

/** No message is consumed by two records, and what was received is what was sent. */
function checkSignals({ placed, ledger }: Judged): void {
  const consumed = new Set<string>()
  for (const { record } of placed) {
    if (!('message' in record) || record.message === undefined) continue
    if (consumed.has(record.message)) fail(`message ${record.message} was consumed twice`)
    consumed.add(record.message)
  }
  const byUnit = new Map<string, string>()
  for (const entry of ledger) {
    if (entry.mark !== 'received') continue
    if ((byUnit.get(entry.unit) ?? entry.payload) !== entry.payload)
      fail(`${entry.unit} received two signals`)
    byUnit.set(entry.unit, entry.payload)
  }
  if (new Set(byUnit.values()).size !== byUnit.size) fail('two waits received one signal')
}

/** B1 at every point, nothing spent beyond the limit, and every amount that was metered is charged. */
function checkBudget({ budget: limit }: Program, { placed, ledger }: Judged): void {
  const budget = new Budget()
  for (const { record } of placed) {
    budget.apply(record)
    for (const path of budget.paths())
      for (const resource of resources) {
        const state = budget.state(path, resource)
        if (state === undefined) continue
        const sum = state.free + state.reserved + state.committed
        if (state.limit !== sum)
          fail(`pool ${path}: ${state.limit} ${resource} of ${sum} after ${record.type}`)
        if (state.reserved < 0 || state.committed < 0 || state.free < 0)
          fail(`pool ${path}: ${JSON.stringify(state)} ${resource} after ${record.type}`)
      }
  }
  const metered = ledger.reduce((sum, entry) => sum + (entry.mark === 'effect' ? entry.cost : 0), 0)
  if (metered > (limit ?? Number.POSITIVE_INFINITY)) fail(`${metered} was spent of ${limit}`)
  const root = budget.state('', 'money')
  if (root !== undefined && metered > root.committed + root.reserved)
    fail(`${metered} was spent, ${root.committed} committed and ${root.reserved} reserved`)
}

/** The readers agree with the records, on every prefix of them. */
function checkTree(records: readonly JournalRecord[]): void {
  for (let length = 1; length <= records.length; length++) {
    const prefix = records.slice(0, length)
    const epoch = prefix.at(-1)?.epoch ?? 0
    checkNode(materializeTree(prefix, epoch + 1), undefined)
    const keys = replayTree(prefix).map(({ key }) => key)
    if (new Set(keys).size !== keys.length) fail('replayTree settles a unit twice')
  }
  const tree = materializeTree(records)
  for (const { key, status } of replayTree(records))
    if (nodeAt(tree, key)?.status !== status) fail(`${key} is ${status} and not so in the tree`)
}

function checkNode(node: TreeNode, above: TreeNode | undefined): void {
  if ((above === undefined) !== (node.key === '')) fail(`node ${node.key} is not below its parent`)
  if (above !== undefined) {
    if (parentPath(node.key) !== above.key) fail(`node ${node.key} is below ${above.key}`)
    if (node.firstSeq < above.firstSeq) fail(`node ${node.key} is older than its parent`)
    if (node.lastSeq > above.lastSeq) fail(`node ${node.key} is younger than its parent`)
    const isAboveOver = above.status !== 'running'
    if (isAboveOver && (node.status === 'running' || node.status === 'in-doubt'))
      fail(`node ${node.key} is ${node.status} below ${above.key}, which is ${above.status}`)
  }
  if (node.firstSeq > node.lastSeq) fail(`node ${node.key} ends before it begins`)
  for (const child of node.children) checkNode(child, node)
}

function nodeAt(node: TreeNode, key: string): TreeNode | undefined {
  if (node.key === key) return node
  for (const child of node.children) {
    const found = isWithin(key, child.key) ? nodeAt(child, key) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

export type { Begin, RunRecord }
