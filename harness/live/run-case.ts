/**
 * Runs one case in directories of its own and says what came of it. Never throws for what goes wrong in the case.
 */
import { join } from 'node:path'
import { readLedger } from '../ledger.ts'
import type { Ledger } from '../ledger.ts'
import { readTraces } from '../trace.ts'
import { whyMarksUnseen, whyNotLed, whyUnseen } from '../native/sight.ts'
import type { Trace } from '../trace.ts'
import type { CaseRun, Ending, LiveCase } from './case.ts'
import { CaseContext } from './case-context.ts'
import { CaseDriver } from './case-driver.ts'
import type { Host } from './host.ts'
import { imageOf } from './image.ts'
import type { Image } from './image.ts'
import { landing } from './landing.ts'
import type { Orphan } from './orphans.ts'
import { fullTrouble, makeCaseDirectories, removeTree, strayNames } from './scratch.ts'
import type { CaseDirectories } from './scratch.ts'
import { startCaseServices, stopServices } from './services.ts'
import { stoppedTrouble, TroubleError } from './trouble.ts'
import type { Trouble } from './trouble.ts'

/** Runs a case; `host.turnstile` must have let it in. */
export async function runCase(host: Host, asked: LiveCase): Promise<CaseRun> {
  try {
    return await host.sighting.run(host, asked, runOnce)
  } catch (error) {
    // Directories are gone from under it: whatever was thrown is a consequence of that.
    if (host.tracker.stopped) return emptyRun(asked, stoppedTrouble)
    return emptyRun(asked, troubleOf(error))
  }
}

async function runOnce(host: Host, asked: LiveCase): Promise<CaseRun> {
  return await inCase(host, asked, async (context, driver) => {
    const driven = await ended(driver)
    const orphans = host.orphans.sweep(asked.id)
    const bytes = context.ledger.bytes()
    const ledger = readLedger(bytes)
    const ending = outer(host, context, orphans, ledger) ?? finalEnding(asked, driven, ledger)
    const traces =
      asked.lane === 'recording' ? await tracesOf(context.directories, driver) : undefined
    const unseen = isCompared(host, asked, ending)
      ? (untoldOf(context) ?? (await unseenIn(traces, context, ledger)))
      : undefined
    const landed = await landing(context, driver, (other, life) => stateAfter(host, other, life))
    return {
      case: asked,
      ending,
      ledger: bytes,
      entries: ledger.entries,
      lives: [...driver.lives].sort((left, right) => left.life - right.life),
      acts: driver.acts.facts,
      orphans: orphans.map(({ command }) => command),
      ...(landed === undefined ? {} : { landed }),
      ...(traces === undefined ? {} : { traces }),
      ...(unseen === undefined ? {} : { unseen }),
      ...(asked.images === true ? { images: driver.images } : {}),
      ...(host.options.keep ? { directory: context.directories.root } : {}),
    }
  })
}

/** Whether what the native hooks logged is compared with what is there: in every control that nobody else acts on. */
function isCompared({ command }: Host, asked: LiveCase, { kind }: Ending): boolean {
  return (
    (command.native !== undefined || command.strace !== undefined) &&
    asked.lane === 'recording' &&
    asked.schedule.length === 0 &&
    (asked.workload.outside ?? []).length === 0 &&
    kind === 'done'
  )
}

async function unseenIn(
  traces: ReadonlyMap<number, readonly Trace[]> | undefined,
  { directories }: CaseContext,
  { entries }: Ledger,
): Promise<string | undefined> {
  const lives = [...(traces?.values() ?? [])]
  const marks = entries.map(({ mark }) => mark)
  for (const mark of marks) {
    const why = mark.mark === 'life' && whyNotLed(traces?.get(mark.life)?.[0], mark.pid)
    if (why !== false && why !== undefined) return why
  }
  return (await whyUnseen(lives, directories.state)) ?? whyMarksUnseen(lives, marks)
}

function untoldOf({ straced }: CaseContext): string | undefined {
  return [...straced.values()].find(({ untold }) => untold !== undefined)?.untold
}

/** What is left after the first `life` entries of a case's schedule, each carried out as in the whole case. */
async function stateAfter(host: Host, asked: LiveCase, life: number): Promise<Image> {
  return await inCase(host, asked, async (context, driver) => {
    try {
      await driver.driveTo(life)
      return imageOf(context)
    } finally {
      await driver.killAll()
    }
  })
}

/** Runs `body` in fresh directories with fresh services, and takes both away. */
async function inCase<Result>(
  host: Host,
  asked: LiveCase,
  body: (context: CaseContext, driver: CaseDriver) => Promise<Result>,
): Promise<Result> {
  const directories = makeCaseDirectories(host.scratch, asked.id, JSON.stringify(asked.workload))
  try {
    const services = await startCaseServices(host, directories.root)
    const context = new CaseContext(host, asked, directories, services)
    try {
      return await body(context, new CaseDriver(context))
    } finally {
      context.ledger.close()
      await stopServices(services, host.services)
    }
  } finally {
    if (!host.options.keep) removeTree(directories.root)
  }
}

/** What the lives of a recorded case left in their trace directories. */
async function tracesOf(
  { trace }: CaseDirectories,
  { lives }: CaseDriver,
): Promise<ReadonlyMap<number, readonly Trace[]>> {
  const found = new Map<number, readonly Trace[]>()
  for (const { life } of lives) found.set(life, await readTraces(join(trace, String(life))))
  return found
}

/** The driver's ending, with all its processes dead. */
async function ended(driver: CaseDriver): Promise<Ending> {
  try {
    return await driver.drive()
  } catch (error) {
    return { kind: 'trouble', trouble: troubleOf(error) }
  } finally {
    await driver.killAll()
  }
}

/** Trouble around the case that makes whatever it showed worthless. */
function outer(
  { scratch, tracker }: Host,
  { asked, directories }: CaseContext,
  orphans: readonly Orphan[],
  ledger: Ledger,
): Ending | undefined {
  if (tracker.stopped) return undefined
  const full = fullTrouble(scratch)
  if (full !== undefined) return { kind: 'trouble', trouble: full }
  const problem = ledger.problems.find(({ kind }) => kind !== 'torn')
  if (problem !== undefined) return { kind: 'trouble', trouble: garbage(problem) }
  const [stray] = strayNames(directories)
  if (stray !== undefined) return { kind: 'trouble', trouble: strayFile(stray) }
  // Who was killed had no chance to take its descendants along.
  const orderly =
    asked.descendants !== 'stay' &&
    !ledger.entries.some(({ mark }) => mark.mark === 'exit' && mark.signal !== null)
  const [orphan] = orphans
  if (orphan !== undefined && orderly)
    return { kind: 'trouble', trouble: leftBehind(orphan, orphans.length) }
  return undefined
}

function finalEnding(asked: LiveCase, ending: Ending, ledger: Ledger): Ending {
  const torn = ledger.problems.find(({ kind }) => kind === 'torn')
  if (torn !== undefined && ending.kind !== 'trouble')
    return {
      kind: 'not-fired',
      life: 0,
      faults: [],
      why: `a kill tore line ${torn.line} of the ledger`,
    }
  if (asked.control !== true || ending.kind === 'done' || ending.kind === 'trouble') return ending
  return {
    kind: 'trouble',
    trouble: {
      kind: 'control',
      message: `the control, this case without a fault, did not end well: ${ending.kind}`,
      hint: 'make the workload pass with no fault at all first',
    },
  }
}

function garbage({ line, message }: Ledger['problems'][number]): Trouble {
  return {
    kind: 'garbage',
    message: `line ${line} of the ledger is no mark: ${message}`,
    hint: 'write one JSON object as mark.ts states it per line and per write to fd 3, and nothing else',
  }
}

function strayFile(name: string): Trouble {
  return {
    kind: 'stray-files',
    message: `a worker wrote ${JSON.stringify(name)} into its working directory, outside its state directory`,
    hint: 'keep all state under KILLPOINT_DIR and temporary files under TMPDIR: the harness cannot bring back what lies elsewhere',
  }
}

function leftBehind({ pid, command }: Orphan, count: number): Trouble {
  return {
    kind: 'left-children',
    message: `${count} ${count === 1 ? 'process' : 'processes'} outlived the case and were killed, first pid ${pid}: ${command}`,
    hint: 'let children end with their parent (no setsid, no daemon), or wait for them',
  }
}

function emptyRun(asked: LiveCase, trouble: Trouble): CaseRun {
  return {
    case: asked,
    ending: { kind: 'trouble', trouble },
    ledger: new Uint8Array(),
    entries: [],
    lives: [],
    acts: [],
    orphans: [],
  }
}

/** What is thrown on purpose becomes a value; a bug in the engine stays an exception. */
function troubleOf(error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble
  throw error
}
