/**
 * `killpoint run`: every scenario over every system of the configuration, with real processes and real kills.
 */
import picocolors from 'picocolors'
import { runCampaign, type CampaignResult } from '../campaign/campaign.ts'
import type { CaseReport } from '../campaign/trial.ts'
import { environmentLine, readEnvironment } from '../report/environment.ts'
import { progressOn } from '../report/progress.ts'
import { coverageTable, sometimesTable, vacuousLines } from '../report/tables.ts'
import { newSeed, parseSeed } from '../seed.ts'
import { exitCode } from '../verdict.ts'
import type { CommonOptions } from './options.ts'
import { choose, type ConfiguredProject } from './project.ts'

export interface RunOptions extends CommonOptions {
  readonly cases?: number
  readonly workloads?: number
}

/** Runs the campaign of a project, prints what it showed, and gives the exit code. */
export async function runCommand(project: ConfiguredProject, options: RunOptions): Promise<number> {
  const { config, directory } = project
  const seed = options.seed === undefined ? newSeed() : parseSeed(options.seed)
  const scenarios = choose('scenario', project.scenarios, options)
  const cases = options.cases ?? config.cases ?? 12
  const workloads = options.workloads ?? config.workloads ?? 1
  const environment = readEnvironment(directory)
  const say = (line: string): void => {
    if (options.json !== true) process.stdout.write(`${line}\n`)
  }
  say(environmentLine(environment))
  say(
    `seed ${seed}  jobs ${options.jobs}  ${scenarios.length} scenarios × ${config.systems.map(({ name }) => name).join(', ')}  ${workloads} workloads × ${cases} cases`,
  )
  say('')
  const progress = progressOn(process.stderr, options.json === true)
  let done = 0
  let failed = 0
  const total = scenarios.length * config.systems.length * workloads * cases
  let isStopped = false
  const stop = (): void => {
    isStopped = true
  }
  process.once('SIGINT', stop)
  const result = await runCampaign({
    seed,
    scenarios,
    systems: config.systems,
    cases,
    workloads,
    live: { jobs: options.jobs },
    isOver: () => isStopped,
    onCase: (report) => {
      done += 1
      if (report.verdict !== 'HOLDS' && report.verdict !== 'REFUSED') {
        failed += 1
        progress.print(`${picocolors.red('✗')} ${report.verdict}  ${report.token}`)
      }
      progress.update(
        `${done}/~${total} cases  ${failed} failed  ${report.group.scenario.name} × ${report.group.system.name}`,
      )
    },
  })
  progress.end()
  process.off('SIGINT', stop)
  if (options.json === true)
    process.stdout.write(`${JSON.stringify(asJson(result), undefined, 2)}\n`)
  else printResult(result, say)
  return exitCode(result.verdict)
}

function printResult(result: CampaignResult, say: (line: string) => void): void {
  say(coverageTable(result))
  say('')
  say(sometimesTable(result))
  for (const { scenario, system, missing } of result.skipped)
    say(`skipped ${scenario} × ${system}: it does not claim ${missing}`)
  const vacuous = vacuousLines(result)
  if (vacuous.length > 0)
    say(
      `\ninconclusive, because of what was never shown:\n${vacuous.map((each) => `  ${each}`).join('\n')}`,
    )
  say('')
  const kills = result.coverage.reduce((sum, each) => sum + each.kills, 0)
  const points = result.coverage.reduce((sum, each) => sum + each.killedAt.size, 0)
  const random = result.coverage.reduce((sum, each) => sum + each.randomKills, 0)
  say(
    `${result.cases} cases, ${kills} real processes killed, ${points} distinct exact crash points, ${random} at random times`,
  )
  if (result.failures.length === 0) {
    say(
      result.verdict === 'HOLDS'
        ? picocolors.green('✓ all of it holds')
        : picocolors.yellow('? inconclusive'),
    )
    return
  }
  for (const failure of result.failures.slice(0, 5)) printFailure(failure, say)
}

function printFailure(report: CaseReport, say: (line: string) => void): void {
  say('')
  say(
    `${picocolors.red('✗')} ${report.group.scenario.name} × ${report.group.system.name}   ${report.verdict}`,
  )
  const { judgement, trouble } = report
  if (trouble !== undefined) say(`  ${trouble.kind}: ${trouble.message}\n  ${trouble.hint}`)
  if (judgement?.finding !== undefined) {
    say(`  ${judgement.finding.invariant}  ${judgement.finding.what}`)
    for (const detail of judgement.finding.details) say(`  ${detail}`)
  }
  for (const reason of judgement?.reasons ?? []) say(`  ${reason}`)
  say(`  replay  npx killpoint replay ${report.token}`)
}

function asJson(result: CampaignResult): unknown {
  return {
    version: 1,
    seed: result.seed,
    verdict: result.verdict,
    exitCode: exitCode(result.verdict),
    cases: result.cases,
    skipped: result.skipped,
    failures: result.failures.map(({ token, verdict, judgement, trouble }) => ({
      token,
      verdict,
      judgement,
      trouble,
    })),
    coverage: result.coverage.map((each) => ({
      ...each,
      killedAt: each.killedAt.size,
      fired: Object.fromEntries(each.fired),
      skipped: Object.fromEntries(each.skipped),
      sometimes: Object.fromEntries(each.sometimes),
    })),
  }
}
