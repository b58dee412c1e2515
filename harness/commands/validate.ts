/**
 * `killpoint validate WHAT`: a journal backend that somebody else wrote, a runtime or an executable, against all that is asked of
 * one.
 *
 *   1  the laws J1 to J11, of a journal backend
 *   2  crash scenarios, in real processes
 *   3  power loss, where it is claimed and can be shown
 *
 * It ends with one table: what became of each law and each claim, with a command that shows what is broken.
 */
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import { lawNames, wantedLaws } from '../conformance/run-laws.ts'
import { UsageError } from '../errors.ts'
import type { Output } from '../report/output.ts'
import { brokenLaws, type ToldLaw } from '../report/laws.ts'
import { readResult, writeResult, type Result } from '../report/result/result.ts'
import { newSeed } from '../seed.ts'
import type { BackendSystem, System } from '../system.ts'
import { exitCode, exitCodes, worst, type Verdict } from '../verdict.ts'
import { loadModule } from './backend-module.ts'
import { finish, oneByOne, partsOf, runOrder } from './campaign-command.ts'
import type { CampaignOrder, Driven } from './campaign-order.ts'
import { claimOutcomes } from './claim-outcomes.ts'
import { claimsTable, type LawsTold } from './claims-table.ts'
import { explorePart, partOfRun } from './explore-part.ts'
import { beginCampaign, journalOf, withJournal } from './journal.ts'
import { runLawSuite } from './law-suite.ts'
import { chooseBoth, knownScenarios, type Project } from './project.ts'
import { assertSameCampaign, resumedBy } from './resume.ts'
import { casesDefault, type RunOptions } from './run.ts'

/** Options of `validate`. */
export interface ValidateOptions extends RunOptions {
  /** These laws alone, and no scenarios. */
  readonly law?: readonly string[]
}

/** Milliseconds for making failures smaller. */
const shrinkMs = 30_000

/** Tests a system, says what became of its laws and claims, and gives the exit code. */
export async function validateCommand(
  project: Project,
  what: string,
  options: ValidateOptions,
  output: Output,
): Promise<number> {
  const system =
    project.systems.find(({ name }) => name === what) ?? (await loadModule(project.directory, what))
  if (options.law !== undefined) return await lawsAlone(system, options, output)
  return await withJournal(options, (journal) =>
    validateWith(journal, project, system, options, output),
  )
}

async function validateWith(
  journal: CampaignJournal | undefined,
  project: Project,
  system: System,
  options: ValidateOptions,
  output: Output,
): Promise<number> {
  const tested = { ...project, scenarios: knownScenarios(project), systems: [system] }
  const resumed = resumedBy(options)
  const { before } = resumed
  const seed = options.seed ?? before?.seed ?? journal?.seeds?.[0] ?? newSeed()
  const losesPower = system.claims.includes('power') && options.explore !== false
  const noLaws = whyNoLaws(system, options)
  let laws: LawsTold = { skipped: noLaws ?? 'stopped before they were run' }
  const order: CampaignOrder = {
    command: 'validate',
    project: tested,
    ...chooseBoth(tested, options),
    seed,
    cases: options.cases ?? casesDefault,
    workloads: options.workloads ?? 1,
    options,
    shrinkMs: options.shrink === false ? 0 : shrinkMs,
    save: options.save === true,
    ...resumed,
    ...journalOf(journal),
    drive: async (driven) => {
      if (noLaws === undefined)
        laws = before?.laws ?? (await lawsOf(system as BackendSystem, seed, driven))
      await oneByOne(driven)
      if (losesPower) await losePower(driven)
    },
  }
  const parts = partsOf(order, losesPower ? 'power loss' : 'nothing')
  assertSameCampaign(before, parts)
  await beginCampaign(journal, parts, output)
  const outcome = await runOrder(order, output)
  const told = 'skipped' in laws ? [] : laws
  const claims = claimOutcomes(system, outcome, told)
  const result = readResult(outcome.resultFile)
  const verdict = worst([
    result.verdict as Verdict,
    ...brokenLaws(told).map((each) => each.verdict),
  ])
  writeResult(outcome.resultFile, {
    ...result,
    verdict,
    exitCode: exitCode(verdict),
    ...('skipped' in laws ? {} : { laws: [...laws] }),
    claims: claims.map(({ claim, outcome: came }) => ({ claim, outcome: { ...came } })),
  } satisfies Result)
  return finish(outcome, order, output, claimsTable(claims, laws))
}

function whyNoLaws(
  { kind, services = [] }: System,
  { only, shard }: ValidateOptions,
): string | undefined {
  if (kind !== 'backend') return `not applicable: they are laws of a journal, and this is a ${kind}`
  if (services.length > 0)
    return 'its store is a service: run them in your test runner, with killpoint/conformance'
  if (shard !== undefined && shard.index > 1) return 'they run in the first shard'
  return only === undefined ? undefined : '--only names scenarios; --law runs laws'
}

async function lawsOf(
  system: BackendSystem,
  seed: string,
  { order, isOver, output }: Driven,
): Promise<readonly ToldLaw[]> {
  const { journal, options } = order
  const progress = output.progress()
  let done = 0
  const all = wantedLaws().length
  const run = async (): Promise<readonly ToldLaw[]> => {
    progress.update(`laws 0/${all}`)
    return await runLawSuite({
      system,
      seed,
      isOver,
      jobs: options.jobs,
      ...scratchOf(options),
      onLaw: () => progress.update(`laws ${(done += 1)}/${all}`),
    })
  }
  try {
    if (journal === undefined) return await run()
    return await journal.once<readonly ToldLaw[]>({
      name: 'laws',
      asked: { seed },
      run,
      encode: (laws) => laws,
      decode: (kept) => kept as readonly ToldLaw[],
      isKept: () => !isOver(),
    })
  } finally {
    progress.end()
  }
}

async function losePower(driven: Driven): Promise<void> {
  const budgetMs = driven.leftMs()
  if (!driven.isOver()) await explorePart(driven, { harms: ['power-loss'], budgetMs, ...partOfRun })
}

/** `--law`: one law again, or some, as the table names them. */
async function lawsAlone(
  system: System,
  options: ValidateOptions,
  output: Output,
): Promise<number> {
  const { law: only = [], seed = newSeed(), jobs } = options
  const why = whyNoLaws(system, {} as ValidateOptions)
  if (why !== undefined) throw new UsageError('OPTION_INVALID', `there are no laws to run: ${why}`)
  const unknown = only.filter((name) => wantedLaws([name]).length === 0)
  if (unknown.length > 0)
    throw new UsageError('NAME_UNKNOWN', `there is no law ${unknown.join(', ')}`, {
      hint: `known are ${lawNames.join(', ')}`,
    })
  output.say(`seed ${seed}\n`)
  const backend = system as BackendSystem
  const laws = await runLawSuite({ system: backend, seed, jobs, only, ...scratchOf(options) })
  const verdict = worst(brokenLaws(laws).map((each) => each.verdict))
  const isShown = laws.some(({ outcome }) => outcome.kind === 'held') || verdict !== 'HOLDS'
  output.json({ version: 1, seed, verdict: isShown ? verdict : 'INCONCLUSIVE', laws })
  output.say(claimsTable([], laws))
  for (const { text } of brokenLaws(laws).toReversed()) output.say(`\n${text}`)
  return isShown ? exitCode(verdict) : exitCodes.inconclusive
}

function scratchOf({ scratch }: ValidateOptions): { readonly scratch?: string } {
  return scratch === undefined ? {} : { scratch }
}
