/**
 * `killpoint validate MODULE`: all scenarios over a journal backend that somebody else wrote. It ends with what became of each
 * claim: held, broken (with the token that shows it), not shown, or not claimed.
 */
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import type { Output } from '../report/output.ts'
import { readResult, writeResult, type Result } from '../report/result/result.ts'
import { claimsTable } from './claims-table.ts'
import { newSeed } from '../seed.ts'
import { loadBackendModule } from './backend-module.ts'
import { finish, partsOf, runOrder } from './campaign-command.ts'
import type { CampaignOrder } from './campaign-order.ts'
import { claimOutcomes } from './claim-outcomes.ts'
import { beginCampaign, journalOf, withJournal } from './journal.ts'
import { chooseBoth, knownScenarios, type Project } from './project.ts'
import { casesDefault, type RunOptions } from './run.ts'

/** Milliseconds for making failures smaller. */
const shrinkMs = 30_000

/** Tests a backend's module, says what became of its claims, and gives the exit code. */
export async function validateCommand(
  project: Project,
  path: string,
  options: RunOptions,
  output: Output,
): Promise<number> {
  return await withJournal(options, (journal) =>
    validateWith(journal, project, path, options, output),
  )
}

async function validateWith(
  journal: CampaignJournal | undefined,
  project: Project,
  path: string,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const system = await loadBackendModule(project.directory, path)
  const tested = { ...project, scenarios: knownScenarios(project), systems: [system] }
  const before = options.resume === undefined ? undefined : readResult(options.resume)
  const order: CampaignOrder = {
    command: 'validate',
    project: tested,
    ...chooseBoth(tested, options),
    seed: options.seed ?? before?.seed ?? journal?.seeds?.[0] ?? newSeed(),
    cases: options.cases ?? casesDefault,
    workloads: options.workloads ?? 1,
    options,
    shrinkMs: options.shrink === false ? 0 : shrinkMs,
    save: options.save === true,
    ...(before === undefined ? {} : { before }),
    ...journalOf(journal),
  }
  await beginCampaign(journal, partsOf(order, 'nothing'), output)
  const outcome = await runOrder(order, output)
  const claims = claimOutcomes(system, outcome)
  const result: Result = {
    ...readResult(outcome.resultFile),
    claims: claims.map(({ claim, outcome: came }) => ({ claim, outcome: { ...came } })),
  }
  writeResult(outcome.resultFile, result)
  return finish(outcome, order, output, claimsTable(claims))
}
