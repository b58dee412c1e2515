/** The crash map of one trace: what came of crashing at each op, by where at it. */
import { rankOf, type Payload } from './data.ts'

/** Where at an op. */
export const columns = ['before', 'torn', 'after', 'power'] as const
/** One of them. */
export type Column = (typeof columns)[number]

/** What is known of one place. */
export interface Cell {
  readonly verdict: string
  /** Real processes that were killed there. */
  readonly kills: number
  /** Crash states that were built there. */
  readonly states: number
  readonly token: string
}

/** By op, from 1, and column. */
export type Cells = ReadonlyMap<string, Cell>

/** Key of a place. */
export function cellKey(op: number, column: Column): string {
  return `${op} ${column}`
}

/** All places of a trace that something is known of. */
export function cellsOf(payload: Payload, trace: Payload['traces'][number]): Cells {
  const cells = new Map<string, Cell>()
  const add = (op: number, at: Column, cell: Cell): void => {
    const key = cellKey(op, at)
    const known = cells.get(key)
    if (known === undefined) {
      cells.set(key, cell)
      return
    }
    const worse = rankOf(cell.verdict) > rankOf(known.verdict) ? cell : known
    cells.set(key, {
      verdict: worse.verdict,
      token: worse.token,
      kills: known.kills + cell.kills,
      states: known.states + cell.states,
    })
  }
  for (const each of payload.explored) {
    if (each.scenario !== trace.scenario || each.system !== trace.system) continue
    for (const { op, at, states, verdict, schedule } of each.map)
      add(op, at, { verdict, kills: 0, states, token: `${each.prefix}${schedule}` })
  }
  addKills(payload, trace, add)
  return cells
}

/** A kill of the first life on its main stream: `K37`, `K37+`, `K37/17`, alone or with ops that it takes. */
const kill = /^K(\d+)(\+|\/\d+)?(=.*)?$/

function addKills(
  { cases }: Payload,
  { scenario, system, seed }: Payload['traces'][number],
  add: (op: number, at: Column, cell: Cell) => void,
): void {
  const own = new Set<number>()
  for (const [place, group] of cases.groups.entries())
    if (group.scenario === scenario && group.system === system && group.seed === seed)
      own.add(place)
  if (own.size === 0) return
  for (const [index, group] of cases.group.entries()) {
    if (!own.has(group)) continue
    const schedule = cases.schedule[index] ?? ''
    const match = kill.exec(schedule.split(',', 1)[0] ?? '')
    if (match === null) continue
    const [, op = '', phase = '', parts] = match
    const at =
      parts !== undefined || phase.startsWith('/') ? 'torn' : phase === '+' ? 'after' : 'before'
    const verdict = cases.verdicts[cases.verdict[index] ?? -1] ?? ''
    const prefix = cases.groups[group]?.prefix ?? ''
    add(Number(op), at, { verdict, kills: 1, states: 0, token: `${prefix}${schedule}` })
  }
}
