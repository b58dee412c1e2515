/**
 * `killpoint audit`: which syncs are load-bearing. Each lies in turn; the answer says what then breaks, or that nothing does.
 */
import { audit, type Audit, type AuditedSite } from '../audit/audit.ts'
import { environmentLine, readEnvironment } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import { plainTable } from '../report/tables.ts'
import { newSeed } from '../seed.ts'
import { exitCodes } from '../verdict.ts'
import type { CommonOptions } from './options.ts'
import { chooseBoth, type Project } from './project.ts'

/** Audits the systems of a project, says what each sync is for, and gives the exit code: 0 where all are needed. */
export async function auditCommand(
  project: Project,
  options: CommonOptions,
  output: Output,
): Promise<number> {
  const environment = readEnvironment(project.directory)
  const { scenarios, systems } = chooseBoth(project, options)
  const seed = options.seed ?? newSeed()
  const profile = options.profile === 'ext4' ? 'ext4' : 'posix'
  const { say } = output
  say(environmentLine(environment))
  say(`seed ${seed}  jobs ${options.jobs}  ${scenarios.length} scenarios  profile ${profile}`)
  const results: { system: string; audit: Audit }[] = []
  const endMs = performance.now() + (options.budget ?? Infinity)
  for (const system of systems) {
    const progress = output.progress()
    const found = await audit({
      seed,
      scenarios,
      system,
      profile,
      jobs: options.jobs,
      root: project.directory,
      ...(options.budget === undefined ? {} : { leftMs: () => endMs - performance.now() }),
      onProgress: (name, { done, of, checked }) =>
        progress.update(`${done}/${of} syncs  ${checked} states judged  ${name} × ${system.name}`),
      onScenario: (name, syncs) => progress.print(`${name} × ${system.name}  ${syncs} syncs`),
    })
    progress.end()
    results.push({ system: system.name, audit: found })
    sayAudit(system.name, found, output)
  }
  const sites = results.flatMap((each) => each.audit.sites)
  const isClean = sites.length > 0 && sites.every(({ fate }) => fate === 'needed')
  const code = sites.length === 0 ? exitCodes.inconclusive : isClean ? 0 : exitCodes.broken
  output.json({ version: 1, seed, profile, environment, exitCode: code, results })
  return code
}

function sayAudit(system: string, { sites, skipped }: Audit, { say, ink }: Output): void {
  const table = plainTable(['sync', 'calls', '', 'what breaks', 'token'])
  for (const site of sites) table.push(rowOf(site))
  say('')
  say(table.toString())
  for (const { scenario, why } of skipped) say(`skipped ${scenario} × ${system}: ${why}`)
  const left = sites.filter(({ fate }) => fate !== 'needed')
  say('')
  if (sites.length === 0) say(ink.doubt('? no sync was audited'))
  else if (left.length === 0) say(ink.good(`✓ ${sites.length} syncs, all of them needed`))
  const token = sites.find(({ breach }) => breach !== undefined)?.breach?.token
  if (token !== undefined) say(`replay what breaks: npx killpoint replay --unexcused ${token}`)
  for (const { site, text, fate } of left)
    say(
      ink.bad(
        fate === 'redundant'
          ? `✗ redundant: ${text} at ${site}: no power loss leaves another state without it`
          : `✗ untested: ${text} at ${site}: states differ without it, and nothing noticed`,
      ),
    )
}

function rowOf({ site, calls, fate, breach }: AuditedSite): string[] {
  const what = breach === undefined ? '' : `${breach.verdict} ${breach.invariant ?? ''}`.trim()
  return [site, String(calls), fate, what, breach?.token ?? '']
}
