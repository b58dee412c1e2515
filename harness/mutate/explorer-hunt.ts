/**
 * The hunt for a mutant that no dying process shows: the crash states, storage errors and damages of its own scenarios, until one
 * of them shows it. What is found counts when fresh processes show it too.
 */
import { harmNames } from '../explorer/job.ts'
import { explore, type ScenarioExplored } from '../explorer/explore.ts'
import type { SourceTransform } from '../live/bundle.ts'
import type { System } from '../system.ts'
import { isBreach } from '../verdict.ts'
import type { Catch, Hunted, HuntOptions } from './hunt.ts'
import type { Mutant } from './mutant.ts'

/** Hunts a mutant over the disk model. One process explores: how many cases it takes depends on the seed alone. */
export async function exploreMutant(
  mutant: Mutant,
  transform: SourceTransform,
  system: System,
  { seed, scenarios, isOver }: Pick<HuntOptions, 'seed' | 'scenarios' | 'isOver'>,
): Promise<Hunted & { readonly whyNot?: string }> {
  const own = mutant.scenarios.flatMap((name) => scenarios.filter((each) => each.name === name))
  let cases = 0
  let found: Catch | undefined
  const brokenControls: string[] = []
  const skipped: string[] = []
  for (const scenario of own) {
    if (isOver?.() === true || found?.isOwn === true) break
    const [result] = await explore({
      seed,
      scenarios: [scenario],
      systems: [system],
      transform,
      jobs: 1,
      harms: mutant.harms ?? harmNames,
      stopAt: mutant.verdicts,
    })
    if (result === undefined) continue
    cases += result.counts.checked
    if (result.controlFault !== undefined)
      brokenControls.push(`${scenario.name}: ${result.controlFault}`)
    if (result.skipped !== undefined) skipped.push(`${scenario.name}: ${result.skipped}`)
    found = better(found, caughtBy(mutant, result, cases))
  }
  const whyNot = cases === 0 && brokenControls.length === 0 ? skipped.join('; ') : undefined
  return { found, cases, brokenControls, ...(whyNot === undefined ? {} : { whyNot }) }
}

function better(left: Catch | undefined, right: Catch | undefined): Catch | undefined {
  return left === undefined || right?.isOwn === true ? right : left
}

/** The simplest confirmed finding with a verdict of the mutant's own; where there is none, the simplest of all. */
export function caughtBy(
  { verdicts }: Mutant,
  { findings }: ScenarioExplored,
  cases: number,
): Catch | undefined {
  const caught = findings.flatMap(({ isConfirmed, verdict, finding, token }): readonly Catch[] => {
    if (!isConfirmed || !isBreach(verdict) || finding === undefined) return []
    const isOwn = verdicts.includes(verdict)
    return [{ verdict, isOwn, finding, token, origin: 'explored', cases }]
  })
  return caught.find(({ isOwn }) => isOwn) ?? caught[0]
}
