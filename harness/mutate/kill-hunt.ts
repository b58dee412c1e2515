/**
 * What SIGKILL alone makes of a mutant that takes more: the states that kills leave in its scenarios, every op and every torn write,
 * and nothing else. Where the explorer cannot have them (another process acts in the middle), real processes are killed. What is
 * found beyond this is what power loss, storage errors and rot are for.
 */
import { explore } from '../explorer/explore.ts'
import { killAtMark, killAtOp, killInRecovery } from '../fault-classes.ts'
import { openLive } from '../live/engine.ts'
import type { SourceTransform } from '../live/bundle.ts'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'
import { invariants } from '../verdict.ts'
import { caughtBy } from './explorer-hunt.ts'
import { hunt, type Hunted, type HuntOptions } from './hunt.ts'
import type { Mutant } from './mutant.ts'

/** `cases`: kills of real processes in a scenario that cannot be explored. */
export type KillHuntOptions = HuntOptions & { readonly jobs: number; readonly quietMs: number }

/** Hunts a mutant by kills in its own scenarios. */
export async function huntByKills(
  mutant: Mutant,
  transform: SourceTransform,
  system: () => System,
  options: KillHuntOptions,
): Promise<Hunted> {
  const own = options.scenarios.filter(({ name }) => mutant.scenarios.includes(name))
  let cases = 0
  for (const scenario of own) {
    const [result] = await explore({
      seed: options.seed,
      scenarios: [scenario],
      systems: [system()],
      transform,
      jobs: options.jobs,
      harms: ['kill'],
      stopAt: Object.values(invariants).flatMap(({ verdicts }) => verdicts),
    })
    const tried = result?.counts.checked ?? 0
    const found = result === undefined ? undefined : caughtBy(mutant, result, cases + tried)
    const killed =
      tried > 0 || found !== undefined
        ? { found, cases: tried, brokenControls: [] }
        : await killProcesses(mutant, scenario, { transform, system: system() }, options)
    cases += killed.cases
    if (killed.found !== undefined) return { ...killed, cases }
  }
  return { found: undefined, cases, brokenControls: [] }
}

async function killProcesses(
  mutant: Mutant,
  scenario: Scenario,
  { transform, system }: { readonly transform: SourceTransform; readonly system: System },
  options: KillHuntOptions,
): Promise<Hunted> {
  const { jobs, quietMs } = options
  const faults = [killAtOp, killInRecovery, killAtMark]
  const engine = await openLive(system, { jobs, quietMs, transform })
  try {
    const scenarios = [{ ...scenario, faults, sometimes: [] }]
    return await hunt(engine, mutant, { ...options, scenarios })
  } finally {
    await engine.close()
  }
}
