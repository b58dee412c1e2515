/** The hunt for a mutant that is wrong only in what it costs: one longer run of its scenario, counted. */
import { workloadOfSeed } from '../campaign/group.ts'
import { judgeCosts } from '../explorer/costs.ts'
import { CrashBench } from '../explorer/crash-bench.ts'
import type { SourceTransform } from '../live/bundle.ts'
import { deriveSeed } from '../seed.ts'
import type { System } from '../system.ts'
import { isBreach } from '../verdict.ts'
import type { Catch, Hunted, HuntOptions } from './hunt.ts'
import type { Mutant } from './mutant.ts'

/** Counts what commits of a mutant cost. */
export async function countMutant(
  mutant: Mutant,
  transform: SourceTransform,
  system: System,
  options: Pick<HuntOptions, 'seed' | 'scenarios'>,
): Promise<Hunted> {
  const own = options.scenarios.filter(({ name }) => mutant.scenarios.includes(name))
  const bench = await CrashBench.open(system, { transform })
  let found: Catch | undefined
  let cases = 0
  const brokenControls: string[] = []
  try {
    for (const scenario of own) {
      const seed = deriveSeed(options.seed, 'case', scenario.name, system.name, 0)
      const workload = workloadOfSeed(scenario, system, seed)
      const judged = await judgeCosts(bench, { scenario, seed, workload })
      if (judged === undefined) continue
      const { verdict, finding, reasons } = judged
      cases += 1
      if (verdict === 'HOLDS' || found !== undefined) continue
      if (!isBreach(verdict) || finding === undefined) {
        brokenControls.push(`${scenario.name}: ${verdict} ${reasons.join('; ')}`)
        continue
      }
      found = {
        verdict,
        isOwn: mutant.verdicts.includes(verdict),
        finding,
        // No case shows it: a token would lead to the run as it is, which is too short.
        token: '',
        origin: 'counted in a longer run',
        cases,
      }
    }
  } finally {
    await bench.close()
  }
  return { found, cases, brokenControls }
}
