/**
 * The live engine: real processes, real signals.
 *
 * Opened once per campaign, because what is dear is done once: the worker is bundled, the warden started, the scratch
 * directory made. Then cases run, a bounded number at once, each in a directory of its own.
 *
 *  1  One case gives one result whatever runs beside it: nothing in it depends on the number of jobs but the time it takes.
 *  2  Nothing survives the engine: every process it started is dead and its directory is gone when `close` resolves, when
 *     the harness is told to stop, and when it dies without a word (the warden sees to that).
 *  3  Systems are known by their description alone (`../system.ts`).
 *
 * It fails loudly: what is wrong with a system's description or its bundle is thrown by `openLive`; what is wrong in a case
 * is that case's ending, never a verdict.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemMistakes } from '../system.ts'
import type { System } from '../system.ts'
import type { Workload } from '../workload.ts'
import type { CaseRun, LiveCase } from './case.ts'
import { baseEnvironment } from './environment.ts'
import { onStop } from './stop.ts'
import type { Host } from './host.ts'
import type { LiveOptions } from './options.ts'
import { resolveOptions } from './options.ts'
import { inOrder } from './in-order.ts'
import { OrphanFinder } from './orphans.ts'
import { runCase } from './run-case.ts'
import { makeScratch, noRoomTrouble, removeTree } from './scratch.ts'
import { startCampaignServices, stopServices } from './services.ts'
import { Sighting } from './sighting.ts'
import { startCommand } from './start-command.ts'
import { Tracker } from './tracker.ts'
import { TroubleError } from './trouble.ts'
import { Turnstile } from './turnstile.ts'
import { Warden } from './warden.ts'

/** The engine for one system. */
export interface LiveEngine {
  readonly system: System
  /** Hash of what the system runs, as far as it can be told: equal for equal sources. */
  readonly sources: string
  /** Tells it of a workload that an earlier process saw to be driven by its marks. */
  readonly knowUnseen: (workload: Workload, saw: Pick<CaseRun, 'unseen' | 'traced'>) => void
  /** Runs one case. Calls may overlap; as many run at once as there are jobs. */
  readonly runCase: (asked: LiveCase) => Promise<CaseRun>
  /** Runs cases, `jobs` at once, and yields what came of them in their order. Stops asking for more when it is left. */
  readonly runCases: (cases: Iterable<LiveCase>) => AsyncGenerator<CaseRun, void, undefined>
  /** Ends everything. Safe to call twice. */
  readonly close: () => Promise<void>
}

/**
 * Opens the engine for a system.
 *
 * @throws TroubleError `description`, `bundle`, `scratch-full`, `service`, `spawn`
 */
export async function openLive(system: System, options: LiveOptions = {}): Promise<LiveEngine> {
  const mistakes = systemMistakes(system)
  if (mistakes.length > 0) throw new TroubleError(description(system, mistakes))
  const resolved = resolveOptions(options)
  const scratch = makeScratch(resolved.scratch)
  let warden: Warden | undefined
  try {
    const campaign = randomBytes(6).toString('hex')
    const directory = join(scratch, 'campaign')
    mkdirSync(directory)
    warden = await Warden.start(campaign, scratch)
    const command = await startCommand(system, options, resolved, directory)
    const services = await startCampaignServices(system, directory, campaign)
    return engineOf({
      system,
      options: resolved,
      command,
      environment: baseEnvironment(system),
      services,
      campaign,
      scratch,
      tracker: new Tracker(warden),
      warden,
      orphans: new OrphanFinder(campaign),
      turnstile: new Turnstile(resolved.jobs),
      sighting: new Sighting(),
    })
  } catch (error) {
    await warden?.stop()
    removeTree(scratch)
    const noRoom = noRoomTrouble(scratch, error)
    throw noRoom === undefined ? error : new TroubleError(noRoom, error)
  }
}

function engineOf(host: Host): LiveEngine {
  const { system, tracker, scratch, options, orphans, turnstile } = host
  const forget = onStop(() => {
    tracker.killAll()
    orphans.sweep()
    if (!options.keep) removeTree(scratch)
  })
  const run = (asked: LiveCase): Promise<CaseRun> =>
    turnstile.run(async () => await runCase(host, asked))
  const underWay = new Set<Promise<unknown>>()
  const runTracked = (asked: LiveCase): Promise<CaseRun> => {
    const running = run(asked)
    underWay.add(running)
    const forgetIt = (): boolean => underWay.delete(running)
    running.then(forgetIt, forgetIt)
    return running
  }
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await Promise.allSettled(underWay)
    await stopServices(host.services)
    for (const service of host.system.services ?? []) await service.close?.()
    orphans.sweep()
    await host.warden.stop()
    removeTree(options.keep ? join(scratch, 'campaign') : scratch)
    forget()
  }
  return {
    system,
    sources: host.command.sources,
    knowUnseen: (workload, saw) => host.sighting.know(workload, saw),
    runCase: runTracked,
    runCases: (cases) => inOrder(cases, options.jobs, runTracked),
    close: () => (closed ??= close()),
  }
}

function description(
  system: System,
  mistakes: readonly string[],
): ConstructorParameters<typeof TroubleError>[0] {
  return {
    kind: 'description',
    message: `the description of system ${JSON.stringify(system.name)} is wrong:\n${mistakes.map((each) => `  ${each}`).join('\n')}`,
    hint: 'see harness/system.ts for what a description holds',
  }
}
