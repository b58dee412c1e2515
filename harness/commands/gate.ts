/**
 * `killpoint gate`: what a pipeline runs. The corpus first; then the budget is shared by two engines:
 *
 *   G1  The live engine runs one workload of every scenario. It shows the sometimes and the fault classes without which a gate is
 *       inconclusive, and counts the crash points that there are.
 *   G2  What is left of the budget goes to both by what they still have to find: to the explorer as many parts as there are
 *       crash points in the controls, for each kind of crash that the system claims to survive; to the live engine as many as
 *       there are crash points at which no process was killed, and fault classes and sometimes not shown. What the explorer
 *       does not need it gives back.
 *   G3  The live engine goes on with further workloads, each over all systems, until the budget ends.
 *   G4  Which cases run, and in which order, the seed decides; how many, the budget. The seed is the commit: two runs of one
 *       commit try the same cases, the next commit tries others. Seeds of `--seeds` and `--nightly` share no case with it.
 */
import { readFileSync } from 'node:fs'
import { UsageError } from '../errors.ts'
import { harmNames, type Harm } from '../explorer/job.ts'
import { gitCommit } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import { pointsKilled, pointsSeen, vacuous } from '../report/result/coverage.ts'
import { mergeResults } from '../report/result/merge.ts'
import { readResult, writeResult, type Coverage } from '../report/result/result.ts'
import type { System } from '../system.ts'
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import { finish, partsOf, runOrder } from './campaign-command.ts'
import type { CampaignOrder, CampaignOutcome, Driven } from './campaign-order.ts'
import { explorePart } from './explore-part.ts'
import { beginCampaign, withJournal } from './journal.ts'
import type { RunOptions } from './run.ts'
import { casesDefault } from './run.ts'
import { chooseBoth, type ConfiguredProject } from './project.ts'
import { assertSameCampaign, resumedBy } from './resume.ts'
import { nightlyBudgetMs, nightlySeeds, nightOf, rangeSeeds } from './seeds.ts'

/** Options of the command. */
export interface GateOptions extends RunOptions {
  /** False with `--no-explore`: real processes alone. */
  readonly explore?: boolean
  /** Storage errors and rot too. */
  readonly errors?: boolean
  /** `1..8`. */
  readonly seeds?: { readonly from: number; readonly to: number }
  readonly nightly?: boolean
}

/** Milliseconds. */
export const gateBudgetMs = 60_000

/** Milliseconds for making failures smaller: a red gate is looked at by somebody who waits. */
const shrinkMs = 30_000

/** The seed where there is no commit to take it from. */
const seedWithoutCommit = 'gate'

/** Runs the gate of a project, says what it showed, and gives the exit code. */
export async function gateCommand(
  project: ConfiguredProject,
  options: GateOptions,
  output: Output,
): Promise<number> {
  return await withJournal(options, (journal) => gateWith(journal, project, options, output))
}

async function gateWith(
  journal: CampaignJournal | undefined,
  project: ConfiguredProject,
  options: GateOptions,
  output: Output,
): Promise<number> {
  const resumed = resumedBy(options)
  const seeds = seedsOf(project, options, resumed.before?.seed, journal)
  const budgetMs = options.budget ?? (options.nightly === true ? nightlyBudgetMs : gateBudgetMs)
  const endMs = performance.now() + budgetMs - (journal?.spentBeforeMs ?? 0)
  const [first, ...more] = seeds
  if (first === undefined) throw new UsageError('OPTION_INVALID', 'there is no seed to run')
  // A seed that an earlier process ended has had its share: what is kept of it is told, and nothing is added.
  const share = (seed: string, left: number): number =>
    journal?.has(endOf(seed)) === true ? 1 : Math.max(1, (endMs - performance.now()) / left)
  const runSeed = async (next: CampaignOrder): Promise<CampaignOutcome> => {
    const came = await runOrder(
      journal === undefined ? next : spent(next, journal, budgetMs / seeds.length),
      output,
    )
    if (!came.result.stopped) await journal?.note(endOf(next.seed))
    return came
  }
  let order = orderOf(project, options, resumed, first, share(first, seeds.length))
  const parts = partsOf(order, exploredBy(options), seeds)
  assertSameCampaign(resumed.before, parts)
  await beginCampaign(journal, parts, output)
  let outcome = await runSeed(order)
  // More seeds: each gets its part of what is left of the budget; what they came to is one result.
  for (const [index, seed] of more.entries()) {
    const isKept = journal?.has(endOf(seed)) === true || journal?.hasMore === true
    if (outcome.result.stopped || (performance.now() >= endMs && !isKept)) break
    const before = readResult(outcome.resultFile)
    const further = orderOf(project, options, resumed, seed, share(seed, more.length - index))
    order = { ...further, isFurther: true, casesBefore: linesOf(outcome.casesFile) }
    outcome = await runSeed(order)
    writeResult(outcome.resultFile, mergeResults([before, outcome.result]))
  }
  return finish(outcome, order, output)
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}

/** The order with its budget as a whole, and what of it earlier processes spent: all of it where its seed has `had` its share. */
function spent(order: CampaignOrder, journal: CampaignJournal, had: number): CampaignOrder {
  const isOver = journal.has(endOf(order.seed))
  const spentMs = isOver ? had : journal.spentBeforeMs
  const budget = isOver ? had : (order.options.budget ?? 0) + spentMs
  return { ...order, journal, spentMs, options: { ...order.options, budget } }
}

/** Name of the unit that says that a seed has had its share. */
function endOf(seed: string): string {
  return `the end of seed ${seed}`
}

function exploredBy({ explore, errors, nightly }: GateOptions): string {
  return [
    explore === false ? 'nothing' : errors === true ? harmNames.join(', ') : 'crashes',
    ...(nightly === true ? ['of a night'] : []),
  ].join(' ')
}

function seedsOf(
  { directory }: ConfiguredProject,
  options: GateOptions,
  before: string | undefined,
  journal: CampaignJournal | undefined,
): readonly string[] {
  const chosen = [options.seed, options.seeds, options.nightly].filter((each) => each !== undefined)
  if (chosen.length > 1)
    throw new UsageError('OPTION_INVALID', '--seed, --seeds and --nightly exclude each other')
  if (options.seeds !== undefined) return rangeSeeds(options.seeds)
  // A night that was interrupted is the same night after midnight.
  if (options.nightly === true)
    return journal?.seeds ?? nightOf(before ?? '') ?? nightlySeeds(Date.now())
  return [options.seed ?? before ?? gitCommit(directory) ?? seedWithoutCommit]
}

function orderOf(
  project: ConfiguredProject,
  options: GateOptions,
  resumed: ReturnType<typeof resumedBy>,
  seed: string,
  budgetMs: number,
): CampaignOrder {
  return {
    command: 'gate',
    project,
    ...chooseBoth(project, options),
    seed,
    cases: options.cases ?? project.config.cases ?? casesDefault,
    workloads: options.workloads ?? Infinity,
    options: { ...options, budget: budgetMs },
    shrinkMs: options.shrink === false ? 0 : shrinkMs,
    save: options.save === true,
    drive: (driven) => shareBudget(driven, options),
    ...resumed,
  }
}

/** G1-G3. */
async function shareBudget(driven: Driven, options: GateOptions): Promise<void> {
  const { campaign, order, isOver } = driven
  for (const system of order.systems) if (!isOver()) await campaign.run(system, 0, 1)
  if (options.explore !== false && !isOver()) await exploreShare(driven, options)
  for (let number = 1; number < order.workloads && !isOver() && !campaign.isExhausted; number += 1)
    for (const system of order.systems) await campaign.run(system, number, number + 1)
}

async function exploreShare(driven: Driven, { errors }: GateOptions): Promise<void> {
  const { campaign, order, leftMs } = driven
  const { coverage } = campaign.result()
  const budgetMs = leftMs() * explorerShare(coverage, order.systems)
  const harms = errors === true ? harmNames : harmNames.filter(isCrash)
  // What is kept of it takes no time.
  if (budgetMs > 0 || order.journal?.hasMore === true)
    await explorePart(driven, { harms, budgetMs, perKind: false, scenariosMax: Infinity })
}

function isCrash(harm: Harm): boolean {
  return harm === 'kill' || harm === 'power-loss'
}

/** G2: the explorer's part of what is left, from 0 to 1. */
export function explorerShare(coverage: readonly Coverage[], systems: readonly System[]): number {
  const crashes = (name: string): number =>
    systems.find((each) => each.name === name)?.claims.includes('power') === true ? 2 : 1
  let explorer = 0
  let live = 0
  for (const each of coverage) {
    const points = pointsSeen(each)
    explorer += points * crashes(each.system)
    live += Math.max(0, points - pointsKilled(each)) + vacuous(each).length
  }
  return explorer + live === 0 ? 0 : explorer / (explorer + live)
}
