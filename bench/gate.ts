/**
 * What `gate` adds to the engines' own time, measured on real gates: of a project as `killpoint init` makes it, and of one whose
 * journal is wrong, so that failures are told, annotated and put into folders too.
 *
 * The process of the gate is profiled, and each sample belongs to the innermost function of killpoint that it stands in: to the gate's
 * own work (reports, corpus, results, schema, artifacts: `harness/report`, `harness/corpus`, `harness/commands`), or to an engine.
 * The engines' time is the rest of the processor time of that process and of all that it started. Samples of the collector and of
 * Node itself are dealt out in the same proportion; the start of the process (loading modules) is told apart, and is nobody's.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { reportRows, type Row } from './row.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const cli = path.join(root, 'dist/harness/cli.js')
if (!fs.existsSync(cli)) throw new Error(`there is no ${cli}: run npm run build`)

/** Seconds of each gate. */
const budgetS = Number(process.argv[2] ?? 20)
const shareMax = 0.05
/** Node's own, while it loads modules. */
const loaders = /^node:internal\/modules\/|^node:internal\/main\//

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-bench-gate-'))
const rows: Row[] = []
try {
  rows.push(measured('a project made by init, all of it holds', madeByInit(), 0))
  rows.push(measured('a journal that is wrong', withWrongJournal(), 1))
} finally {
  fs.rmSync(scratch, { recursive: true })
}
reportRows(rows)

function madeByInit(): string {
  const directory = projectDirectory('init')
  const { status, stderr } = spawnSync(process.execPath, [cli, 'init'], { cwd: directory })
  if (status !== 0) throw new Error(`init ended with ${status}: ${String(stderr)}`)
  return directory
}

function withWrongJournal(): string {
  const directory = projectDirectory('wrong')
  const module = path.join(root, 'examples/backends/wrong.ts')
  fs.writeFileSync(
    path.join(directory, 'killpoint.config.mjs'),
    `import { allClaims, backendSystem, defineConfig } from 'killpoint'
import { scenarios } from 'killpoint/scenarios'
export default defineConfig({
  systems: [backendSystem({ name: 'wrong', module: ${JSON.stringify(module)}, claims: allClaims })],
  scenarios: scenarios.filter(({ name }) => name === 'loop'),
})
`,
  )
  return directory
}

function projectDirectory(name: string): string {
  const directory = path.join(scratch, name)
  fs.mkdirSync(path.join(directory, 'node_modules'), { recursive: true })
  fs.symlinkSync(root, path.join(directory, 'node_modules/killpoint'))
  // Its scenario draws from it; an install puts it beside killpoint.
  fs.symlinkSync(
    path.join(root, 'node_modules/fast-check'),
    path.join(directory, 'node_modules/fast-check'),
  )
  fs.writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}')
  return directory
}

/** One gate with every report that it can write. */
function measured(what: string, directory: string, expected: number): Row {
  const profiles = path.join(directory, 'profile')
  const reports = ['junit', 'html', 'artifacts', 'result'].flatMap((name) => [
    `--${name}`,
    path.join(directory, 'out', name),
  ])
  const before = childrenMs()
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--cpu-prof',
      `--cpu-prof-dir=${profiles}`,
      cli,
      'gate',
      '--budget',
      `${budgetS}s`,
      '--seed',
      'bench',
      '--out',
      path.join(directory, 'out'),
      ...reports,
    ],
    {
      cwd: directory,
      env: {
        ...process.env,
        GITHUB_ACTIONS: 'true',
        GITHUB_STEP_SUMMARY: path.join(directory, 'summary.md'),
      },
      maxBuffer: 64 * 1024 * 1024,
    },
  )
  if (status !== expected)
    throw new Error(`${what}: gate ended with ${status}\n${String(stdout)}\n${String(stderr)}`)
  const allMs = childrenMs() - before
  const [file = ''] = fs.readdirSync(profiles)
  const profile = JSON.parse(fs.readFileSync(path.join(profiles, file), 'utf8')) as Profile
  const { own, engine, start, rest } = timesOf(profile)
  const ownMs = own * (1 + rest / (own + engine))
  const enginesMs = allMs - ownMs - start
  const cases = /(\d+) cases,/.exec(String(stdout))?.[1] ?? '?'
  const share = ownMs / enginesMs
  return {
    what: `what gate adds to the engines' processor time: ${what}, ${budgetS} s`,
    measured: `${(100 * share).toFixed(1)} % (${ownMs.toFixed(0)} ms to ${(enginesMs / 1_000).toFixed(1)} s, ${cases} cases; its start ${start.toFixed(0)} ms)`,
    wanted: '5 %',
    holds: share <= shareMax,
  }
}

/** What `--cpu-prof` writes, as far as it is read. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

type Owner = 'own' | 'engine' | 'start' | 'rest' | 'idle'

/** Milliseconds by owner. */
function timesOf({ nodes, samples, timeDeltas }: Profile): Record<Owner, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const owners = new Map<number, Owner>()
  const walk = (id: number, above: Owner): void => {
    const node = byId.get(id)
    if (node === undefined) return
    const owner = ownerOf(node.callFrame, above)
    owners.set(id, owner)
    for (const child of node.children ?? []) walk(child, owner)
  }
  const [first] = nodes
  if (first !== undefined) walk(first.id, 'rest')
  const times: Record<Owner, number> = { own: 0, engine: 0, start: 0, rest: 0, idle: 0 }
  for (const [index, id] of samples.entries())
    times[owners.get(id) ?? 'rest'] += Math.max(0, timeDeltas[index] ?? 0) / 1_000
  return times
}

function ownerOf(
  { functionName, url }: Profile['nodes'][number]['callFrame'],
  above: Owner,
): Owner {
  if (functionName === '(idle)') return 'idle'
  if (/\/dist\/harness\/(?:report|corpus|commands)\//.test(url)) return 'own'
  if (/\/dist\/(?:harness|src|scenarios)\//.test(url)) return 'engine'
  if (above === 'rest' && loaders.test(url)) return 'start'
  return above
}

/** Processor time of all children that have ended, and of theirs; the clock where the kernel does not tell. */
function childrenMs(): number {
  if (process.platform !== 'linux') return performance.now()
  const fields = fs.readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) * 10
}
