/**
 * Installs other people's durable runtimes, kills them at their crash points, and writes `docs/systems.md`.
 *
 *   npm run systems                          all of them, 150 s each
 *   npm run systems -- 900s vercel-workflow      this one; what was found of the others stays as it is
 *   npm run systems -- rates vercel-workflow     how fast it is, and nothing else: what was found stays, also where other things ran then
 *
 * What was found of each is kept in `docs/systems.json` when it is done, and the page is made from all of it. Needs the npm registry; no install script is run.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rates } from './rates.ts'
import { type Described, systems } from './systems.ts'

interface Failure {
  readonly scenario: string
  readonly verdict: string
  readonly invariant?: string
  readonly what: string
  readonly token: string
  readonly alike: number
  readonly text: string
}

interface Result {
  readonly environment: Readonly<Record<string, string>>
  readonly inconclusive: readonly unknown[]
  readonly failures: readonly Failure[]
  readonly coverage: readonly {
    readonly scenario: string
    readonly cases: number
    readonly kills: number
    readonly workloads: readonly {
      readonly points: Readonly<Record<string, number>>
      readonly killedAt: readonly string[]
    }[]
  }[]
  readonly cases: {
    readonly verdict: readonly number[]
    readonly verdicts: readonly string[]
    readonly finding: readonly number[]
    readonly findings: readonly { readonly invariant: string }[]
  }
}

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const seed = '20261122'
const scenarios = ['finished-run', 'loop']
// Of a store behind a server: kills before and after each message, and each answer lost.
const wireScenarios = ['lost-answers']
// Of a server that each case has to itself: it dies and comes back at every mark, alone and with the worker.
const serverScenarios = ['server-death']
// Longer than the longest pause that an engine makes by itself, which would look like a wedge: 5 s, looked at for ten times as long.
const flags = `--seed ${seed} --quiet 600ms --bail 100000 --cases 2000 --no-explore --no-shrink --json`
// A poll or a second connection of the engine can make the number of a message another's, the more so on a busy machine.
const replaysMax = 5

const [budget = '150s', ...only] = process.argv.slice(2)
const ratesAlone = budget === 'rates'
const chosen = systems.filter(({ system: { name } }) => only.length === 0 || only.includes(name))

/** What was found of one system: its cells of the table, and a text for each failure. */
interface Found {
  readonly cells: readonly string[]
  readonly rates: readonly string[]
  readonly details: readonly string[]
}

const record = `${root}/docs/systems.json`
const found = JSON.parse(readFileSync(record, 'utf8')) as Record<string, Found>
const installed = new Set<string>()
for (const described of chosen) {
  const { name } = described.system
  install(described.folder)
  const known = found[name]
  if (ratesAlone && known === undefined) throw new Error(`${name}: nothing was found of it yet`)
  const result = ratesAlone ? undefined : run(described)
  const details = result?.failures.map((failure) => detail(name, failure))
  found[name] = {
    cells: result === undefined ? (known?.cells ?? []) : cellsOf(described, result),
    rates: ratesOf(await rates(described.system)),
    details: details ?? known?.details ?? [],
  }
  writeFileSync(record, `${JSON.stringify(found, null, 2)}\n`)
  writeFileSync(`${root}/docs/systems.md`, page())
  execFileSync('npx', ['prettier', '--write', record, 'docs/systems.md'], {
    cwd: root,
    stdio: 'ignore',
  })
}

function install(folder: string): void {
  if (installed.has(folder)) return
  installed.add(folder)
  process.stderr.write(`${folder}: npm install\n`)
  // The project's own strictness about engines is for its own dependencies: what these ask for is told in their README.
  const order = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund']
  order.push('--engine-strict=false')
  execFileSync('npm', order, { cwd: here + folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

function killpoint(...order: readonly string[]): {
  readonly status: number | null
  readonly out: string
} {
  const cli = ['--import', import.meta.resolve('tsx'), `${root}/harness/cli.ts`, ...order]
  const { status, stdout } = spawnSync(process.execPath, cli, {
    cwd: here,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { status, out: stdout }
}

function run({ system: { name, claims } }: Described): Result {
  const asked = [
    ...scenarios,
    ...(claims.includes('wire') ? wireScenarios : []),
    ...(claims.includes('server') ? serverScenarios : []),
  ]
  process.stderr.write(`${name}: ${asked.join(', ')}, ${budget}\n`)
  const order = ['run', '--only', ...asked, name, '--budget', budget, ...flags.split(' ')]
  const { status, out } = killpoint(...order)
  // 1 is a finding, and 2 a budget that ended: both are results.
  if (status === null || status > 2) throw new Error(`${name}: exit code ${status}\n${out}`)
  return JSON.parse(out) as Result
}

function ratesOf(rate: Awaited<ReturnType<typeof rates>>): readonly string[] {
  const { takeoverMs, steps, appends } = rate
  return [`${takeoverMs.toFixed(0)} ms`, `${steps.toFixed(0)} (bare: ${appends.toFixed(0)})`]
}

function cellsOf(described: Described, result: Result): readonly string[] {
  const { system, folder, engine, store } = described
  const workloads = result.coverage.flatMap((each) => each.workloads)
  const points = sum(workloads.flatMap((each) => Object.values(each.points)))
  // K12, K12+ and K12/40 are kills before, after and inside the same op; M12=kill and M12+=kill before and after the same message.
  const killedAt = sum(workloads.map((each) => new Set(each.killedAt.map(opOf)).size))
  const { verdict, verdicts, finding, findings } = result.cases
  const redone = finding.filter((place) => findings[place]?.invariant === 'S3').length
  return [
    `[${system.name}](../examples/systems/${folder}/README.md)`,
    `${engine} ${versionOf(folder, engine)}`,
    store,
    system.claims.join(', '),
    `${budget}, node ${result.environment['node'] ?? ''}`,
    `${killedAt} of ${points}`,
    `${sum(result.coverage.map(({ kills }) => kills))}`,
    verdicts
      .map((each, place) => `${verdict.filter((one) => one === place).length} ${each}`)
      .join(', '),
    `${redone}`,
  ]
}

function opOf(schedule: string): string {
  return /^[KM]\d+/.exec(schedule)?.[0] ?? schedule
}

function detail(name: string, failure: Failure): string {
  const { scenario, verdict, invariant, what, token, alike } = failure
  process.stderr.write(`${name}: replay ${token}\n`)
  const same = seenAgain(token, verdict)
  const place =
    /(?:killed (?:before|after|inside|in) op|(?:killed|connection) .*message) .*/.exec(
      failure.text,
    )?.[0] ?? ''
  const short = place
    .replaceAll(here, '')
    .replaceAll(root, '')
    .replaceAll(/wrun_\w+/g, 'RUN')
    .replaceAll(/step_[0-9A-Z]{20,}/g, 'STEP')
    .replaceAll(/evnt_\w+/g, 'EVENT')
    .replaceAll(/\.tmp\.\w+/g, '.tmp')
    .replace(/ < .*/, '')

  return `- **${name}**, ${scenario}: \`${verdict}\` ${invariant ?? ''}, ${what}; ${alike} cases, ${same}\n  ${short}\n  \`npx killpoint replay ${token} --quiet 600ms\``
}

function seenAgain(token: string, verdict: string): string {
  for (let replay = 1; replay <= replaysMax; replay += 1) {
    const { status, out } = killpoint('replay', token, '--quiet', '600ms')
    if ((status !== 1 && status !== 2) || !out.includes(verdict)) continue
    return replay === 1 ? 'seen again when it was replayed' : `seen again at replay ${replay}`
  }
  return `**not reproduced** in ${replaysMax} replays`
}

function versionOf(folder: string, engine: string): string {
  const file = `${here}${folder}/node_modules/${engine}/package.json`
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function page(): string {
  const known = systems.flatMap(({ system: { name } }) => found[name] ?? [])
  const details = known.flatMap((each) => each.details)
  const titles = [
    'system',
    'engine',
    'store',
    'claims',
    'given',
    'crash points killed at',
    'processes killed',
    'cases',
    'committed steps redone',
    'time to take over',
    'steps per second',
  ]
  return `# Other people's systems

<!-- Written by \`npm run systems\`: change examples/systems, not this page. -->

Durable runtimes that others wrote, under the scenarios and checkers that everything else here is under. Each is in a folder of its own in
[examples/systems](../examples/systems), with what it claims, where its documentation says so, and what was found. Scenarios ${scenarios.join(' and ')}, and ${wireScenarios.join(', ')} where the store is behind a server, ${serverScenarios.join(', ')} where cases kill that server, one workload each,
seed \`${seed}\`: crash points are listed from a run that nothing happens to, and killed at one after the other, before, inside
and after each. Where the store is a server's, the messages to it are crash points too. A number of points that is smaller than their whole is a budget that ended, and no pass.

| ${titles.join(' | ')} |
| ${titles.map(() => '---').join(' | ')} |
${known.map(({ cells, rates: measured }) => `| ${[...cells, ...measured].join(' | ')} |`).join('\n')}

_Given_: the time in which cases were begun, and the version of Node. _Cases_ by verdict: \`HOLDS\` is a pass, and what the others say is in [invariants](invariants.md). _Committed steps redone_: cases in which a step ran again whose result had been
given to the workflow. _Time to take over_: from the start of the life after a kill until a step begins in it, the start of Node included. _Steps per second_: each after the other, of a run of 120 steps, from the 21st until it is done,
and in brackets appends of 200 bytes to a file, each with a data sync, in the same minute and directory.

## Each failure

Tokens are replayed in \`examples/systems\`, after \`npm install --no-save --ignore-scripts\` in the folder of the system.

${details.length === 0 ? 'None.' : details.join('\n')}
`
}
