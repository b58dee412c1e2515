/**
 * The warden: one small process per campaign that outlives the harness by a moment.
 *
 * It does two things that the harness's own event loop cannot. When the pipe from the harness ends, however it ended
 * (SIGKILL included), it kills every process of the campaign and removes its scratch directory. And it shoots: it watches a
 * file grow and kills a process the instant a length is reached, while the harness is busy elsewhere.
 *
 * It reads lines: `+ PID` and `- PID` (a group began, ended), `? ID PID BYTES SPIN_US PATH` (let it go on, and shoot), `! ID`
 * (do not), `.` (the harness ended in order). It answers every `?` with one line: `= ID` when the shot fell, `! ID` when it was called off.
 */
import { fstatSync, openSync, closeSync, writeSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { OrphanFinder } from './orphans.ts'
import { killGroup, signalProcess } from './process-state.ts'
import { removeTree } from './scratch.ts'

/** Looks in one go: some milliseconds, longer than the ops of a run in memory take. */
const attentionLooks = 10_000
const warmLooks = 100

interface Target {
  readonly pid: number
  readonly bytes: number
  readonly spinNs: bigint
  readonly path: string
  descriptor?: number
}

const [campaign = '', scratch = ''] = process.argv.slice(2)
const groups = new Set<number>()
const targets = new Map<string, Target>()
let orderly = false
let rest = ''
let watching = false

process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) obey(line)
})
process.stdin.on('close', () => {
  if (!orderly) cleanUp()
  process.exit(0)
})
// Signals of the terminal are for the harness; the warden ends when the harness has.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

function obey(line: string): void {
  const [word, id = '', ...more] = line.split(' ')
  if (word === '+') groups.add(Number(id))
  if (word === '-') groups.delete(Number(id))
  if (word === '!' && forget(id)) answer('!', id)
  if (word === '.') orderly = true
  if (word === '?') aim(id, more)
}

function aim(id: string, [pid, bytes, spinUs, ...path]: readonly string[]): void {
  const target: Target = {
    pid: Number(pid),
    bytes: Number(bytes),
    spinNs: BigInt(spinUs ?? 0) * 1000n,
    path: path.join(' '),
  }
  targets.set(id, target)
  yieldTo(target.pid)
  // The file is open and the code is warm when it matters.
  for (let look = 0; look < warmLooks; look++) sizeOf(target)
  signalProcess(target.pid, 'SIGCONT')
  // All of the attention for as long as a run in memory lasts; after that, turns with whatever else is to be done.
  for (let look = 0; look < attentionLooks; look++) {
    if (sizeOf(target) < target.bytes) continue
    shoot(id, target)
    return
  }
  if (!watching) watch()
}

/** On a busy machine a short run would be over before the warden gets its turn again: the process is given what is left over. */
function yieldTo(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // Gone already, or a host that does not let us: then the shot falls later.
  }
}

/** Looks at all targets, over and over while there are any. */
function watch(): void {
  for (const [id, target] of targets) if (sizeOf(target) >= target.bytes) shoot(id, target)
  watching = targets.size > 0
  if (watching) setImmediate(watch)
}

function shoot(id: string, target: Target): void {
  const end = process.hrtime.bigint() + target.spinNs
  while (process.hrtime.bigint() < end);
  const hit = signalProcess(target.pid, 'SIGKILL')
  forget(id)
  answer(hit ? '=' : '!', id)
}

function answer(word: string, id: string): void {
  writeSync(1, `${word} ${id}\n`)
}

function sizeOf(target: Target): number {
  try {
    target.descriptor ??= openSync(target.path, 'r')
    return fstatSync(target.descriptor).size
  } catch {
    // Gone with its case: the order to call it off is on its way.
    return 0
  }
}

function forget(id: string): boolean {
  const descriptor = targets.get(id)?.descriptor
  if (descriptor !== undefined) closeSync(descriptor)
  return targets.delete(id)
}

function cleanUp(): void {
  for (const leader of groups) killGroup(leader)
  new OrphanFinder(campaign).sweep()
  removeTree(scratch)
}
