/** The tables at the end of a campaign: coverage by scenario, the sometimes, what was skipped. */
import Table from 'cli-table3'
import { pointsByKind, pointsKilled, pointsSeen } from './result/coverage.ts'
import type { Coverage } from './result/result.ts'

const plain = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
}

/** A table without borders; every row has as many cells as the head. */
export function plainTable(
  head: readonly string[],
  colAligns: readonly ('left' | 'right')[] = [],
): Table.Table {
  return new Table({ ...plain, head: [...head], colAligns: [...colAligns] })
}

/** Points seen, killed at, recovered; by scenario and system. */
export function coverageTable(coverage: readonly Coverage[]): string {
  const numbers = [
    'cases',
    'points seen',
    'killed at',
    'at random',
    'kills',
    'recovered',
    'redrawn',
  ]
  const table = plainTable(
    ['scenario', 'system', ...numbers],
    ['left', 'left', ...numbers.map(() => 'right' as const)],
  )
  for (const each of coverage)
    table.push([
      each.scenario,
      each.system,
      each.cases,
      pointsSeen(each),
      pointsKilled(each),
      each.randomKills.length,
      each.kills,
      each.recovered,
      each.notFired,
    ])
  return table.toString()
}

/** Where first lives were killed: distinct points of all that there are, by kind of op. */
export function killedTable(coverage: readonly Coverage[]): string {
  const all = coverage.map(pointsByKind)
  const kinds = [...new Set(all.flatMap((each) => [...each.keys()]))]
  const table = plainTable(
    ['killed at', 'points', 'of points seen', 'in scenarios'],
    ['left', 'right', 'right', 'right'],
  )
  for (const kind of kinds) {
    const each = all.flatMap((kindsOfOne) => kindsOfOne.get(kind) ?? [])
    const sum = each.reduce((total, { killed }) => total + killed, 0)
    const seen = each.reduce((total, points) => total + points.seen, 0)
    table.push([kind, sum, seen, each.filter(({ killed }) => killed > 0).length])
  }
  return table.toString()
}

/** Kills at a random time that are listed one by one; what is more stands in the file of cases. */
const randomKillsListed = 100

/** The kills at random times, each with the token of the exact kill at the same point; empty where there are none, or too many. */
export function randomKillLines(coverage: readonly Coverage[]): readonly string[] {
  const kills = coverage.flatMap(({ randomKills }) => randomKills)
  if (kills.length === 0 || kills.length > randomKillsListed) return []
  const width = Math.max(...kills.map(({ token }) => token.length))
  return kills.map(
    ({ token, at, precision }) =>
      `${token.padEnd(width)}  ${at}${precision === 'exact' ? '' : ', or near it'}`,
  )
}

/** What must happen in some case, and in how many it did. */
export function sometimesTable(coverage: readonly Coverage[]): string {
  const table = plainTable(
    ['sometimes', 'scenario', 'system', 'cases'],
    ['left', 'left', 'left', 'right'],
  )
  for (const each of coverage)
    for (const [name, count] of Object.entries(each.sometimes))
      table.push([name, each.scenario, each.system, count])
  return table.toString()
}
