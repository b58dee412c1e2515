/**
 * Which result of a turn's window answers which of its calls. By id where both have one, by name in order where one of
 * them has none (Gemini), never beyond the window.
 */
import type { CallSlot, ResultSlot, Turn } from './reading.ts'

export interface Pairing {
  readonly answers: ReadonlyMap<CallSlot, ResultSlot>
  /** Results of calls that have one already. */
  readonly duplicates: readonly ResultSlot[]
  /** Results of no call of the turn. */
  readonly strays: readonly ResultSlot[]
  /** Half-answered groups of which it cannot be told which calls were answered. */
  readonly uncertain: readonly UncertainGroup[]
}

/** Calls that only their order tells apart (no ids, or one id for several), with fewer results than calls. */
export interface UncertainGroup {
  readonly calls: readonly CallSlot[]
  readonly results: readonly ResultSlot[]
}

export function pair(turn: Turn): Pairing {
  const answers = new Map<CallSlot, ResultSlot>()
  const left: ResultSlot[] = []
  for (const result of turn.results) {
    const call = turn.calls.find((call) => !answers.has(call) && sameId(call, result))
    if (call === undefined) left.push(result)
    else answers.set(call, result)
  }
  const duplicates: ResultSlot[] = []
  const strays: ResultSlot[] = []
  const byName = new Set<CallSlot>()
  for (const result of left) {
    const call = turn.calls.find((call) => !answers.has(call) && sameName(call, result))
    if (call === undefined) {
      const others = belongs(turn, result) ? duplicates : strays
      others.push(result)
      continue
    }
    byName.add(call)
    answers.set(call, result)
  }
  return { answers, duplicates, strays, uncertain: uncertainGroups(turn, answers, byName) }
}

function uncertainGroups(
  turn: Turn,
  answers: ReadonlyMap<CallSlot, ResultSlot>,
  byName: ReadonlySet<CallSlot>,
): UncertainGroup[] {
  const groups = [
    ...repeated(turn.calls.map((call) => call.id)).map((id) =>
      turn.calls.filter((call) => call.id === id && !byName.has(call)),
    ),
    ...[...new Set([...byName].map((call) => call.name))].map((name) =>
      turn.calls.filter((call) => call.name === name && (byName.has(call) || !answers.has(call))),
    ),
  ]
  return groups.flatMap((calls) => {
    const results = calls.flatMap((call) => answers.get(call) ?? [])
    return results.length > 0 && results.length < calls.length ? [{ calls, results }] : []
  })
}

/** The ids that more than one call has. */
function repeated(ids: readonly (string | undefined)[]): readonly string[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const id of ids) {
    if (id === undefined) continue
    if (seen.has(id)) twice.add(id)
    seen.add(id)
  }
  return [...twice]
}

function sameId(call: CallSlot, result: ResultSlot): boolean {
  return call.id !== undefined && call.id === result.id
}

function sameName(call: CallSlot, result: ResultSlot): boolean {
  return (call.id === undefined || result.id === undefined) && call.name === result.name
}

function belongs(turn: Turn, result: ResultSlot): boolean {
  return turn.calls.some((call) => sameId(call, result) || sameName(call, result))
}
