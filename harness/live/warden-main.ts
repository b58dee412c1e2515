/**
 * The warden: one small process per campaign that outlives the harness by a moment.
 *
 * It does two things that the harness's own event loop cannot. When the pipe from the harness ends, however it ended
 * (SIGKILL included), it kills every process of the campaign and removes its scratch directory. And it shoots: it lets a
 * held process go on and kills it some microseconds later, or that long after it was seen to move.
 *
 * It reads lines: `+ PID` and `- PID` (a group began, ended), `? ID PID SPIN_US PATH` (let it go on, and shoot; where a path
 * is given, wait until that file grows), `! ID` (do not), `.` (the harness ended in order). It answers every `?` with one
 * line: `= ID` when the shot fell, `! ID` when it was called off.
 */
import { fstatSync, openSync, closeSync, writeSync } from 'node:fs'
import { OrphanFinder } from './orphans.ts'
import { killGroup, signalProcess } from './process-state.ts'
import { removeTree } from './scratch.ts'

/** Looks in one go: some milliseconds, longer than the ops of a run in memory take. */
const attentionLooks = 10_000
const warmLooks = 100

interface Target {
  readonly pid: number
  readonly spinNs: bigint
  /** The file that shows that it moves, and its length when it was let go; absent: there is nothing to wait for. */
  readonly sign?: { readonly descriptor: number; readonly bytes: number }
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

function aim(id: string, [pid, spinUs, ...path]: readonly string[]): void {
  const sign = path.length === 0 ? undefined : signOf(path.join(' '))
  const target: Target = {
    pid: Number(pid),
    spinNs: BigInt(spinUs ?? 0) * 1000n,
    ...(sign === undefined ? {} : { sign }),
  }
  targets.set(id, target)
  // The code is warm when it matters.
  for (let look = 0; look < warmLooks; look++) hasMoved(target)
  signalProcess(target.pid, 'SIGCONT')
  // All of the attention for as long as a run in memory lasts; after that, turns with whatever else is to be done.
  for (let look = 0; look < attentionLooks; look++) {
    if (!hasMoved(target)) continue
    shoot(id, target)
    return
  }
  if (!watching) watch()
}

/** Looks at all targets, over and over while there are any. */
function watch(): void {
  for (const [id, target] of targets) if (hasMoved(target)) shoot(id, target)
  watching = targets.size > 0
  if (watching) setImmediate(watch)
}

function signOf(path: string): Target['sign'] {
  try {
    const descriptor = openSync(path, 'r')
    return { descriptor, bytes: fstatSync(descriptor).size }
  } catch {
    // Gone with its case: the order to call it off is on its way.
    return undefined
  }
}

function hasMoved({ sign }: Target): boolean {
  return sign === undefined || fstatSync(sign.descriptor).size > sign.bytes
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

function forget(id: string): boolean {
  const descriptor = targets.get(id)?.sign?.descriptor
  if (descriptor !== undefined) closeSync(descriptor)
  return targets.delete(id)
}

function cleanUp(): void {
  for (const leader of groups) killGroup(leader)
  new OrphanFinder(campaign).sweep()
  removeTree(scratch)
}
