/**
 * Lives in processes of their own, over a real directory: the control that is explored, and the confirmation of what was found.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  readImage,
  SpecialFileError,
  type DirectoryImage,
  type ImageEntry,
} from '../directory-image.ts'
import { UsageError } from '../errors.ts'
import { encodeHookFaults } from '../hooks/fault.ts'
import { readLedger, whyNoLedger } from '../ledger.ts'
import { markerVariable } from '../live/environment.ts'
import type { StartCommand } from '../live/host.ts'
import { launch } from '../live/launch.ts'
import { progressOf } from '../live/progress.ts'
import { whyNotLed } from '../native/sight.ts'
import { UntoldError } from '../native/strace-ops.ts'
import { StracedLife } from '../native/straced-life.ts'
import { encodeNativeFaults } from '../native/faults.ts'
import { makeCaseDirectories } from '../live/scratch.ts'
import type { Mark } from '../mark.ts'
import { parseTrace, readTraces } from '../trace.ts'
import type { LifeGiven, LifeWanted } from './asks.ts'
import { withChildMarks } from './child-marks.ts'
import { hookFaultsOf } from './hook-fault.ts'
import type { CaseOrder } from './job.ts'
import { environmentOf } from './lives.ts'
import { killGroup } from '../live/process-state.ts'
import { endWhenQuiet } from '../live/quiet-life.ts'

/** Milliseconds between two looks at what a life told that is to be killed then: it may go on a little, what counts is what it told. */
const lookEveryMs = 10

/** Bytes of stderr after which a life is put down. */
const stderrBytesMax = 16 * 1024 * 1024

/** Where processes are started. */
export interface FreshHost {
  readonly command: StartCommand
  readonly scratch: string
  /** Milliseconds without a mark and a change to its files after which a life is put down. */
  readonly quietMsMax: number
  /** By which its processes are found. */
  readonly campaign: string
}

/** What a process left behind. */
export interface FreshLife extends LifeGiven {
  readonly stderr: string
  /** Path of its op log, if it was recorded. */
  readonly log: string
  /** Why its op log does not tell enough. */
  readonly untold?: string
  /** Why its directory cannot be read: there is no image then. */
  readonly unreadable?: string
  /** Path of its own lines. */
  readonly ledger: string
}

/**
 * Runs one life in a process of its own, over an image that is put into a fresh directory. `id`: unique in the scratch directory.
 * `until`: it is killed some time after its marks are as this says.
 */
export async function runFresh(
  { command, scratch, quietMsMax, campaign }: FreshHost,
  order: CaseOrder,
  { image, standing, faults, records, endsAfter }: LifeWanted,
  id: string,
  until?: (marks: readonly Mark[]) => boolean,
): Promise<FreshLife> {
  const { root, state, trace, workload, ledger } = makeCaseDirectories(
    scratch,
    id,
    JSON.stringify(order.workload),
  )
  writeImage(state, image)
  const places = {
    directory: state,
    workload,
    ledger,
    ...(records === false ? {} : { traceDirectory: trace }),
    ...(command.native === undefined
      ? {}
      : { native: { library: command.native, directory: trace } }),
  }
  if (command.strace !== undefined && faults.length > 0)
    throw new UsageError('OPTION_INVALID', 'under strace no fault strikes beside a crash state')
  const encode = command.native === undefined ? encodeHookFaults : encodeNativeFaults
  // Below the process nothing but faults is carried out; what waits for others is not explored there.
  const ends = endsAfter === undefined || isBelow(command) ? {} : { endsAfter }
  const inside = hookFaultsOf({ faults, ...ends })
  const hooks = inside.length === 0 ? '' : encode(inside)
  const descriptor = openSync(ledger, 'a')
  const cwd = command.cwd ?? root
  try {
    const straced =
      command.strace === undefined || records === false
        ? undefined
        : new StracedLife({ life: standing.life, state, ledger, cwd, trace })
    const { pid, ended, reaped, tail } = await launch({
      ...(straced?.command(command.strace ?? '', command) ?? command),
      cwd,
      ledger: descriptor,
      stderrBytesMax,
      takesGroupAlong: true,
      environment: {
        ...environmentOf(order, standing, places, hooks),
        [markerVariable]: `${campaign}/${id}`,
      },
    })
    const shown = (): string => progressOf({ ledgerBytes: fstatSync(descriptor).size, state })
    const forget = endWhenQuiet(pid, shown, quietMsMax)
    const watch = until && setInterval(() => until(marksIn(ledger)) && killGroup(pid), lookEveryMs)
    const { code, signal } = await ended
    clearInterval(watch)
    const wasQuiet = forget()
    await reaped
    const unlogged = straced === undefined ? undefined : leaveLog(straced)
    const log = join(trace, '1.ops')
    // A program that did nothing at all left no log.
    const isLogged = records !== false && (!isBelow(command) || existsSync(log))
    const own = isLogged ? parseTrace(readFileSync(log)) : undefined
    const { problems } = readLedger(readFileSync(ledger))
    const isControl = standing.life === 1 && faults.length === 0
    const image = await imageOrWhy(state)
    const unreadable = typeof image === 'string' ? image : undefined
    const unsupported = unreadable ?? (isControl ? whyNoLedger(problems) : undefined)
    const marks = marksIn(ledger)
    // Below the process the log is that of all its processes.
    const joined =
      own === undefined || own.forks.length === 0 || isBelow(command)
        ? own
        : withChildMarks([own, ...(await readTraces(trace)).slice(1)], marks)
    const recorded = typeof joined === 'string' ? own : joined
    const untold = typeof joined === 'string' ? joined : (unlogged ?? whyNotLed(own, pid))
    return {
      marks,
      ...(unsupported === undefined ? {} : { unsupported }),
      code,
      signal,
      ...(wasQuiet ? { quietMs: quietMsMax } : {}),
      image: typeof image === 'string' ? new Map() : image,
      ...(unreadable === undefined ? {} : { unreadable }),
      ...(recorded === undefined ? {} : { trace: recorded }),
      ...(untold === undefined ? {} : { untold }),
      stderr: tail(),
      log,
      ledger,
    }
  } finally {
    closeSync(descriptor)
  }
}

/** What is in a directory, or why no image can hold it. */
async function imageOrWhy(directory: string): Promise<DirectoryImage | string> {
  try {
    return await readImage(directory)
  } catch (error) {
    if (error instanceof SpecialFileError) return error.message
    throw error
  }
}

function marksIn(ledger: string): readonly Mark[] {
  return readLedger(readFileSync(ledger)).entries.map(({ mark }) => mark)
}

/** Whether its ops are seen below the process. */
export function isBelow({ native, strace }: StartCommand): boolean {
  return native !== undefined || strace !== undefined
}

/** Leaves the op log of a life under strace; returns why there is none. */
function leaveLog(straced: StracedLife): string | undefined {
  try {
    straced.write(straced.log().entries)
    return undefined
  } catch (error) {
    if (error instanceof UntoldError) return `strace does not tell enough: ${error.message}`
    throw error
  }
}

/** Writes an image to an empty directory; names of one entry become links to one file. */
export function writeImage(directory: string, image: DirectoryImage): void {
  const made = new Map<ImageEntry, string>()
  for (const path of [...image.keys()].sort()) {
    const entry = image.get(path)
    if (entry === undefined) continue
    const target = join(directory, path)
    const same = made.get(entry)
    if (entry.kind === 'directory') mkdirSync(target)
    else if (entry.kind === 'symlink') symlinkSync(entry.target, target)
    else if (same === undefined) writeFileSync(target, entry.bytes)
    else linkSync(same, target)
    if (entry.kind === 'file') made.set(entry, same ?? target)
  }
}
