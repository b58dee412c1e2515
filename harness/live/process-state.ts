/**
 * Looks at and signals processes that the harness started, by pid and by group, never by name.
 *
 * Linux is read from `/proc`; elsewhere `ps` answers the one question that matters, whether a process is stopped.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

/** What a process is doing. `gone`: no such process. */
export type ProcessState = 'running' | 'stopped' | 'dead' | 'gone'

/** Sends a signal to one process. False where there is none. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  return send(pid, signal)
}

/** Whether there is such a process; a dead one that nobody has waited for is. */
export function isThere(pid: number): boolean {
  return send(pid, 0)
}

/** Kills a group, whatever state its members are in. False where nothing was left of it. */
export function killGroup(leader: number): boolean {
  return send(-leader, 'SIGKILL')
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // macOS says EPERM of a group whose members are all dead and not yet waited for.
    if (code === 'ESRCH' || (code === 'EPERM' && pid < 0)) return false
    throw error
  }
}

/** The state of a process, now. `dead`: it ended and nobody has waited for it. */
export function processState(pid: number): ProcessState {
  const letter = process.platform === 'linux' ? linuxState(pid) : otherState(pid)
  switch (letter) {
    case undefined:
      return 'gone'
    case 'T':
      return 'stopped'
    case 'Z':
    case 'X':
      return 'dead'
    default:
      return 'running'
  }
}

/**
 * Whether a member of the group still runs. Dead ones that nobody has waited for do not: who adopts orphans may take its time,
 * or never do it.
 */
export function isGroupAlive(leader: number): boolean {
  if (process.platform !== 'linux') return send(-leader, 'SIGKILL')
  return readdirSync('/proc').some((name) => {
    const pid = Number(name)
    if (!(pid > 0)) return false
    const [state = 'X', , group] = statFields(pid) ?? []
    return Number(group) === leader && state !== 'Z' && state !== 'X'
  })
}

function linuxState(pid: number): string | undefined {
  return statFields(pid)?.[0]
}

/** State, parent, group and what follows. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything, parentheses too: the state follows the last one.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

function otherState(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'latin1' }).trim()[0]
  } catch (error) {
    // `ps` exits with 1 where no process matches.
    if ((error as { status?: unknown }).status === 1) return undefined
    throw error
  }
}
