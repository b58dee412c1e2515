/**
 * `npm run bench`: runs all benches, or those named, one after the other; with `--docs` it writes their tables to
 * docs/benchmarks.md, where those of the others stay as they are.
 *
 *   node --import tsx bench/main.ts [--docs] [NAME...]
 *
 * It ends with 1 where a row misses what is wanted of it, so that nobody has to read the tables to know.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { machineText, type Row, verdictOf } from './row.ts'

interface Bench {
  readonly name: string
  readonly title: string
  /** How it is started: bundled like a user's program, or as it stands. */
  readonly launch: readonly string[]
}

const benches: readonly Bench[] = [
  { name: 'journal', title: 'The file journal', launch: ['launch.ts', 'journal'] },
  { name: 'loop', title: 'The run loop', launch: ['launch.ts', 'loop'] },
  { name: 'disk-door', title: 'The disk door', launch: ['disk-door.ts'] },
  { name: 'native', title: 'The native hooks', launch: ['native.ts'] },
  { name: 'live', title: 'The live engine', launch: ['live.ts'] },
  { name: 'explorer', title: 'The explorer', launch: ['explorer.ts'] },
  { name: 'report', title: 'The report', launch: ['report.ts'] },
  { name: 'gate', title: 'The gate', launch: ['gate.ts'] },
  { name: 'start', title: 'The command line', launch: ['start.ts'] },
]

const args = process.argv.slice(2)
const writesDocs = args.includes('--docs')
const names = args.filter((arg) => !arg.startsWith('--'))
const unknown = names.filter((name) => !benches.some((bench) => bench.name === name))
if (unknown.length > 0) {
  console.error(
    `no such bench: ${unknown.join(', ')}; there is ${benches.map(({ name }) => name).join(', ')}`,
  )
  process.exit(3)
}

const chosen = benches.filter(({ name }) => names.length === 0 || names.includes(name))
const tables = chosen.map((bench) => ({ bench, machine: machineText(), rows: run(bench) }))
if (writesDocs) await writeDocs()
const missed = tables.flatMap(({ rows }) => rows.filter((row) => verdictOf(row) === 'MISSED'))
if (missed.length > 0) process.exitCode = 1

function run({ name, title, launch }: Bench): readonly Row[] {
  console.log(`\n${title} (npm run bench ${name})`)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-bench-rows-'))
  const gathered = path.join(dir, 'rows.jsonl')
  const [file = '', ...rest] = launch
  try {
    const { status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL(file, import.meta.url)), ...rest],
      { stdio: 'inherit', env: { ...process.env, KILLPOINT_BENCH_ROWS: gathered } },
    )
    if (status !== 0) throw new Error(`bench ${name} ended with ${status}`)
    const lines = fs.readFileSync(gathered, 'utf8').trimEnd().split('\n')
    return lines.map((line) => JSON.parse(line) as Row)
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

async function writeDocs(): Promise<void> {
  const file = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))
  const kept = sectionsOf(fs.readFileSync(file, 'utf8'))
  const page = [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench -- --docs`: change the benches, not this page. -->',
    '',
    'Every row is a ratio, or a number, taken in one run: what is compared ran in turns in the same minutes on the same machine.',
    'A row that says MISSED is left in: it is what was measured.',
    '',
    ...benches.map(({ name, title }) => sectionOf(name, title) ?? kept.get(title) ?? ''),
  ].join('\n')
  const options = await resolveConfig(file)
  fs.writeFileSync(file, await format(page, { ...options, parser: 'markdown' }))
}

/** What stands under each title. */
function sectionsOf(page: string): ReadonlyMap<string, string> {
  const [, ...sections] = page.split(/^(?=## )/m)
  return new Map(sections.map((section) => [section.slice(3, section.indexOf('\n')), section]))
}

/** The section of a bench that was run. */
function sectionOf(wanted: string, title: string): string | undefined {
  const table = tables.find(({ bench }) => bench.name === wanted)
  if (table === undefined) return undefined
  return [
    `## ${title}`,
    '',
    `\`npm run bench ${wanted}\`, ${table.machine}`,
    '',
    '| what | measured | wanted | |',
    '| --- | --- | --- | --- |',
    ...table.rows.map(
      (row) => `| ${row.what} | ${row.measured} | ${row.wanted} | ${verdictOf(row)} |`,
    ),
    '',
    '',
  ].join('\n')
}
