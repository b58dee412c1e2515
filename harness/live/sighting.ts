/**
 * How the cases of an executable are run: at its ops where the native hooks are shown to see it, by its marks where not.
 *
 *  1  Before the first case a small run is recorded, and its log compared with the directory that it left (`native/sight.ts`).
 *  2  Every control is compared too: a workload that does what the first run did not (a large result, another file) and is not seen
 *     is driven by its marks from then on, and says so. A replay runs the control first, so it comes to the same.
 *  3  A run with verbs from outside is not compared: two processes write at once, each with a log of its own.
 */
import type { Workload } from '../workload.ts'
import type { CaseRun, LiveCase } from './case.ts'
import type { Host, StartCommand } from './host.ts'

/** Runs a case over a host; `unseen` tells why its log is not what is on the disk. */
export type RunCase = (host: Host, asked: LiveCase) => Promise<CaseRun>

export class Sighting {
  #first: Promise<string | undefined> | undefined
  readonly #unseen = new Map<string, string>()

  /** Takes what an earlier process saw. */
  know(workload: Workload, why: string): void {
    this.#unseen.set(JSON.stringify(workload), why)
  }

  /** Runs a case as it can be run. */
  async run(host: Host, asked: LiveCase, run: RunCase): Promise<CaseRun> {
    const { command } = host
    if (command.native === undefined) return await run(host, asked)
    this.#first ??= lookFirst(host, run)
    const workload = JSON.stringify(asked.workload)
    const why = (await this.#first) ?? this.#unseen.get(workload)
    const marked = { ...host, command: byMarks(command) }
    if (why !== undefined) return { ...(await run(marked, asked)), unseen: why }
    const ran = await run(host, asked)
    if (ran.unseen === undefined) return ran
    this.#unseen.set(workload, ran.unseen)
    return { ...(await run(marked, asked)), unseen: ran.unseen }
  }
}

/** The command without the native hooks. */
export function byMarks({ native: _native, ...command }: StartCommand): StartCommand {
  return { ...command, hooked: false }
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
    id: 'sight',
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
