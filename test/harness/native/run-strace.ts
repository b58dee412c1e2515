/** Runs small static programs under strace, as the live engine does, and hands back what they left and what strace showed. */
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { systemVariables } from '../../../harness/life.ts'
import { straceArguments, type StraceAim } from '../../../harness/native/strace-lane.ts'
import { encodeLog, logOfStrace, type StracedLog } from '../../../harness/native/strace-log.ts'
import { parseTrace, type Trace } from '../../../harness/trace.ts'
import { fixture, scratch } from './run-native.ts'

/** Why these tests cannot run on this host; `undefined` where they can. CI fails on it. */
export const whyNoStrace: string | undefined =
  whyNotRun('strace', ['-qq', '-f', '-e', 'trace=none', '/bin/true']) ??
  whyNotRun('gcc', ['--version'])

function whyNotRun(file: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  if (status === 0) return undefined
  return `${file} does not work here: ${error?.message ?? stderr}`
}

/** Builds a fixture without a dynamic linker, and says where it is. */
export function buildStatic(name: string, ...flags: readonly string[]): string {
  return buildDynamic(name, '-static', ...flags)
}

/** The same with one. */
export function buildDynamic(name: string, ...flags: readonly string[]): string {
  const file = join(scratch(), name)
  execFileSync('gcc', ['-O1', '-w', ...flags, '-o', file, fixture(`${name}.c`)])
  return file
}

export interface StracedRun {
  readonly state: string
  readonly log: StracedLog
  readonly trace: Trace
  readonly signal: string | null
  readonly ledger: string
}

/** Runs a program in a place of its own; where there is an aim, it is killed there. */
export function runStraced(file: string, aim?: StraceAim): StracedRun {
  const root = realpathSync(scratch())
  const [state, ledger, output] = [join(root, 'state'), join(root, 'ledger'), join(root, 'strace')]
  mkdirSync(state)
  const descriptor = openSync(ledger, 'a')
  const { signal } = spawnSync('strace', [...straceArguments(output, aim), file], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit', descriptor],
    env: { PATH: process.env['PATH'], [systemVariables.directory]: state },
  })
  closeSync(descriptor)
  const log = logOfStrace({
    output: readFileSync(output, 'latin1'),
    life: 1,
    root: state,
    before: [],
    ledger,
    cwd: root,
  })
  const trace = parseTrace(encodeLog(log.entries))
  if (trace === undefined) throw new Error('the log has no head')
  return { state, log, trace, signal, ledger: readFileSync(ledger, 'utf8') }
}
