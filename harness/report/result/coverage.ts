/** Questions about coverage that reports ask, and how that of several parts adds up. */
import type { Coverage } from './result.ts'

/** Ops of the controls: places at which a first life can be killed. */
export function pointsSeen({ workloads }: Coverage): number {
  return sum(workloads.flatMap(({ points }) => Object.values(points)))
}

/** Distinct exact points at which a first life was killed. */
export function pointsKilled({ workloads }: Coverage): number {
  return sum(workloads.map(({ killedAt }) => killedAt.length))
}

/** Kinds of ops in the order in which they were first seen, with their points and how many of them were killed at. */
export function pointsByKind({
  workloads,
}: Pick<Coverage, 'workloads'>): ReadonlyMap<string, { seen: number; killed: number }> {
  const kinds = new Map<string, { seen: number; killed: number }>()
  for (const { points, killed } of workloads)
    for (const [kind, count] of Object.entries(points)) {
      const known = kinds.get(kind) ?? { seen: 0, killed: 0 }
      known.seen += count
      known.killed += killed[kind]?.length ?? 0
      kinds.set(kind, known)
    }
  return kinds
}

/** What a campaign cannot say it has tested: names of fault classes that never fired and of sometimes that never happened. */
export function vacuous(coverage: Coverage): readonly string[] {
  const none = (counts: Readonly<Record<string, number>>): readonly string[] =>
    Object.entries(counts)
      .filter(([, count]) => count === 0)
      .map(([name]) => name)
  return [
    ...(pointsSeen(coverage) === 0 ? ['no crash point was seen'] : []),
    ...none(coverage.fired).map((name) => `fault class ${name} never fired`),
    ...none(coverage.sometimes).map((name) => `never happened: ${name}`),
  ]
}

/** Why a campaign is not a pass although nothing is broken; empty where it shows what it set out to. */
export function vacuousLines(all: readonly Coverage[]): readonly string[] {
  return all.flatMap((each) => [
    ...vacuous(each).map((what) => `${each.scenario} × ${each.system}: ${what}`),
    ...each.again.otherVerdicts.map((what) => `not the same twice: ${what}`),
  ])
}

/** Coverage of several parts by scenario and system; points of one workload are those of all parts together. */
export function mergeCoverage(parts: readonly (readonly Coverage[])[]): readonly Coverage[] {
  const merged = new Map<string, Coverage>()
  for (const each of parts.flat()) {
    const key = JSON.stringify([each.system, each.scenario])
    const known = merged.get(key)
    merged.set(key, known === undefined ? each : added(known, each))
  }
  return [...merged.values()]
}

function added(left: Coverage, right: Coverage): Coverage {
  const { again: first } = left
  const { again: second } = right
  return {
    scenario: left.scenario,
    system: left.system,
    cases: left.cases + right.cases,
    recovered: left.recovered + right.recovered,
    kills: left.kills + right.kills,
    notFired: left.notFired + right.notFired,
    randomMissed: left.randomMissed + right.randomMissed,
    randomKills: [...left.randomKills, ...right.randomKills],
    workloads: mergeWorkloads([...left.workloads, ...right.workloads]),
    fired: addedCounts(left.fired, right.fired),
    skipped: { ...left.skipped, ...right.skipped },
    sometimes: addedCounts(left.sometimes, right.sometimes),
    ...lanesOf(left, right),
    again: {
      runs: first.runs + second.runs,
      sameVerdict: first.sameVerdict + second.sameVerdict,
      promised: first.promised + second.promised,
      promisedSame: first.promisedSame + second.promisedSame,
      otherSame: first.otherSame + second.otherSame,
      otherVerdicts: [...first.otherVerdicts, ...second.otherVerdicts],
      otherMarks: [...first.otherMarks, ...second.otherMarks],
    },
  }
}

function lanesOf(left: Coverage, right: Coverage): Pick<Coverage, 'unseen' | 'traced'> {
  const unseen = left.unseen ?? right.unseen
  const traced = left.traced ?? right.traced
  return {
    ...(unseen === undefined ? {} : { unseen }),
    ...(traced === undefined ? {} : { traced }),
  }
}

type Workloads = Coverage['workloads']

function mergeWorkloads(all: Workloads): Workloads {
  const bySeed = new Map<string, Workloads[number]>()
  for (const each of all) {
    const known = bySeed.get(each.seed)
    bySeed.set(
      each.seed,
      known === undefined
        ? each
        : {
            seed: each.seed,
            // Every part runs the same control; where one part's did not hold, it saw no points.
            points: { ...known.points, ...each.points },
            killedAt: [...new Set([...known.killedAt, ...each.killedAt])],
            killed: unions(known.killed, each.killed),
          },
    )
  }
  return [...bySeed.values()]
}

function unions(
  left: Readonly<Record<string, readonly number[]>>,
  right: Readonly<Record<string, readonly number[]>>,
): Record<string, number[]> {
  const kinds = new Set([...Object.keys(left), ...Object.keys(right)])
  return Object.fromEntries(
    [...kinds].map((kind) => [
      kind,
      [...new Set([...(left[kind] ?? []), ...(right[kind] ?? [])])].sort((a, b) => a - b),
    ]),
  )
}

function addedCounts(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const sums: Record<string, number> = { ...left }
  for (const [name, count] of Object.entries(right)) sums[name] = (sums[name] ?? 0) + count
  return sums
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
