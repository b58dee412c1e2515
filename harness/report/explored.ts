/** What was explored, as a table and as sentences. */
import { addCounts, type ShardCounts } from '../explorer/job.ts'
import type { ScenarioExplored } from '../explorer/explore.ts'
import type { Explored } from './result/result.ts'
import { plainTable } from './tables.ts'

/** What the tables are made from: an exploration as it came, or as it stands in a result. */
type Told = Pick<
  Explored,
  'scenario' | 'system' | 'ops' | 'points' | 'pointsLeft' | 'drawn' | 'skipped' | 'controlFault'
> & { readonly counts: unknown }

function countsOf({ counts }: Told): ShardCounts {
  return counts as ShardCounts
}

/** One line per scenario and system: how many states there are, how many of them were built, and what was done with them. */
export function exploredTable(results: readonly Told[]): string {
  const numbers = ['ops', 'points', 'exist', 'built', 'images', 'errors', 'checked', 'nested']
  const table = plainTable(
    ['scenario', 'system', ...numbers, 'lives'],
    ['left', 'left', ...numbers.map(() => 'right' as const), 'right'],
  )
  for (const told of results) {
    const { scenario, system, ops, points, skipped, controlFault } = told
    if (skipped !== undefined || controlFault !== undefined) continue
    const { exists, built, images, errors, unfired, checked, nested, lives } = countsOf(told)
    const fired = errors - unfired
    const shown = [ops, points, large(exists), built, images, fired, checked, nested, lives]
    table.push([scenario, system, ...shown])
  }
  return table.toString()
}

/** One line on one scenario, as it comes in. */
export function exploredLine(result: ScenarioExplored): string {
  const { scenario, system, skipped, controlFault, findings, counts } = result
  const name = `${scenario} × ${system}`
  if (skipped !== undefined) return `skipped ${name}: ${skipped}`
  if (controlFault !== undefined)
    return `${name}: without a fault it does not hold: ${controlFault}`
  const found = findings.length === 0 ? 'holds' : `${findings.length} findings`
  return `${name}  ${counts.checked} cases  ${found}`
}

/** What the numbers of all scenarios come to. */
export function exploredSummary(results: readonly Told[]): string {
  const { exists, built, images, checked, nested, lives, errors, unfired } = addCounts(
    results.map(countsOf),
  )
  const parts = [
    `${large(exists)} crash states exist at the stated grain, ${built} were built (${images} images)`,
    `${checked} cases checked over ${lives} lives`,
    ...(errors === 0 ? [] : [`${errors - unfired} storage errors`]),
    ...(nested === 0 ? [] : [`${nested} with a crash in recovery`]),
  ]
  return parts.join(', ')
}

/** What was not looked at, one sentence each. */
export function notLookedAt(
  results: readonly Told[],
  bounds: { readonly exhaustiveMax: number; readonly samples: number },
): readonly string[] {
  const { exists, built } = addCounts(results.map(countsOf))
  const sampled =
    exists > built
      ? [
          `where more than ${bounds.exhaustiveMax} ops are pending: no, all, single losses, single keeps, prefixes, tears of the last write, ${bounds.samples} draws`,
        ]
      : []
  const late = results.flatMap(({ scenario, system, pointsLeft, points }) =>
    pointsLeft === 0
      ? []
      : [`${scenario} × ${system}: the budget ended before ${pointsLeft} of ${points} points`],
  )
  const drawn = results.flatMap(({ scenario, system, drawn: each }) =>
    each === undefined || each.chosen === each.distinct
      ? []
      : [
          `${scenario} × ${system}: ${each.chosen} of ${each.distinct} states, each recovered in processes of its own: every power loss that takes all, the others drawn by the seed`,
        ],
  )
  return [...sampled, ...drawn, ...late]
}

function large(count: number): string {
  return count < 1e9 ? String(count) : count.toExponential(1).replace('e+', 'e')
}
