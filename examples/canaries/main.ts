/**
 * What becomes of a program that keeps its state with a library, when it is killed and when the power goes: explores each, and writes `docs/canaries.md`.
 *
 *   npm run canaries
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Failure {
  readonly verdict: string
  readonly invariant: string
  readonly guilty?: string
  readonly token: string
}

interface Explored {
  readonly points: number
  readonly pointsLeft: number
  readonly counts: Readonly<Record<string, number>>
}

interface Result {
  readonly verdict: string
  readonly environment: Readonly<Record<string, string>>
  readonly explored: readonly Explored[]
  readonly failures: readonly Failure[]
}

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const seed = '20261122'
const options = { cwd: here, encoding: 'utf8', maxBuffer: 1 << 26 } as const
const budget = process.argv[2] ?? '8s'

/** What each library promises, in its own words or by what it does. */
const libraries = [
  { name: 'write-file-atomic', does: 'writes a temporary file, syncs it, renames it' },
  { name: 'lowdb', does: 'writes a temporary file, renames it' },
  { name: 'conf', does: 'writes a temporary file, syncs it, renames it (`atomically`)' },
  { name: 'jsonl', does: '`appendFileSync`, no library' },
]

const columns = [
  { title: 'killed twice', suffix: '', profile: 'posix', depth: '2' },
  { title: 'power loss, posix', suffix: '-power', profile: 'posix', depth: '1' },
  { title: 'power loss, ext4', suffix: '-power', profile: 'ext4', depth: '1' },
] as const

const rows: string[] = []
const details: string[] = []
let node = ''
for (const { name, does } of libraries) {
  const cells = columns.map(({ title, suffix, profile, depth }) => {
    const result = explore(name + suffix, profile, depth)
    node = result.environment['node'] ?? ''
    process.stderr.write(`${name}, ${title}: ${result.verdict}\n`)
    for (const failure of result.failures) details.push(detail(name, title, failure))
    const checked = result.explored.reduce((sum, { counts }) => sum + (counts['checked'] ?? 0), 0)
    return `${verdicts(result)} (${checked})`
  })
  rows.push(`| ${name} | ${versionOf(name)} | ${does} | ${cells.join(' | ')} |`)
}

const page = `# Canaries

<!-- Written by \`npm run canaries\`: change examples/canaries, not this page. -->

What the explorer says of libraries that many programs keep their state with, each under a small journal of the whole state
([examples/canaries](../examples/canaries)), and of lines that are appended without a library. None of them promises to survive power loss: the columns say what a program gets that
counts on it. A verdict is of the scenario \`loop\`, seed \`${seed}\`, node ${node}; in brackets the cases that were checked.

| library | version | what it does | ${columns.map(({ title }) => title).join(' | ')} |
| --- | --- | --- | ${columns.map(() => '---').join(' | ')} |
${rows.join('\n')}

## Each failure

Tokens are replayed in \`examples/canaries\`.

${details.join('\n')}
`
writeFileSync(`${root}/docs/canaries.md`, page)
execFileSync('npx', ['prettier', '--write', 'docs/canaries.md'], { cwd: root, stdio: 'ignore' })

function explore(system: string, profile: string, depth: string): Result {
  const flags = ['--only', 'loop', system, '--profile', profile, '--depth', depth]
  const loader = import.meta.resolve('tsx')
  const cli = ['--import', loader, `${root}/harness/cli.ts`, 'explore']
  const all = [...cli, ...flags, '--no-errors', '--json']
  try {
    return parse(
      execFileSync(process.execPath, [...all, '--seed', seed, '--budget', budget], options),
    )
  } catch (error) {
    const { stdout, status } = error as { readonly stdout?: string; readonly status?: number }
    // 1 is a finding, and 2 a budget that ended: both are results.
    if (stdout === undefined || (status !== 1 && status !== 2)) throw error
    return parse(stdout)
  }
}

function parse(text: string): Result {
  return JSON.parse(text) as Result
}

function verdicts({ failures, explored, verdict }: Result): string {
  const each = failures.map((failure) => `\`${failure.verdict}\` ${failure.invariant}`)
  if (each.length > 0) return [...new Set(each)].join(', ')
  // A budget that ended first is no pass.
  const left = explored.find(({ pointsLeft }) => pointsLeft > 0)
  if (left === undefined) return verdict.toLowerCase()
  return `nothing at ${left.points - left.pointsLeft} of ${left.points} points`
}

function detail(name: string, title: string, failure: Failure): string {
  const guilty = failure.guilty?.split(' < ')[0] ?? 'no single op would have been enough'
  const sites = guilty
    .replaceAll(here, '')
    .replaceAll(root, '')
    .replace(/ at \/\S+/, '')
  return `- **${name}**, ${title}: \`${failure.verdict}\` ${failure.invariant}; ${sites}\n  \`npx killpoint replay ${failure.token}\``
}

function versionOf(name: string): string {
  if (name === 'jsonl') return ''
  const entry = createRequire(import.meta.url).resolve(name)
  const file = `${entry.slice(0, entry.lastIndexOf(`node_modules/${name}`))}node_modules/${name}/package.json`
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}
