/**
 * Which scenarios are explored where not all of them are: first those that between them do every kind of op on the disk that any of them
 * does, and every kind of act from outside, since no crash state of an op is seen where the op is not done; then others, drawn by the
 * seed.
 */
import type { Trace } from '../trace.ts'
import type { Scenario } from '../scenario.ts'
import { random, shuffled } from '../seed.ts'
import type { Workload } from '../workload.ts'
import { kindsOfTrace } from './case-kinds.ts'

/** A scenario, and the kinds of what is done in it. */
export interface Explorable {
  readonly scenario: Scenario
  readonly kinds: ReadonlySet<string>
}

/** A scenario with what its control did, and what other processes do to its run; a run that ends before they come is the control too. */
export function explorable(
  scenario: Scenario,
  { outside = [] }: Pick<Workload, 'outside'>,
  trace: Pick<Trace, 'ops'> | undefined,
): Explorable {
  const kinds = trace === undefined ? [] : kindsOfTrace(trace)
  const ofDisk = kinds.filter((_, place) => trace?.ops[place]?.op.kind !== 'mark')
  // In whatever stage of the life.
  const plain = ofDisk.map((kind) => kind.slice(kind.indexOf(':')))
  return { scenario, kinds: new Set([...plain, ...outside.map(({ kind }) => `act ${kind}`)]) }
}

/** At most so many, in their own order. */
export function chooseScenarios(
  all: readonly Explorable[],
  max: number,
  seed: string,
): readonly Scenario[] {
  let left = shuffled(all, random(seed, 'sample', 'explored scenarios'))
  const seen = new Set<string>()
  const chosen = new Set<Scenario>()
  while (chosen.size < max) {
    const next = mostNew(left, seen)
    if (next === undefined) break
    chosen.add(next.scenario)
    for (const kind of next.kinds) seen.add(kind)
    left = left.filter((each) => each !== next)
  }
  return all.map(({ scenario }) => scenario).filter((scenario) => chosen.has(scenario))
}

/** The one with most kinds that were not seen; of equals the first. */
function mostNew(all: readonly Explorable[], seen: ReadonlySet<string>): Explorable | undefined {
  const fresh = ({ kinds }: Explorable): number =>
    [...kinds].filter((kind) => !seen.has(kind)).length
  return all.reduce<Explorable | undefined>(
    (best, each) => (best === undefined || fresh(each) > fresh(best) ? each : best),
    undefined,
  )
}
