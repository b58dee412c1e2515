/**
 * Who owns a run, and whether that owner still lives.
 *
 * Liveness keeps a live owner from being robbed (J11) and lets a dead one be replaced at once. Safety never rests on it:
 * whoever is wrongly believed dead is fenced all the same (J5). So a doubt is `unknown`, and `unknown` is refused.
 *
 *  - Another boot of this host: dead. Another host, or another pid namespace: unknown, its pids mean nothing here.
 *  - No such pid, or one that started at another time (recycled), or one that nobody has reaped (zombie): dead.
 */
import fs from 'node:fs'
import os from 'node:os'
import { systemCode } from './errors.ts'

/** A process, as far as it can be told from every other one. */
export interface OwnerIdentity {
  readonly host: string
  /** Changes with every boot of the machine. */
  readonly boot: string
  /** Empty where the system has none. */
  readonly pidNamespace: string
  readonly pid: number
  /** When the process started: clock ticks since boot on Linux, seconds since 1970 elsewhere. */
  readonly start: string
  /** The worker thread, 0 for the main one: threads share all of the above. */
  readonly thread: number
}

export type Liveness = 'alive' | 'dead' | 'unknown'

export interface Identity {
  /** This process and thread. */
  readonly self: () => Promise<OwnerIdentity>
  /** Never throws: what cannot be found out is `unknown`. */
  readonly liveness: (owner: OwnerIdentity) => Promise<Liveness>
}

/** `host pid 123`: how messages name an owner that gave no name. */
export function describeOwner(owner: OwnerIdentity): string {
  return `${owner.host} pid ${owner.pid}`
}

/** True where both are the same process and thread. */
export function sameOwner(left: OwnerIdentity, right: OwnerIdentity): boolean {
  return (
    left.host === right.host &&
    left.boot === right.boot &&
    left.pidNamespace === right.pidNamespace &&
    left.pid === right.pid &&
    left.start === right.start &&
    left.thread === right.thread
  )
}

/** The operating system's own answer: `/proc` on Linux, signal 0 and `ps` elsewhere. */
export const systemIdentity: Identity = {
  self: () => (selfOnce ??= examineSelf()),
  liveness: async (owner) => judgeOwner(owner, await systemIdentity.self(), seeHolder),
}

let selfOnce: Promise<OwnerIdentity> | undefined

// Modules that take longer to load than a small run to end are loaded where they are needed.
async function examineSelf(): Promise<OwnerIdentity> {
  const { threadId } = await import('node:worker_threads')
  return {
    host: os.hostname(),
    boot: await bootId(),
    pidNamespace: pidNamespace(),
    pid: process.pid,
    start: statOf(process.pid)?.start ?? String(Math.round(performance.timeOrigin / 1000)),
    thread: threadId,
  }
}

/** Who has a pid now: nobody that lives, somebody out of sight, or a process of which it can be told when it began. */
export type PidHolder =
  | { readonly kind: 'nobody' | 'unseen' }
  | { readonly kind: 'process'; readonly began: (start: string) => boolean }

/** Judges an owner by its boot, its namespace, and by who has its pid now. */
export async function judgeOwner(
  owner: OwnerIdentity,
  self: OwnerIdentity,
  holderOf: (pid: number) => PidHolder | Promise<PidHolder>,
): Promise<Liveness> {
  if (owner.boot !== self.boot) return owner.host === self.host ? 'dead' : 'unknown'
  if (owner.boot === '' && owner.host !== self.host) return 'unknown'
  if (owner.pidNamespace !== self.pidNamespace) return 'unknown'
  const holder = await holderOf(owner.pid)
  switch (holder.kind) {
    case 'nobody':
      return 'dead'
    case 'unseen':
      return 'unknown'
    case 'process':
      return holder.began(owner.start) ? 'alive' : 'dead'
  }
}

async function seeHolder(pid: number): Promise<PidHolder> {
  const signalled = signalZero(pid)
  if (signalled !== undefined) return signalled
  return process.platform === 'linux' ? seeByProc(pid) : seeByPs(pid)
}

/** `undefined` where there is such a process. */
function signalZero(pid: number): PidHolder | undefined {
  try {
    process.kill(pid, 0)
    return undefined
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return { kind: 'nobody' }
    return systemCode(error) === 'EPERM' ? undefined : { kind: 'unseen' }
  }
}

/** It answered signals and cannot be seen: it has ended since, or it is another user's, with /proc mounted to hide those. */
function hidden(pid: number): PidHolder {
  return signalZero(pid)?.kind === 'nobody' ? { kind: 'nobody' } : { kind: 'unseen' }
}

function seeByProc(pid: number): PidHolder {
  const stat = statOf(pid)
  if (stat === undefined) return hidden(pid)
  if (stat.state === 'Z' || stat.state === 'X') return { kind: 'nobody' }
  return { kind: 'process', began: (start) => start === stat.start }
}

/** State and start time from `/proc/PID/stat`, fields 3 and 22; the name in field 2 may hold spaces and brackets. */
function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  const text = readQuietly(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const [state, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const start = rest[18]
  return state === undefined || start === undefined ? undefined : { state, start }
}

/** Only asked where the pid exists, so it costs its few milliseconds only when an owner seems to live. */
async function seeByPs(pid: number): Promise<PidHolder> {
  const text = await output('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
  if (text === undefined) return hidden(pid)
  const [state, ...words] = text.trim().split(/\s+/)
  if (state?.startsWith('Z')) return { kind: 'nobody' }
  const startedS = Date.parse(`${words.join(' ')} UTC`) / 1000
  if (!Number.isFinite(startedS)) return { kind: 'unseen' }
  // `ps` has whole seconds and the process read its own clock a moment after it began; pids come round far later.
  const began = (start: string): boolean => Math.abs(startedS - Number(start)) <= startToleranceS
  return { kind: 'process', began }
}

const startToleranceS = 5

async function bootId(): Promise<string> {
  const linux = readQuietly('/proc/sys/kernel/random/boot_id')
  if (linux !== undefined) return linux.trim()
  return (await output('sysctl', ['-n', 'kern.bootsessionuuid']))?.trim() ?? ''
}

function pidNamespace(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid')
  } catch {
    // Not Linux, or not allowed to look: then there is no namespace to tell apart.
    return ''
  }
}

// Absence is an answer here: the caller turns it into `dead` or `unknown`.
function readQuietly(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function output(command: string, args: readonly string[]): Promise<string | undefined> {
  const { execFile } = await import('node:child_process')
  return await new Promise((resolve) => {
    const env = { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', LC_ALL: 'C', TZ: 'UTC' }
    execFile(command, args, { env, timeout: 5000 }, (error, stdout) => {
      resolve(error === null && stdout.trim() !== '' ? stdout : undefined)
    })
  })
}
