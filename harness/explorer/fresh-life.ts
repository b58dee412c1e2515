/**
 * Lives in processes of their own, over a real directory: the control that is explored, and the confirmation of what was found.
 *
 * A case here is a schedule of one crash at most: life 1 runs from nothing to its end and is recorded, or its crash state is put
 * on the disk as an image, and real processes recover from it.
 */
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import { readLedger } from '../ledger.ts'
import type { StartCommand } from '../live/host.ts'
import { launch } from '../live/launch.ts'
import { makeCaseDirectories, type CaseDirectories } from '../live/scratch.ts'
import type { Mark } from '../mark.ts'
import type { CaseOrder } from './job.ts'
import {
  environmentOf,
  firstClockMs,
  isLast,
  nextClockMs,
  startLine,
  type LivedLife,
} from './lives.ts'

/** Bytes of stderr after which a life is put down. */
const stderrBytesMax = 16 * 1024 * 1024

/** Where processes are started. */
export interface FreshHost {
  readonly command: StartCommand
  readonly scratch: string
}

/** What a control left behind. */
export interface RecordedControl {
  readonly log: string
  readonly ledger: string
  readonly life: LivedLife
  readonly stderr: string
}

/** Runs the case without a fault, recording it. */
export async function recordControl(
  host: FreshHost,
  order: Omit<CaseOrder, 'controlLog' | 'controlLedger'>,
  id: string,
): Promise<RecordedControl> {
  const directories = makeCaseDirectories(host.scratch, id, JSON.stringify(order.workload))
  const traceDirectory = join(directories.trace, '1')
  mkdirSync(traceDirectory)
  const { life, stderr } = await runLife(host, order, directories, {
    life: 1,
    clockMs: firstClockMs,
    reboots: 0,
    traceDirectory,
  })
  return { log: join(traceDirectory, '1.ops'), ledger: directories.ledger, life, stderr }
}

/** Puts a crash on a disk and lets processes recover from it; the whole ledger. */
export async function recoverFresh(
  host: FreshHost,
  order: CaseOrder,
  id: string,
  crash: {
    readonly image: DirectoryImage
    readonly lines: readonly Mark[]
    readonly marks: readonly Mark[]
    readonly reboots: number
  },
): Promise<Uint8Array> {
  const directories = makeCaseDirectories(host.scratch, id, JSON.stringify(order.workload))
  writeImage(directories.state, crash.image)
  for (const line of crash.lines) append(directories, line)
  let clockMs = nextClockMs(firstClockMs, crash.marks)
  for (let life = 2; life < 2 + order.livesMax; life += 1) {
    const told = { life, clockMs, reboots: crash.reboots }
    const { life: lived } = await runLife(host, order, directories, told)
    if (isLast(lived)) break
    clockMs = nextClockMs(clockMs, lived.marks)
  }
  return readFileSync(directories.ledger)
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

async function runLife(
  host: FreshHost,
  order: Omit<CaseOrder, 'controlLog' | 'controlLedger'>,
  directories: CaseDirectories,
  told: {
    readonly life: number
    readonly clockMs: number
    readonly reboots: number
    readonly traceDirectory?: string
  },
): Promise<{ readonly life: LivedLife; readonly stderr: string }> {
  const { life, clockMs } = told
  append(directories, startLine(life, clockMs))
  const before = marksOf(directories).length
  const descriptor = openSync(directories.ledger, 'a')
  try {
    const started = await launch({
      file: host.command.file,
      arguments: host.command.arguments,
      cwd: directories.root,
      ledger: descriptor,
      stderrBytesMax,
      takesGroupAlong: true,
      environment: environmentOf(order as CaseOrder, {
        ...told,
        directory: directories.state,
        workload: directories.workload,
        ledger: directories.ledger,
        lane: told.traceDirectory === undefined ? 'plain' : 'recording',
      }),
    })
    const { code, signal } = await started.ended
    await started.reaped
    const marks = marksOf(directories).slice(before)
    append(directories, { mark: 'exit', life, code, signal, realMs: 0 })
    return { life: { life, clockMs, marks, code, signal }, stderr: started.tail() }
  } finally {
    closeSync(descriptor)
  }
}

function marksOf({ ledger }: CaseDirectories): readonly Mark[] {
  return readLedger(readFileSync(ledger)).entries.map(({ mark }) => mark)
}

function append({ ledger }: CaseDirectories, mark: Mark): void {
  appendFileSync(ledger, `${JSON.stringify(mark)}\n`)
}
