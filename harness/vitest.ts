/**
 * `killpoint/vitest`: crash tests as tests.
 *
 *   import { crashTest } from 'killpoint/vitest'
 *   crashTest({ system: 'src/my-journal.ts' })
 *
 * makes one test per system and scenario. A test holds, fails with the whole story of the worst failure, its last line the
 * command that shows it again, or is skipped with the claims that the scenario needs. What was never shown fails too: it is
 * not known to hold.
 */
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, test } from 'vitest'
import { scenarios as shipped } from '../scenarios/index.ts'
import { runCampaign, type CampaignResult } from './campaign/campaign.ts'
import { loadModule } from './commands/backend-module.ts'
import { failuresOf } from './commands/failures.ts'
import { quietMs } from './commands/options.ts'
import { scratchName } from './commands/project.ts'
import { casesDefault } from './commands/run.ts'
import { UsageError } from './errors.ts'
import { whyNotSoMany } from './jobs.ts'
import { readEnvironment } from './report/environment.ts'
import { ignoredDirectory } from './report/files.ts'
import { plainInk, type Output } from './report/output.ts'
import { vacuousLines } from './report/result/coverage.ts'
import { listMistakes } from './members.ts'
import { scenarioMistakes } from './scenario-members.ts'
import type { Scenario } from './scenario.ts'
import { isSeed } from './seed-text.ts'
import { missingClaims, type System } from './system.ts'
import { exitCode, exitCodes } from './verdict.ts'

/** What is tested, and how much. */
export interface CrashTestOptions {
  /**
   * A system, or the path of a journal backend's module, relative to the working directory. `killpoint replay` finds a path
   * by itself; any other system stands in killpoint.config.ts under the same name.
   */
  readonly system?: System | string
  /** Several of them. */
  readonly systems?: readonly (System | string)[]
  /** Default: those that ship with killpoint. */
  readonly scenarios?: readonly Scenario[]
  /** The source of all randomness, letters and digits. Default `crashtest`: the same cases in every run. */
  readonly seed?: string
  /** Cases per workload. Default 12. */
  readonly cases?: number
  /** Workloads per scenario. Default 1. */
  readonly workloads?: number
  /** Cases that run at once. Default one per processor. */
  readonly jobs?: number
  /** Milliseconds for making a failure smaller. Default 30 000; 0 leaves it as it is. */
  readonly shrinkMs?: number
  /** Milliseconds that one test may take. Default 300 000. */
  readonly timeoutMs?: number
}

/** A system did not hold, or nothing was shown. The message ends with the replay line. */
export class CrashTestError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CrashTestError'
    // The story names the lines that matter; where it was thrown is none of them.
    this.stack = `${this.name}: ${message}`
  }
}

/**
 * Makes one test per system and scenario.
 *
 * @throws TypeError where no system is given; UsageError `OPTION_INVALID` with everything that is wrong
 */
export function crashTest(options: CrashTestOptions): void {
  assertUsable(options)
  const { system, systems = [], scenarios = shipped, timeoutMs = 300_000 } = options
  const all = [...(system === undefined ? [] : [system]), ...systems]
  if (all.length === 0) throw new TypeError('crashTest needs a system, or systems')
  for (const each of all) {
    const load = loaded(each)
    describe(`crash tests of ${typeof each === 'string' ? each : each.name}`, () => {
      for (const scenario of scenarios)
        test(`${scenario.name}: ${scenario.title}`, { timeout: timeoutMs }, async (context) => {
          const tested = await load()
          const missing = missingClaims(tested, scenario.needs).join(', ')
          if (missing !== '') context.skip(`it does not claim ${missing}`)
          await assertHolds(tested, scenario, options)
        })
    })
  }
}

/** A test of no case, or of one that cannot be drawn, would show nothing. */
function assertUsable({ seed, jobs, ...counts }: CrashTestOptions): void {
  const wrong: string[] = []
  const expected = (name: string, what: string, came: unknown): unknown =>
    wrong.push(`${name}: ${what}, and ${inspect(came)} came`)
  if (seed !== undefined && !isSeed(seed))
    expected('seed', 'expected 1 to 64 letters and digits', seed)
  const why = jobs === undefined ? undefined : whyNotSoMany(jobs)
  if (why !== undefined) expected('jobs', why, jobs)
  for (const [name, least] of Object.entries({
    cases: 1,
    workloads: 1,
    shrinkMs: 0,
    timeoutMs: 1,
  })) {
    const count = counts[name as keyof typeof counts]
    if (count !== undefined && !(Number.isSafeInteger(count) && Number(count) >= least))
      expected(name, `expected a whole number from ${least}`, count)
  }
  if (counts.scenarios?.length === 0) expected('scenarios', 'expected one at least', [])
  wrong.push(...listMistakes('scenarios', counts.scenarios ?? [], scenarioMistakes))
  if (wrong.length === 0) return
  throw new UsageError('OPTION_INVALID', `crashTest cannot be run so:\n  ${wrong.join('\n  ')}`, {
    hint: 'correct each of them, or leave it out',
  })
}

/** Loads a module once, in the first test that needs it, so that its mistakes are a test's. */
function loaded(system: System | string): () => Promise<System> {
  if (typeof system !== 'string') return () => Promise.resolve(system)
  let loading: Promise<System> | undefined
  return () => (loading ??= loadModule(process.cwd(), system))
}

async function assertHolds(
  system: System,
  scenario: Scenario,
  options: CrashTestOptions,
): Promise<void> {
  const { seed = 'crashtest', cases = casesDefault, workloads = 1 } = options
  const live = { jobs: options.jobs ?? availableParallelism(), quietMs }
  const plan = { seed, scenarios: [scenario], systems: [system], cases, workloads, live }
  const campaign = await runCampaign(plan)
  if (exitCode(campaign.verdict) === exitCodes.holds) return
  throw new CrashTestError(await told(campaign, live, options.shrinkMs ?? 30_000))
}

async function told(
  campaign: CampaignResult,
  live: { readonly jobs: number; readonly quietMs: number },
  shrinkMs: number,
): Promise<string> {
  const directory = process.cwd()
  const records = join(ignoredDirectory(join(directory, scratchName)), 'failures')
  mkdirSync(records, { recursive: true })
  const { told: failures } = await failuresOf(
    {
      project: { directory, records, corpus: records },
      failures: campaign.failures,
      corpus: [],
      environment: readEnvironment(directory),
      live,
      shrinkMs,
      save: false,
      stop: new AbortController().signal,
    },
    silent,
  )
  const vacuous = vacuousLines(campaign.coverage)
  if (failures.length > 0) return failures.map(({ text }) => text).join('\n\n')
  return [
    'inconclusive, because of what was never shown:',
    ...vacuous.map((line) => `  ${line}`),
    '  hint: more cases, or another seed, may show it',
  ].join('\n')
}

const silent: Output = {
  say: () => {},
  json: () => {},
  ink: plainInk,
  progress: () => ({ update: () => {}, print: () => {}, end: () => {} }),
}
