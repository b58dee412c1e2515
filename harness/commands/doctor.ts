/**
 * `killpoint doctor`: what this host can inject. Each check is tried, not guessed: a process is stopped and continued, a
 * worker is killed by its own hooks, a file is written where cases will run.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { once } from 'node:events'
import { selfTest } from '../hooks/self-test.ts'
import { wireSelfTest } from '../hooks/wire-self-test.ts'
import { defaultScratchParent, freeBytesMin } from '../live/scratch.ts'
import { isAllowed, nativeVariable } from '../live/start-command.ts'
import { tryNativeHooks } from '../native/self-test.ts'
import { findStrace } from '../native/strace-host.ts'
import { environmentLine, readEnvironment } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import { plainTable } from '../report/tables.ts'
import { exitCodes } from '../verdict.ts'

/** What one check showed. `needed`: nothing works without it; otherwise something is left out, in print. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly needed: boolean
  readonly found: string
  /** What cannot be done where it is not there. */
  readonly without: string
}

export interface DoctorOptions {
  /** Directory in which cases would run. */
  readonly scratch?: string
}

/** Runs all checks, prints them, and gives the exit code: 4 where something is missing that all else rests on. */
export async function doctorCommand(
  directory: string,
  options: DoctorOptions,
  output: Output,
): Promise<number> {
  const environment = readEnvironment(directory)
  const checks = await runChecks(options)
  const isFit = checks.every(({ ok, needed }) => ok || !needed)
  output.json({ version: 1, environment, fit: isFit, checks })
  const { say, ink } = output
  say(`${environmentLine(environment)}\n`)
  const table = plainTable(['', 'check', 'found', ''])
  for (const { name, ok, needed, found, without } of checks)
    table.push([
      ok ? ink.good('✓') : needed ? ink.bad('✗') : ink.doubt('-'),
      name,
      found,
      ok ? '' : `without it: ${without}`,
    ])
  say(table.toString())
  say('')
  say(isFit ? ink.good('✓ this host can crash-test') : ink.bad('✗ this host cannot crash-test'))
  return isFit ? exitCodes.holds : exitCodes.harness
}

/** All checks, in the order in which they are told. */
export async function runChecks(options: DoctorOptions = {}): Promise<readonly Check[]> {
  return [
    nodeVersion(),
    await hooks('serial'),
    await hooks('native'),
    await wireHooks(),
    await stopAndContinue(),
    procFiles(),
    scratch(options.scratch ?? defaultScratchParent()),
    cores(),
    openFiles(),
    program('git', 'reports name no commit, and gate has no seed of its own'),
    await nativeHooks(),
    await strace(),
    program('mkfs.ext4', 'the disk model is not checked against a kernel'),
  ]
}

function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return {
    name: 'node',
    ok: major > 20 || (major === 20 && minor >= 19),
    needed: true,
    found: process.versions.node,
    without: 'expected 20.19 or later',
  }
}

async function hooks(order: 'serial' | 'native'): Promise<Check> {
  const { ok, forms, failure } = await selfTest({ order })
  const unseen = forms.filter((form) => !form.ok).map(({ name }) => name)
  return {
    name: `hooks, ${order} order`,
    ok,
    needed: order === 'serial',
    found: ok ? `all ${forms.length} forms of node:fs are seen` : (failure ?? unseen.join(', ')),
    without: 'these calls are not crash points',
  }
}

async function wireHooks(): Promise<Check> {
  const { ok, forms, failure } = await wireSelfTest()
  const told = (isSeen: boolean): string =>
    forms
      .filter((form) => form.ok === isSeen)
      .map(({ name }) => name)
      .join(', ')
  return {
    name: 'hooks, connections',
    ok,
    needed: false,
    found: failure ?? (ok ? `messages are seen: ${told(true)}` : `not seen: ${told(false)}`),
    without: 'what is sent so has no crash points around it: no claim `wire` for it',
  }
}

/** Whether executables can have their ops seen by a preloaded library here: it is built, and kills a small program. */
async function nativeHooks(): Promise<Check> {
  const tried = await tryNativeHooks()
  const isFit = tried.kind === 'works'
  return {
    name: 'native hooks',
    ok: isFit && isAllowed('shim'),
    needed: false,
    found: isFit
      ? `executables: every op of what has a dynamic linker (${tried.library})${turnedOff('shim')}`
      : tried.why,
    without: 'strace shows the ops of executables, where it works',
  }
}

/** The same by strace, for what the library cannot be loaded into. */
async function strace(): Promise<Check> {
  const found = await findStrace()
  const isFit = found.kind === 'works'
  return {
    name: 'strace',
    ok: isFit && isAllowed('strace'),
    needed: false,
    found: isFit
      ? `executables: kills before every op, static programs too${turnedOff('strace')}`
      : found.why,
    without:
      'executables that the native hooks do not see are killed at their marks, not at their ops',
  }
}

function turnedOff(lane: 'shim' | 'strace'): string {
  return isAllowed(lane)
    ? ''
    : `, and turned off by ${nativeVariable}=${process.env[nativeVariable]}`
}

async function stopAndContinue(): Promise<Check> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const { pid } = child
  const stopped = pid !== undefined && child.kill('SIGSTOP') && child.kill('SIGCONT')
  child.kill('SIGKILL')
  const [, signal] = await exited
  return {
    name: 'signals',
    ok: stopped && signal === 'SIGKILL',
    needed: true,
    found: 'SIGSTOP, SIGCONT and SIGKILL of a child',
    without: 'nothing can be killed',
  }
}

function procFiles(): Check {
  const isThere = existsSync('/proc/self/stat') && existsSync('/proc/self/environ')
  return {
    name: '/proc',
    ok: isThere,
    needed: false,
    found: isThere ? 'readable' : 'not there',
    without: 'zombies, resumers and processes that a worker leaves behind are not seen',
  }
}

function scratch(parent: string): Check {
  const without = 'cases have nowhere to run'
  if (!existsSync(parent))
    return { name: 'scratch', ok: false, needed: true, found: `${parent} is not there`, without }
  const { bavail, bsize } = statfsSync(parent)
  const isRoomy = bavail * bsize >= 32 * freeBytesMin
  return {
    name: 'scratch',
    ok: isRoomy && canWrite(parent),
    needed: true,
    found: `${parent}${parent === '/dev/shm' ? ' (in memory)' : ''}, ${Math.floor((bavail * bsize) / 2 ** 20)} MiB free`,
    without,
  }
}

function cores(): Check {
  const count = availableParallelism()
  return {
    name: 'cores',
    ok: count >= 2,
    needed: false,
    found: String(count),
    without: 'cases run one after the other',
  }
}

/** Open files that a process may have, where the system says so. */
function openFiles(): Check {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : ''
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN)
  return {
    name: 'open files',
    ok: !(soft < 256),
    needed: false,
    found: Number.isNaN(soft) ? 'no limit known' : `${soft}`,
    without: 'few cases run at once (ulimit -n)',
  }
}

function program(name: string, without: string): Check {
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find(canExecute)
  return { name, ok: path !== undefined, needed: false, found: path ?? 'not found', without }
}

function canExecute(path: string): boolean {
  return may(path, constants.X_OK)
}

function canWrite(path: string): boolean {
  return may(path, constants.W_OK)
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    // Not there, or not allowed: that is the answer.
    return false
  }
}
