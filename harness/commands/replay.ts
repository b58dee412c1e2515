/** `killpoint replay TOKEN|FILE`: runs one case again and says whether it is the same. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { workloadOfSeed, type Group } from '../campaign/group.ts'
import { digestOf, failureOf } from '../campaign/identity.ts'
import type { CaseReport } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import { readSavedCase } from '../corpus/corpus.ts'
import { savedCaseName, type SavedCase } from '../corpus/saved-case.ts'
import { UsageError } from '../errors.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { LiveOptions } from '../live/options.ts'
import { modelOf } from '../model.ts'
import { freePort, inspectLife, type Inspector } from '../replay/inspector.ts'
import { outcomeText, replay, type Replayed, type ReplayOrder } from '../replay/replay.ts'
import { storyText } from '../report/failure-story.ts'
import type { Output } from '../report/output.ts'
import { environmentLine, readEnvironment } from '../report/environment.ts'
import { looksLikeToken, parseToken } from '../token.ts'
import { exitCode, isBreach } from '../verdict.ts'
import { quietMs } from './options.ts'
import { findScenario, findSystem, type Project } from './project.ts'
import { storyOf } from './story.ts'

export interface ReplayOptions {
  readonly times: number
  readonly keep?: boolean
  /** True for the life that recovers, or the number of a life. */
  readonly inspect?: boolean | number
  /** Of the debugger; 0 for any. */
  readonly inspectPort?: number
  readonly profile?: string
  /** Directory in which cases run. */
  readonly scratch?: string
  /** Runs at once; default 1. */
  readonly jobs?: number
  /** Nothing is excused: as an audit judges, whose tokens are of disks that lie. */
  readonly unexcused?: boolean
  /** Milliseconds in place of the default. */
  readonly quiet?: number
  /** Milliseconds after which no further run is started; the first always is. */
  readonly budget?: number
}

/** What a person asked to be replayed. */
export interface Wanted {
  readonly group: Group
  readonly order: Omit<ReplayOrder, 'times'>
  /** What stands behind `npx killpoint replay`, where the token does not say it all. */
  readonly text: string
}

/** Replays a case, prints what came of it, and gives the exit code. */
export async function replayCommand(
  project: Project,
  text: string,
  options: ReplayOptions,
  output: Output,
): Promise<number> {
  const found = await find(project, text)
  const wanted = options.unexcused === true ? { ...found, text: `--unexcused ${text}` } : found
  const { say } = output
  const environment = readEnvironment(project.directory)
  say(environmentLine(environment))
  say(describe(wanted))
  const inspector = options.inspect ? await inspectorFor(wanted, options, say) : undefined
  const live = liveOptions(options, inspector)
  const bench = new Workbench(live, profileOf(found, options), options.unexcused)
  try {
    const { times, jobs = 1, budget } = options
    const endMs = performance.now() + (budget ?? Infinity)
    const isOver = (): boolean => performance.now() >= endMs
    const order = { ...wanted.order, times, jobs, isOver }
    const replayed = await replay(bench, order)
    refuseImpossible(replayed)
    await print(bench, wanted, replayed, { project, environment, output })
    // Behind the words: where its file cannot be written, they stand.
    output.json(asJson(wanted, replayed))
    return exitCode(replayed.verdict)
  } finally {
    await bench.close()
    inspector?.remove()
  }
}

/** @throws UsageError where what was asked for cannot be done to this system: nobody's failure */
export function refuseImpossible({ reports }: Pick<Replayed, 'reports'>): void {
  for (const { trouble } of reports)
    if (trouble?.kind === 'unsupported')
      throw new UsageError('OPTION_INVALID', trouble.message, { hint: trouble.hint })
}

/**
 * Finds the case that a token or a file stands for.
 *
 * @throws UsageError where there is none, or its scenario or system is not known here
 */
export async function find(project: Project, text: string): Promise<Wanted> {
  if (looksLikeToken(text)) return await fromToken(project, text.trim())
  const file = resolve(project.directory, text)
  if (existsSync(file)) return await fromFile(project, text, (await readSavedCase(file)).saved)
  throw new UsageError('TOKEN_SYNTAX', `${JSON.stringify(text)} is no token, and no such file`, {
    hint: 'paste a token as it was printed (kp1:…), or give the path of a saved case',
  })
}

async function fromToken(project: Project, text: string): Promise<Wanted> {
  const token = parseToken(text)
  const scenario = findScenario(project, token.scenario)
  const system = await findSystem(project, token.system)
  const { seed, path, schedule } = token
  const workload = workloadOfSeed(scenario, system, seed, path)
  const group = { scenario, system, seed, ...(path === undefined ? {} : { path }), workload }
  const expected = await recordOf(project, token.scenario, text)
  const isSame =
    expected !== undefined && JSON.stringify(expected.workload) === JSON.stringify(workload)
  return { group, order: { group, schedule, ...(isSame ? { expected } : {}) }, text }
}

async function fromFile(project: Project, text: string, saved: SavedCase): Promise<Wanted> {
  const { seed, path, workload } = saved
  const group = {
    scenario: findScenario(project, saved.scenario),
    system: await findSystem(project, saved.system),
    seed,
    ...(path === undefined ? {} : { path }),
    workload,
  }
  const { schedule } = saved.named
  return { group, order: { group, schedule, saved, expected: saved }, text }
}

/** What a token showed here before, in a campaign or in the corpus. */
async function recordOf(
  { records, corpus }: Project,
  scenario: string,
  token: string,
): Promise<SavedCase | undefined> {
  for (const directory of [records, corpus]) {
    const file = join(directory, savedCaseName({ scenario, token }))
    if (existsSync(file)) return (await readSavedCase(file)).saved
  }
  return undefined
}

function describe({ group, order }: Wanted): string {
  const { scenario, system, seed, workload } = group
  const steps = modelOf(workload).units.size
  return `${scenario.name} × ${system.name}  seed ${seed}  ${steps} steps  schedule ${stringifySchedule(order.schedule)}\n`
}

/** The disk profile of a case: the one asked for, or that of its token. */
export function profileOf(
  { text, order }: Wanted,
  { profile }: Pick<ReplayOptions, 'profile'> = {},
): string | undefined {
  const token = looksLikeToken(text) ? text.trim() : order.saved?.token
  return profile ?? (token === undefined ? undefined : parseToken(token).profile)
}

/** With a debugger nobody may lose patience. */
const patienceMs = 24 * 3_600_000

function liveOptions(
  { keep, scratch, jobs = 1, quiet = quietMs }: ReplayOptions,
  inspector: Inspector | undefined,
): LiveOptions {
  return {
    ...(scratch === undefined ? {} : { scratch }),
    jobs,
    quietMs: quiet,
    keep: keep === true,
    // A handful of starts do not pay for the rehearsal.
    codeCache: false,
    ...(inspector === undefined
      ? {}
      : {
          node: inspector.node,
          quietMs: patienceMs,
          graceMs: patienceMs,
          zombieMs: patienceMs,
        }),
  }
}

/** Finds out which life recovers, unless it was said, and makes it wait for a debugger. */
async function inspectorFor(
  wanted: Wanted,
  { inspect, inspectPort }: ReplayOptions,
  say: (line: string) => void,
): Promise<Inspector> {
  const life = typeof inspect === 'number' ? inspect : await recoveringLife(wanted)
  const port = inspectPort === 0 ? await freePort() : inspectPort
  const inspector = inspectLife(life, 'run', port)
  say(`${inspector.howTo}\n`)
  void inspector.url().then((url) => url !== undefined && say(`it waits now: ${url}\n`))
  return inspector
}

/** The life in which the failure shows; the first life without a fault where nothing is broken. */
async function recoveringLife({ order }: Wanted): Promise<number> {
  const bench = new Workbench({ codeCache: false, quietMs })
  try {
    const { reports, schedule } = await replay(bench, { ...order, times: 1 })
    const [report] = reports
    const last = schedule.findLastIndex((faults) => faults.length > 0) + 1
    const after = report?.run.lives.find(({ slot }) => slot > last)?.life
    return report?.judgement?.finding?.life ?? after ?? 1
  } finally {
    await bench.close()
  }
}

interface Printing {
  readonly project: Project
  readonly environment: ReturnType<typeof readEnvironment>
  readonly output: Output
}

async function print(
  bench: Workbench,
  wanted: Wanted,
  replayed: Replayed,
  { project, environment, output }: Printing,
): Promise<void> {
  const { reports } = replayed
  const { say, ink } = output
  for (const { run } of reports) if (run.directory !== undefined) say(`kept  ${run.directory}`)
  say(outcomeText(replayed, wanted.order.expected))
  const report = reports.find(({ verdict }) => isBreach(verdict)) ?? worstOf(reports, replayed)
  if (report === undefined || report.verdict === 'HOLDS' || report.verdict === 'REFUSED') {
    if (report !== undefined) say(ink.good(`✓ ${report.verdict}`))
    say(`  replay  npx killpoint replay ${wanted.text}`)
    return
  }
  const { directory } = project
  say('')
  const story = await storyOf(bench, report, { directory, environment, replay: wanted.text })
  say(storyText(story, ink))
}

function worstOf(reports: readonly CaseReport[], { verdict }: Replayed): CaseReport | undefined {
  return reports.find((each) => each.verdict === verdict)
}

function asJson(wanted: Wanted, replayed: Replayed): unknown {
  const { verdict, outcome, schedule, reports } = replayed
  return {
    version: 1,
    replay: wanted.text,
    schedule: stringifySchedule(schedule),
    verdict,
    exitCode: exitCode(verdict),
    outcome,
    runs: reports.map((report) => ({
      token: report.token,
      verdict: report.verdict,
      failure: failureOf(report),
      digest: digestOf(report),
      judgement: report.judgement,
      trouble: report.trouble,
      directory: report.run.directory,
    })),
  }
}
