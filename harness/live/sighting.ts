/**
 * How the cases of an executable are run: at its ops where the native hooks are shown to see it, or else strace; by its marks where
 * neither does.
 *
 *  1  Before the first case in a lane a small run is recorded, and its log compared with the directory that it left
 *     (`native/sight.ts`).
 *  2  Every control is compared too: a workload that does what the first run did not (a large result, another file) and is not seen
 *     is run in the next lane from then on, and says so. A replay runs the control first, so it comes to the same.
 *  3  A run with verbs from outside is not compared: two processes write at once, each with a log of its own.
 *  4  strace can only kill: what needs more (a process that is stopped, a life that cannot be rehearsed) is left to the marks.
 */
import { findStrace } from '../native/strace-host.ts'
import type { Claim, System } from '../system.ts'
import type { Workload } from '../workload.ts'
import type { CaseRun, LiveCase } from './case.ts'
import type { Host, StartCommand } from './host.ts'

/** Runs a case over a host; `unseen` tells why its log is not what is on the disk. */
export type RunCase = (host: Host, asked: LiveCase) => Promise<CaseRun>

/** Below the process, in the order in which they are tried. */
type Below = 'shim' | 'strace'

export class Sighting {
  readonly #first = new Map<Below, Promise<string | undefined>>()
  /** By lane and workload. */
  readonly #unseen = new Map<string, string>()

  /** Takes what an earlier process saw. */
  know(workload: Workload, { unseen, traced }: Pick<CaseRun, 'unseen' | 'traced'>): void {
    if (unseen !== undefined) this.#unseen.set(keyOf('strace', workload), unseen)
    const why = unseen ?? traced
    if (why !== undefined) this.#unseen.set(keyOf('shim', workload), why)
  }

  /** Runs a case as it can be run. */
  async run(host: Host, asked: LiveCase, run: RunCase): Promise<CaseRun> {
    const { command } = host
    // Nothing is below it: the hooks are inside, or it was asked to be driven by its marks.
    if (command.native === undefined && command.mayTrace === undefined)
      return await run(host, asked)
    const bare = { ...host, command: byMarks(command) }
    if (command.native !== undefined) {
      const { mayTrace: _, ...shim } = command
      const ran = await this.#in('shim', { ...host, command: shim }, asked, run)
      if (typeof ran !== 'string') return ran
      const traced = await this.#traced(host, asked, run, ran)
      if (typeof traced !== 'string') return traced
      return { ...(await run(bare, asked)), unseen: traced === '' ? ran : `${ran}; ${traced}` }
    }
    const traced = await this.#traced(host, asked, run, command.mayTrace)
    if (typeof traced !== 'string') return traced
    const ran = await run(bare, asked)
    return traced === '' ? ran : { ...ran, unseen: traced }
  }

  /** Runs it under strace, or says why it cannot be; empty where nobody asked for that or there is none. `why`: no native hooks. */
  async #traced(
    host: Host,
    asked: LiveCase,
    run: RunCase,
    why: string | undefined,
  ): Promise<CaseRun | string> {
    if (host.command.mayTrace === undefined || why === undefined) return ''
    const strace = await findStrace()
    if (strace.kind === 'missing') return ''
    const not = whyNotTraced(host.system, asked)
    if (not !== undefined) return `strace: ${not}`
    const command = { ...byMarks(host.command), hooked: true, strace: strace.file }
    const ran = await this.#in('strace', { ...host, command }, asked, run)
    return typeof ran === 'string' ? `strace: ${ran}` : { ...ran, traced: why }
  }

  /** Runs it in a lane, or says why that does not see it. */
  async #in(lane: Below, host: Host, asked: LiveCase, run: RunCase): Promise<CaseRun | string> {
    const first = this.#first.get(lane) ?? lookFirst(host, run)
    this.#first.set(lane, first)
    const key = keyOf(lane, asked.workload)
    const why = (await first) ?? this.#unseen.get(key)
    if (why !== undefined) return why
    const ran = await run(host, asked)
    if (ran.unseen === undefined) return ran
    this.#unseen.set(key, ran.unseen)
    return ran.unseen
  }
}

/** The command without anything below it. */
export function byMarks({
  native: _native,
  mayTrace: _mayTrace,
  ...command
}: StartCommand): StartCommand {
  return { ...command, hooked: false }
}

/** Claims whose fault classes stop a process, or send it a signal. */
const needsMore: readonly Claim[] = ['fencing', 'guarded', 'graceful']

/** Why a case cannot be run under strace, whatever it shows (4). */
function whyNotTraced(
  { claims, services = [] }: System,
  { workload }: LiveCase,
): string | undefined {
  const claimed = needsMore.filter((claim) => claims.includes(claim))
  if (claimed.length > 0) return `it can only kill, and ${claimed.join(', ')} is claimed`
  if (services.length > 0) return 'a life over a service cannot be rehearsed'
  return (workload.outside ?? []).length > 0
    ? 'a life with acts from outside cannot be rehearsed'
    : undefined
}

function keyOf(lane: Below, workload: Workload): string {
  return `${lane} ${JSON.stringify(workload)}`
}

/** Two committed steps, which every system can do. */
const smallest: Workload = {
  root: {
    kind: 'sequence',
    of: [
      { kind: 'step', id: 'sight-1', effect: 'keyed' },
      { kind: 'step', id: 'sight-2', effect: 'keyed' },
    ],
  },
  inFlightMax: 1,
}

async function lookFirst(host: Host, run: RunCase): Promise<string | undefined> {
  const { ending, unseen } = await run(host, {
    id: `sight${host.command.strace === undefined ? '' : '-strace'}`,
    runId: 'run',
    workload: smallest,
    seed: 'sight',
    schedule: [],
    lane: 'recording',
    livesMax: 1,
  })
  if (ending.kind === 'done') return unseen
  const { kind } = ending
  return `a run of two steps under them did not end well: ${kind === 'trouble' ? ending.trouble.message : kind}`
}
