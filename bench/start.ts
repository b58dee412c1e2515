/**
 * What it takes to start the command line: `killpoint --help` against Node that does nothing. In turns, by processor time,
 * which other work on the machine moves less than the clock.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { median } from './measure.ts'
import { reportRows } from './row.ts'

const cli = fileURLToPath(new URL('../dist/harness/cli.js', import.meta.url))
if (!existsSync(cli)) throw new Error(`there is no ${cli}: run npm run build`)

/** Starts of a block: the kernel counts in ticks of 10 ms, and one start takes a few of them. */
const startsPerBlock = 8
const rounds = 9
const ratioMax = 1.5

const bare: number[] = []
const help: number[] = []
for (let round = 0; round <= rounds; round++) {
  const [nothing, page] = [block(['-e', '0']), block([cli, '--help'])]
  // The first round reads files that the others find in memory.
  if (round > 0) {
    bare.push(nothing)
    help.push(page)
  }
}

const ratio = median(help.map((each, round) => each / (bare[round] ?? Number.NaN)))
reportRows([
  {
    what: '`killpoint --help` against `node -e 0`, processor time',
    measured: `${ratio.toFixed(2)} x (${median(help).toFixed(0)} ms, ${median(bare).toFixed(0)} ms)`,
    wanted: `at most ${ratioMax} x`,
    holds: ratio <= ratioMax,
  },
])

/** Milliseconds of processor time of one start. */
function block(args: readonly string[]): number {
  const before = spentMs()
  for (let start = 0; start < startsPerBlock; start++) {
    const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
    if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`)
  }
  return (spentMs() - before) / startsPerBlock
}

/** Of all children that have ended; the clock where the kernel does not tell. */
function spentMs(): number {
  if (process.platform !== 'linux') return performance.now()
  // Behind the name, which may hold anything: fields 16 and 17 of proc_pid_stat(5).
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) * 10
}
