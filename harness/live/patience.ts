/**
 * How long a process that shows nothing has had to show something, whatever else the machine does.
 *
 * On a busy machine time passes and a process gets none of it, so the time on a clock says nothing about a process that is quiet.
 * What counts is what its group had of the machine:
 *
 *   P1  time that it spent on a processor counts: it could have done something
 *   P2  time in which none of its threads wanted a processor counts: it waited of its own will
 *   P3  time in which one of them wanted one and did not get it counts for nothing, nor does time in which one waits for the disk
 *   P4  between two looks no more than twice the time that was meant to pass counts: whoever looks may be starved too
 *
 *   P5  a process waits for its services: what one of them, or a child of one, lacks of the machine it lacks too
 *
 * So load lengthens the watch and never decides it. Linux tells all of this (`/proc`); elsewhere `ps` tells states and processor
 * time, which holds P1, P2 and P4, and P3 as far as states at two looks go.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What is seen of a thread, in milliseconds since it began. */
export interface ThreadLook {
  readonly onProcessorMs: number
  /** Ready to run, and not run. */
  readonly waitedMs: number
  /** It runs, wants to run, or waits for the disk. */
  readonly isBusy: boolean
}

/** What is seen of a group: its threads by their ids. */
export type GroupLook = ReadonlyMap<string, ThreadLook>

/** How much of `passedMs` between two looks a group had for itself, in milliseconds (P1 to P3). */
export function hadMs(before: GroupLook, after: GroupLook, passedMs: number): number {
  let ranMs = 0
  let waitedMs = 0
  for (const [id, { onProcessorMs, waitedMs: waited }] of after) {
    const known = before.get(id)
    ranMs += onProcessorMs - (known?.onProcessorMs ?? 0)
    waitedMs += waited - (known?.waitedMs ?? 0)
  }
  const wasBusy = [...before.values(), ...after.values()].some(({ isBusy }) => isBusy)
  return wasBusy ? ranMs : Math.max(ranMs, passedMs - waitedMs)
}

/** Adds up what a group has had since it was first looked at. */
export class Patience {
  hadMs = 0
  readonly #look: () => GroupLook
  readonly #stepMs: number
  readonly #nowMs: () => number
  #last: GroupLook
  #lastMs: number

  /** `stepMs`: the time that is meant to pass between two looks. */
  constructor(look: () => GroupLook, stepMs: number, nowMs: () => number) {
    this.#look = look
    this.#stepMs = stepMs
    this.#nowMs = nowMs
    this.#last = look()
    this.#lastMs = nowMs()
  }

  look(): void {
    const look = this.#look()
    const nowMs = this.#nowMs()
    const passedMs = Math.min(nowMs - this.#lastMs, 2 * this.#stepMs)
    this.hadMs += Math.min(hadMs(this.#last, look, passedMs), 2 * this.#stepMs)
    this.#last = look
    this.#lastMs = nowMs
  }
}

/** Looks at the group of a process, and at its services, each with its children (P5). */
export function lookAtGroup(leader: number, services: readonly number[] = []): GroupLook {
  const isMeant: IsMeant = (pid, parent, group) =>
    group === leader || services.includes(pid) || services.includes(parent)
  return process.platform === 'linux' ? linuxLook(isMeant) : otherLook(isMeant)
}

type IsMeant = (pid: number, parent: number, group: number) => boolean

function linuxLook(isMeant: IsMeant): GroupLook {
  const threads = new Map<string, ThreadLook>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d/.test(name))) {
    const [, parent, group] = fieldsOf(`/proc/${pid}/stat`) ?? []
    if (!isMeant(Number(pid), Number(parent), Number(group))) continue
    for (const thread of threadsOf(pid)) {
      const look = lookAtThread(`/proc/${pid}/task/${thread}`)
      if (look !== undefined) threads.set(thread, look)
    }
  }
  return threads
}

/** Nanoseconds on a processor and in its queue stand in `schedstat`; without it, ticks on a processor in `stat`. */
function lookAtThread(path: string): ThreadLook | undefined {
  const fields = fieldsOf(`${path}/stat`)
  if (fields === undefined) return undefined
  const isBusy = fields[0] === 'R' || fields[0] === 'D'
  const [ranNs = 0, waitedNs = 0] = (readIfThere(`${path}/schedstat`) ?? '').split(' ').map(Number)
  const ticks = Number(fields[11]) + Number(fields[12])
  return {
    onProcessorMs: ranNs > 0 ? ranNs / 1e6 : ticks * tickMs,
    waitedMs: waitedNs / 1e6,
    isBusy,
  }
}

/** The unit of `/proc/PID/stat` on every Linux that Node runs on. */
const tickMs = 10

/** The fields of a `stat` file from the state on. */
function fieldsOf(path: string): readonly string[] | undefined {
  const line = readIfThere(path)
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')
}

function threadsOf(pid: string): readonly string[] {
  return ifThere(() => readdirSync(`/proc/${pid}/task`)) ?? []
}

function readIfThere(path: string): string | undefined {
  return ifThere(() => readFileSync(path, 'latin1'))
}

/** Processes end between two looks. */
function ifThere<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

function otherLook(isMeant: IsMeant): GroupLook {
  const columns = 'pid=,ppid=,pgid=,state=,time='
  const text = execFileSync('ps', ['-A', '-o', columns], { encoding: 'latin1' })
  const threads = new Map<string, ThreadLook>()
  for (const line of text.split('\n')) {
    const [pid = '', parent, group, state = '', time = ''] = line.trim().split(/\s+/)
    if (!isMeant(Number(pid), Number(parent), Number(group))) continue
    threads.set(pid, { onProcessorMs: msOf(time), waitedMs: 0, isBusy: /^[RUD]/.test(state) })
  }
  return threads
}

/** `[[days-]hours:]minutes:seconds`, seconds with a fraction or without. */
function msOf(time: string): number {
  const parts = time.split(/[-:]/).map(Number)
  const units = [1, 60, 3_600, 86_400]
  return parts.reverse().reduce((sum, part, place) => sum + part * (units[place] ?? 0) * 1_000, 0)
}
