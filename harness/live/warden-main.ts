/**
 * The warden: one small process per campaign that outlives the harness by a moment.
 *
 * It does two things that the harness's own event loop cannot. When the pipe from the harness ends, however it ended
 * (SIGKILL included), it kills every process of the campaign and removes its scratch directory. And it shoots: it lets a
 * held process go on and kills it some microseconds later, or that long after it was seen to move.
 *
 * It reads lines: `+ PID` and `- PID` (a group began, ended), `? ID SHOT` (let it go on, and shoot; `Shot` of `warden.ts` as JSON),
 * `! ID` (do not), `.` (the harness ended in order). It answers every `?` with one line: `= ID` when the shot fell, `! ID` when it
 * was called off.
 */
import { fstatSync, openSync, closeSync, writeSync } from 'node:fs'
import { OrphanFinder } from './orphans.ts'
import { isThere, killGroup, signalProcess } from './process-state.ts'
import { removeTree } from './scratch.ts'
import type { Shot } from './warden.ts'

/** Looks in one go: some milliseconds, longer than the ops of a run in memory take. */
const attentionLooks = 10_000
const warmLooks = 100

/** Place of `dead` in what native hooks share (`native/shim.c`), and what stands there when the life is over. */
const deadAt = 4
const isDead = Int32Array.of(1)

interface Target {
  readonly shot: Shot
  readonly spinNs: bigint
  /** The shared state of the native hooks of its life. */
  readonly state?: number
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
  const [word, id = ''] = line.split(' ', 2)
  if (word === '+') groups.add(Number(id))
  if (word === '-') groups.delete(Number(id))
  if (word === '!' && forget(id)) answer('!', id)
  if (word === '.') orderly = true
  if (word === '?') aim(id, JSON.parse(line.slice(`? ${id} `.length)) as Shot)
}

function aim(id: string, shot: Shot): void {
  const sign = shot.sign === undefined ? undefined : signOf(shot.sign)
  const state = shot.nativeState === undefined ? undefined : opened(shot.nativeState, 'r+')
  const target: Target = {
    shot,
    spinNs: BigInt(shot.spinUs) * 1000n,
    ...(sign === undefined ? {} : { sign }),
    ...(state === undefined ? {} : { state }),
  }
  targets.set(id, target)
  // The code is warm when it matters.
  for (let look = 0; look < warmLooks; look++) hasMoved(target)
  signalProcess(shot.pid, 'SIGCONT')
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
  const descriptor = opened(path, 'r')
  return descriptor === undefined ? undefined : { descriptor, bytes: fstatSync(descriptor).size }
}

function opened(path: string, flags: 'r' | 'r+'): number | undefined {
  try {
    return openSync(path, flags)
  } catch {
    // Gone with its case: the order to call it off is on its way.
    return undefined
  }
}

function hasMoved({ sign }: Target): boolean {
  return sign === undefined || fstatSync(sign.descriptor).size > sign.bytes
}

function shoot(id: string, { shot, spinNs, state }: Target): void {
  const end = process.hrtime.bigint() + spinNs
  while (process.hrtime.bigint() < end);
  // A process that sees the order dies of it, and its leader with it: the signal may then come after them.
  const hit = isThere(shot.pid)
  // Before the signal: nobody of the life may do another op behind it.
  if (state !== undefined) writeSync(state, isDead, 0, isDead.byteLength, deadAt)
  if (shot.takesGroup === true) killGroup(shot.pid)
  else signalProcess(shot.pid, 'SIGKILL')
  forget(id)
  answer(hit ? '=' : '!', id)
}

function answer(word: string, id: string): void {
  writeSync(1, `${word} ${id}\n`)
}

function forget(id: string): boolean {
  const { sign, state } = targets.get(id) ?? {}
  for (const descriptor of [sign?.descriptor, state])
    if (descriptor !== undefined) closeSync(descriptor)
  return targets.delete(id)
}

function cleanUp(): void {
  for (const leader of groups) killGroup(leader)
  new OrphanFinder(campaign).sweep()
  removeTree(scratch)
}
