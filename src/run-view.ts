/**
 * The run as its records tell it: a pure fold, used by the run loop on resume.
 *
 * Settlements are kept by scope and in journal order, because that is the order in which a resumed driver is handed them.
 * What a committed iteration or a settled child holds inside is dropped as soon as it is committed: its code never runs
 * again, so memory follows what is unfinished and not the length of the run.
 */
import { parentPath } from './keys.ts'
import type {
  BeginRecord,
  EndRecord,
  IntentRecord,
  IterateRecord,
  PlacedRecord,
  SettleRecord,
  SpawnRecord,
} from './records.ts'

/** How a unit ended, and where the journal says so. */
export interface Settlement {
  readonly key: string
  readonly seq: number
  readonly record: SettleRecord | IterateRecord
}

/** What is recorded directly under one path. */
export interface ScopeView {
  /** By key, in journal order; the first settlement of a key is the one that counts. */
  readonly settled: Map<string, Settlement>
  /** Unsettled: every intent, in order; more than one where lives died in doubt. */
  readonly intents: Map<string, IntentRecord[]>
  readonly spawned: Map<string, SpawnRecord>
  /** The last committed iteration of a loop that is not done. */
  readonly iterated: Map<string, IterateRecord>
}

export interface RunView {
  begin?: BeginRecord
  end?: EndRecord
  /** By path. */
  readonly scopes: Map<string, ScopeView>
  /** Inbox messages that a record names. */
  readonly consumed: Set<string>
  /** The last epoch that committed something new: not an intent, not a spawn. */
  progressEpoch: number
  /** Units settled, iterations committed: what a resumed run does not do again. */
  kept: number
}

export function emptyScope(): ScopeView {
  return { settled: new Map(), intents: new Map(), spawned: new Map(), iterated: new Map() }
}

/** Folds records, oldest first. */
export function viewRun(records: readonly PlacedRecord[]): RunView {
  const view: RunView = { scopes: new Map(), consumed: new Set(), progressEpoch: 0, kept: 0 }
  for (const placed of records) addRecord(view, placed)
  return view
}

function addRecord(view: RunView, { seq, epoch, record }: PlacedRecord): void {
  if (record.type !== 'intent' && record.type !== 'spawn') view.progressEpoch = epoch
  switch (record.type) {
    case 'begin':
      view.begin ??= record
      return
    case 'intent': {
      const { intents } = scopeOf(view, record.key)
      intents.set(record.key, [...(intents.get(record.key) ?? []), record])
      return
    }
    case 'spawn':
      scopeOf(view, record.key).spawned.set(record.key, record)
      return
    case 'settle':
      if (record.message !== undefined) view.consumed.add(record.message)
      settle(view, { key: record.key, seq, record })
      return
    case 'iterate':
      if (record.done) settle(view, { key: record.key, seq, record })
      else scopeOf(view, record.key).iterated.set(record.key, record)
      view.kept += 1
      dropBelow(view, record.key)
      return
    case 'end':
      if (record.message !== undefined) view.consumed.add(record.message)
      view.end ??= record
      return
  }
}

function settle(view: RunView, settlement: Settlement): void {
  const scope = scopeOf(view, settlement.key)
  if (scope.settled.has(settlement.key)) return
  scope.settled.set(settlement.key, settlement)
  scope.intents.delete(settlement.key)
  scope.spawned.delete(settlement.key)
  scope.iterated.delete(settlement.key)
  view.kept += 1
  if (settlement.record.type === 'settle' && settlement.record.kind === 'child')
    dropBelow(view, settlement.key)
}

function scopeOf(view: RunView, key: string): ScopeView {
  const path = parentPath(key)
  const known = view.scopes.get(path)
  if (known !== undefined) return known
  const made = emptyScope()
  view.scopes.set(path, made)
  return made
}

/** Forgets what lies below a path whose code never runs again. */
function dropBelow(view: RunView, path: string): void {
  view.scopes.delete(path)
  for (const known of view.scopes.keys())
    if (known.startsWith(`${path}/`)) view.scopes.delete(known)
}
