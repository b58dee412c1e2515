/**
 * The run as its records tell it: a pure fold, used by the run loop on resume.
 *
 * A tree by scope. Settlements are kept in journal order, because that is the order in which a resumed driver is handed
 * them. What a committed iteration or a settled unit holds inside is dropped as soon as it is committed: its code never
 * runs again, so memory follows what is unfinished and not the length of the run.
 */
import { parentPath } from './keys.ts'
import type {
  BeginRecord,
  EndRecord,
  IntentRecord,
  IterateRecord,
  PlacedRecord,
  RunRecord,
  SpawnRecord,
} from './records.ts'
import type { Settlement } from './settlement.ts'

/** What is recorded directly under one path. */
export interface ScopeView {
  /** By key, in journal order; the first settlement of a key is the one that counts. */
  readonly settled: Map<string, Settlement>
  /** Unsettled: every intent, in order; more than one where lives died in doubt. */
  readonly intents: Map<string, IntentRecord[]>
  /** Unsettled. */
  readonly spawned: Map<string, SpawnRecord>
  /** The last committed iteration of a loop that is not over. */
  readonly iterated: Map<string, IterateRecord>
  /** What lies below a unit that is not settled, by its key; below a loop, by the key of the iteration under way. */
  readonly below: Map<string, ScopeView>
}

export interface RunView {
  begin?: BeginRecord
  /** The run's own driver and task, where `begin` does not hold them. */
  driver?: SpawnRecord
  end?: EndRecord
  readonly root: ScopeView
  /** Inbox messages that a record names. */
  readonly consumed: Set<string>
  /** The last epoch that committed something new: not an intent, not a spawn. */
  progressEpoch: number
  /** Units settled, iterations committed: what a resumed run does not do again. */
  kept: number
}

export function emptyScope(): ScopeView {
  return {
    settled: new Map(),
    intents: new Map(),
    spawned: new Map(),
    iterated: new Map(),
    below: new Map(),
  }
}

/** Folds records, oldest first. Nothing after the record that ends the run counts. */
export function viewRun(records: readonly PlacedRecord[]): RunView {
  const view: RunView = { root: emptyScope(), consumed: new Set(), progressEpoch: 0, kept: 0 }
  for (const placed of records) {
    if (view.end !== undefined) break
    addRecord(view, placed)
  }
  return view
}

/** Keys directly under a scope that were begun and not settled, in no stated order. */
export function openKeys(scope: ScopeView): Set<string> {
  const { intents, spawned, iterated, below } = scope
  return new Set([...intents.keys(), ...spawned.keys(), ...iterated.keys(), ...below.keys()])
}

/** The scope at a path, or `undefined` where nothing unfinished is recorded there. */
export function findScope(root: ScopeView, path: string): ScopeView | undefined {
  if (path === '') return root
  return findScope(root, parentPath(path))?.below.get(path)
}

function addRecord(view: RunView, { seq, epoch, record }: PlacedRecord): void {
  if (isProgress(record)) view.progressEpoch = epoch
  if ('message' in record && record.message !== undefined) view.consumed.add(record.message)
  switch (record.type) {
    case 'begin':
      view.begin ??= record
      return
    case 'intent': {
      const { intents } = scopeOf(view, record.key)
      const known = intents.get(record.key)
      if (known === undefined) intents.set(record.key, [record])
      else known.push(record)
      return
    }
    case 'spawn':
      if (record.key === '') view.driver ??= record
      else scopeOf(view, record.key).spawned.set(record.key, record)
      return
    case 'settle':
      settle(view, { key: record.key, seq, record })
      return
    case 'iterate':
      if (record.done) settle(view, { key: record.key, seq, record })
      else iterate(view, record)
      return
    case 'end':
      view.end = record
      return
  }
}

/** Intents and spawns are written again and again by a run that dies in the same place. */
function isProgress({ type }: RunRecord): boolean {
  return type !== 'intent' && type !== 'spawn'
}

function iterate(view: RunView, record: IterateRecord): void {
  const scope = scopeOf(view, record.key)
  if (scope.settled.has(record.key)) return
  scope.iterated.set(record.key, record)
  scope.below.delete(record.key)
  view.kept += 1
}

function settle(view: RunView, settlement: Settlement): void {
  const { key } = settlement
  const scope = scopeOf(view, key)
  if (scope.settled.has(key)) return
  scope.settled.set(key, settlement)
  scope.intents.delete(key)
  scope.spawned.delete(key)
  scope.iterated.delete(key)
  scope.below.delete(key)
  view.kept += 1
}

function scopeOf(view: RunView, key: string): ScopeView {
  return scopeAt(view.root, parentPath(key))
}

function scopeAt(root: ScopeView, path: string): ScopeView {
  if (path === '') return root
  const { below } = scopeAt(root, parentPath(path))
  const known = below.get(path)
  if (known !== undefined) return known
  const made = emptyScope()
  below.set(path, made)
  return made
}
