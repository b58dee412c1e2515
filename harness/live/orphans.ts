/**
 * Finds processes that outlived the case that started them.
 *
 * A worker's descendants inherit its environment, and with it the marker of the case: `/proc/PID/environ` tells whose they
 * are, also after they left the group, the session and the directory of their ancestors. A process that wipes its own
 * environment and leaves its group cannot be found; where there is no `/proc`, only groups can be killed.
 *
 * A look costs one directory listing: processes that were once seen to be none of ours are not read again while they live.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { markerVariable } from './environment.ts'
import { signalProcess } from './process-state.ts'

/** A process that was found by its marker. */
export interface Orphan {
  readonly pid: number
  /** Its command line, for a message; cut. */
  readonly command: string
}

/** Remembers which processes are foreign. One per campaign. */
export class OrphanFinder {
  readonly #marker: string
  #foreign = new Set<number>()

  /** @param campaign first part of every marker: all of them are ours */
  constructor(campaign: string) {
    this.#marker = `${markerVariable}=${campaign}/`
  }

  /** Processes of one case, or of every case where none is named. Empty where the host has no `/proc`. */
  find(caseId?: string): readonly Orphan[] {
    const pids = listPids()
    if (caseId === undefined) this.#foreign.clear()
    const foreign = new Set<number>()
    const found: Orphan[] = []
    for (const pid of pids) {
      const id = this.#foreign.has(pid) ? undefined : this.#caseOf(pid)
      if (id === undefined) foreign.add(pid)
      else if (caseId === undefined || id === caseId) found.push({ pid, command: commandOf(pid) })
    }
    this.#foreign = foreign
    return found
  }

  /** Kills what it finds until nothing is found, and returns it. */
  sweep(caseId?: string): readonly Orphan[] {
    const swept: Orphan[] = []
    // A process may fork between the listing and its death; each round kills a generation, and a dead one forks no more.
    for (let round = 0; round < roundsMax; round++) {
      const found = this.find(caseId)
      if (found.length === 0) break
      for (const { pid } of found) signalProcess(pid, 'SIGKILL')
      swept.push(...found.filter(({ pid }) => !swept.some((other) => other.pid === pid)))
    }
    return swept
  }

  #caseOf(pid: number): string | undefined {
    const environment = readProc(pid, 'environ')
    if (!environment?.includes(this.#marker)) return undefined
    const start = environment.indexOf(this.#marker) + this.#marker.length
    const end = environment.indexOf('\0', start)
    return environment.slice(start, end === -1 ? undefined : end)
  }
}

const roundsMax = 50

function listPids(): readonly number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
}

function commandOf(pid: number): string {
  return (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim().slice(0, 200)
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Gone, or another user's: not ours either way.
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM')
      return undefined
    throw error
  }
}
