/** Cases as columns: gathered one by one, put in order, joined. */
import type { CaseReport } from '../../campaign/trial.ts'
import { originText } from '../case-line.ts'
import { splitToken, type CaseColumns } from './result.ts'

/** What a report says of one case. */
export interface CaseRow {
  readonly scenario: string
  readonly system: string
  readonly seed: string
  readonly token: string
  /** -1: none. */
  readonly slot: number
  readonly origin: string
  readonly verdict: string
  readonly finding?: { readonly invariant: string; readonly what: string }
  readonly lives: number
  readonly kills: number
}

/** The row of a case that ran. */
export function rowOf(report: CaseReport, slot = -1): CaseRow {
  const { token, verdict, group, origin, run, judgement } = report
  const finding = judgement?.finding
  return {
    scenario: group.scenario.name,
    system: group.system.name,
    seed: group.seed,
    token,
    slot,
    origin: originText(origin),
    verdict,
    ...(finding === undefined
      ? {}
      : { finding: { invariant: finding.invariant, what: finding.what } }),
    lives: run.lives.length,
    kills: run.lives.filter(({ signal }) => signal === 'SIGKILL').length,
  }
}

/** No cases. */
export function noCases(): CaseColumns {
  return {
    groups: [],
    origins: [],
    verdicts: [],
    findings: [],
    group: [],
    slot: [],
    origin: [],
    verdict: [],
    finding: [],
    schedule: [],
    lives: [],
    kills: [],
  }
}

/** Gathers rows; what repeats is kept once. */
export class CaseGatherer {
  readonly #cases = noCases()
  readonly #places = new Map<string, number>()

  add(row: CaseRow): void {
    const cases = this.#cases
    const [prefix, schedule] = splitToken(row.token)
    const { scenario, system, seed, finding } = row
    cases.group.push(this.#place('group', prefix, cases.groups, { scenario, system, seed, prefix }))
    cases.slot.push(row.slot)
    cases.origin.push(this.#place('origin', row.origin, cases.origins, row.origin))
    cases.verdict.push(this.#place('verdict', row.verdict, cases.verdicts, row.verdict))
    cases.finding.push(
      finding === undefined
        ? -1
        : this.#place('finding', `${finding.invariant} ${finding.what}`, cases.findings, finding),
    )
    cases.schedule.push(schedule)
    cases.lives.push(row.lives)
    cases.kills.push(row.kills)
  }

  /** The cases so far, by group in the order in which each group of a scenario and system came, in a group by place. */
  columns(rank: (group: CaseColumns['groups'][number]) => number = () => 0): CaseColumns {
    return inOrder(this.#cases, rank)
  }

  #place<Item>(kind: string, key: string, list: Item[], item: Item): number {
    const name = `${kind} ${key}`
    const known = this.#places.get(name)
    if (known !== undefined) return known
    list.push(item)
    this.#places.set(name, list.length - 1)
    return list.length - 1
  }
}

/** Row `index` of cases. */
export function rowAt(cases: CaseColumns, index: number): CaseRow {
  const group = cases.groups[cases.group[index] ?? -1]
  if (group === undefined) throw new RangeError(`there is no case ${index}`)
  const finding = cases.findings[cases.finding[index] ?? -1]
  return {
    scenario: group.scenario,
    system: group.system,
    seed: group.seed,
    token: `${group.prefix}${cases.schedule[index] ?? ''}`,
    slot: cases.slot[index] ?? -1,
    origin: cases.origins[cases.origin[index] ?? -1] ?? '',
    verdict: cases.verdicts[cases.verdict[index] ?? -1] ?? '',
    ...(finding === undefined ? {} : { finding }),
    lives: cases.lives[index] ?? 0,
    kills: cases.kills[index] ?? 0,
  }
}

/**
 * Cases of several parts as one list. What several parts ran for themselves, a control or a saved case of the same token, is in
 * it once.
 */
export function mergeCases(parts: readonly CaseColumns[]): CaseColumns {
  const gatherer = new CaseGatherer()
  const shared = new Set<string>()
  for (const part of parts)
    for (let index = 0; index < part.group.length; index += 1) {
      const row = rowAt(part, index)
      if (row.slot < 0) {
        const key = `${row.token} ${row.origin}`
        if (shared.has(key)) continue
        shared.add(key)
      }
      gatherer.add(row)
    }
  const ranks = rankGroups(parts)
  return gatherer.columns(({ prefix }) => ranks.get(prefix) ?? 0)
}

/** Groups of all parts in one order: that in which a part that had them all would have them. */
function rankGroups(parts: readonly CaseColumns[]): ReadonlyMap<string, number> {
  const kinds = new Map<string, string[]>()
  for (const { groups } of parts)
    for (const { scenario, system, prefix } of groups) {
      const key = JSON.stringify([system, scenario])
      const known = kinds.get(key)
      if (known === undefined) kinds.set(key, [prefix])
      else if (!known.includes(prefix)) known.push(prefix)
    }
  return new Map([...kinds.values()].flat().map((prefix, rank) => [prefix, rank]))
}

/** By rank of the group, then by place; otherwise as they came. Lists are numbered anew in the order of their first use. */
function inOrder(
  cases: CaseColumns,
  rank: (group: CaseColumns['groups'][number]) => number,
): CaseColumns {
  const ranks = cases.groups.map(rank)
  const order = Array.from(cases.group, (_, index) => index).sort(
    (left, right) =>
      (ranks[cases.group[left] ?? 0] ?? 0) - (ranks[cases.group[right] ?? 0] ?? 0) ||
      (cases.group[left] ?? 0) - (cases.group[right] ?? 0) ||
      (cases.slot[left] ?? 0) - (cases.slot[right] ?? 0) ||
      left - right,
  )
  const [groups, group] = renumbered(cases.groups, cases.group, order)
  const [origins, origin] = renumbered(cases.origins, cases.origin, order)
  const [verdicts, verdict] = renumbered(cases.verdicts, cases.verdict, order)
  const [findings, finding] = renumbered(cases.findings, cases.finding, order)
  const pick = <Item>(column: readonly Item[]): Item[] =>
    order.map((index) => column[index] as Item)
  return {
    groups,
    origins,
    verdicts,
    findings,
    group,
    slot: pick(cases.slot),
    origin,
    verdict,
    finding,
    schedule: pick(cases.schedule),
    lives: pick(cases.lives),
    kills: pick(cases.kills),
  }
}

function renumbered<Item>(
  list: readonly Item[],
  column: readonly number[],
  order: readonly number[],
): [Item[], number[]] {
  const places = new Map<number, number>()
  const kept: Item[] = []
  const numbers = order.map((index) => {
    const old = column[index] ?? -1
    if (old < 0) return -1
    const known = places.get(old)
    if (known !== undefined) return known
    kept.push(list[old] as Item)
    places.set(old, kept.length - 1)
    return kept.length - 1
  })
  return [kept, numbers]
}
