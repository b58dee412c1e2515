/** Joins results: shards of one campaign, campaigns of several seeds, a campaign that was stopped and the rest of it. */
import { UsageError } from '../../errors.ts'
import { mergePoints, type PointOutcome } from '../../explorer/point-map.ts'
import { addCounts, type ShardCounts } from '../../explorer/job.ts'
import { RecoverySample } from '../../recovery.ts'
import { exitCode, outcomeRank, worst, type Verdict } from '../../verdict.ts'
import { mergeCases } from './case-columns.ts'
import { mergeCoverage, vacuousLines } from './coverage.ts'
import { brokenLaws } from '../laws.ts'
import type { Explored, Result } from './result.ts'
import { repeated } from './twice.ts'

/**
 * One result of several.
 *
 *   M1  shards of one seed join to what one machine would have found: no case twice, points of a workload counted once
 *   M2  a part that is missing makes the whole inconclusive, and so does what no part has shown
 *
 * @throws UsageError `RESULT_MISMATCH` where they are of different campaigns, or one of them repeats another
 */
export function mergeResults(parts: readonly Result[]): Result {
  const [first] = parts
  if (first === undefined)
    throw new UsageError('RESULT_MISMATCH', 'there is nothing to merge', {
      hint: 'name at least one result.json',
    })
  const wrong = parts.slice(1).flatMap((part) => mismatches(first, part))
  if (wrong.length > 0)
    throw new UsageError(
      'RESULT_MISMATCH',
      `these results are of different campaigns:\n${[...new Set(wrong)].map((each) => `  ${each}`).join('\n')}`,
      { hint: 'merge results of one command, over the same code, scenarios and systems' },
    )
  const twice = repeated(parts)
  if (twice.length > 0)
    throw new UsageError(
      'RESULT_MISMATCH',
      `these results repeat each other:\n${twice.map((each) => `  ${each}`).join('\n')}`,
      { hint: 'name each part once; a resumed campaign holds the part that it was resumed from' },
    )
  const coverage = [...mergeCoverage(parts.map((part) => part.coverage))]
  const shards = uniqueShards(parts)
  const missing = missingShards(shards)
  const explored = mergeExplored(parts.map((part) => part.explored))
  const inconclusive = [...vacuousLines(coverage), ...missing]
  const cases = mergeCases(parts.map((part) => part.cases))
  const stopped = isStopped(parts)
  const verdict = worst([
    ...(cases.verdicts as Verdict[]),
    ...parts.flatMap((part) => part.failures.map((each) => each.verdict as Verdict)),
    ...explored.map((each) => each.verdict as Verdict),
    ...parts.flatMap(({ laws = [] }) => brokenLaws(laws).map(({ verdict }) => verdict)),
    ...(inconclusive.length > 0 || stopped || cases.group.length === 0
      ? (['INCONCLUSIVE'] as const)
      : []),
  ])
  const failures = mergeFailures(parts)
  return {
    ...first,
    seeds: [...new Set(parts.flatMap(({ seeds }) => seeds))],
    shards: missing.length === 0 ? [] : shards,
    verdict,
    exitCode: exitCode(verdict),
    stopped,
    skipped: unique(parts.flatMap(({ skipped }) => skipped)),
    inconclusive,
    corpus: unique(parts.flatMap(({ corpus }) => corpus)),
    cases,
    coverage,
    explored,
    traces: firstOf(parts.flatMap(({ traces }) => traces)),
    failures,
    untold: parts.reduce((sum, { untold }) => sum + untold, 0),
    ...optional('laws', parts),
    ...optional('audits', parts),
    ...optional('mutants', parts),
    ...optional('costs', parts),
    ...recoveriesOf(parts),
  }
}

function mismatches(first: Result, other: Result): readonly string[] {
  const names = ({ scenarios, systems }: Result): string =>
    [...scenarios, ...systems].map(({ name }) => name).join(', ')
  const compared = [
    ['command', first.command, other.command],
    ['profile', first.profile, other.profile],
    ['killpoint', first.environment.killpoint, other.environment.killpoint],
    ['git', first.environment.git, other.environment.git],
    ['scenarios and systems', names(first), names(other)],
    ['cases a workload', String(first.order.cases), String(other.order.cases)],
  ] as const
  return compared
    .filter(([, left, right]) => left !== right)
    .map(([what, left, right]) => `${what}: ${left} / ${right}`)
}

/** A campaign that was stopped and then resumed was not stopped; the last part of each seed and shard counts. */
function isStopped(parts: readonly Result[]): boolean {
  const last = new Map<string, boolean>()
  for (const { seed, shards, stopped } of parts) last.set(JSON.stringify([seed, shards]), stopped)
  return [...last.values()].some((each) => each)
}

type Shards = Result['shards']

function uniqueShards(parts: readonly Result[]): Shards {
  return unique(parts.flatMap(({ shards }) => shards))
}

/** M2. */
function missingShards(shards: Shards): readonly string[] {
  const seeds = new Set(shards.map(({ seed }) => seed))
  return [...seeds].flatMap((seed) => {
    const own = shards.filter((each) => each.seed === seed)
    const of = Math.max(...own.map((each) => each.of))
    const there = new Set(own.filter((each) => each.of === of).map(({ index }) => index))
    const missing = Array.from({ length: of }, (_, index) => index + 1).filter(
      (index) => !there.has(index),
    )
    const odd = own.some((each) => each.of !== of)
    return [
      ...(missing.length === 0
        ? []
        : [`shards are missing: ${missing.join(', ')} of ${of} (seed ${seed})`]),
      ...(odd ? [`shards of different numbers of parts (seed ${seed})`] : []),
    ]
  })
}

function mergeExplored(parts: readonly (readonly Explored[])[]): Explored[] {
  const merged = new Map<string, Explored>()
  for (const each of parts.flat()) {
    const key = JSON.stringify([each.scenario, each.system, each.prefix])
    const known = merged.get(key)
    merged.set(key, known === undefined ? each : joined(known, each))
  }
  return [...merged.values()]
}

function joined(left: Explored, right: Explored): Explored {
  const tokens = new Set(left.findings.map(({ token }) => token))
  return {
    ...left,
    ops: Math.max(left.ops, right.ops),
    points: Math.max(left.points, right.points),
    pointsLeft: Math.max(left.pointsLeft, right.pointsLeft),
    counts: {
      ...addCounts([left.counts as unknown as ShardCounts, right.counts as unknown as ShardCounts]),
    },
    map: [...mergePoints([left.map as PointOutcome[], right.map as PointOutcome[]])],
    findings: [...left.findings, ...right.findings.filter(({ token }) => !tokens.has(token))],
    verdict: worst([left.verdict as Verdict, right.verdict as Verdict]),
  }
}

/** Worst last. The same failure found by several parts is told once, and counted. */
function mergeFailures(parts: readonly Result[]): Result['failures'] {
  const merged = new Map<string, Result['failures'][number]>()
  for (const each of parts.flatMap(({ failures }) => failures)) {
    const { system, verdict, invariant, place, guilty } = each
    const key = JSON.stringify([system, verdict, invariant, place ?? guilty])
    const known = merged.get(key)
    merged.set(key, known === undefined ? each : { ...known, alike: known.alike + each.alike })
  }
  return [...merged.values()].toSorted(
    (left, right) => outcomeRank(left.verdict as Verdict) - outcomeRank(right.verdict as Verdict),
  )
}

function firstOf(traces: Result['traces']): Result['traces'] {
  const known = new Map<string, Result['traces'][number]>()
  for (const trace of traces) {
    const key = JSON.stringify([trace.scenario, trace.system])
    if (!known.has(key)) known.set(key, trace)
  }
  return [...known.values()]
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}

function recoveriesOf(parts: readonly Result[]): Pick<Result, 'recoveries'> {
  const sample = new RecoverySample()
  for (const point of parts.flatMap(({ recoveries = [] }) => recoveries)) sample.add(point)
  const recoveries = sample.list()
  return recoveries.length === 0 ? {} : { recoveries }
}

function optional<Name extends 'laws' | 'audits' | 'mutants' | 'costs'>(
  name: Name,
  parts: readonly Result[],
): Partial<Pick<Result, Name>> {
  const all = parts.flatMap((part): readonly unknown[] => part[name] ?? [])
  return all.length === 0 ? {} : ({ [name]: unique(all) } as unknown as Partial<Pick<Result, Name>>)
}
