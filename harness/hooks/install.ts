/** Puts the door into this thread: settings in, hooked binding out. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { FsBinding, Undo } from './binding.ts'
import { hookChildren } from './children.ts'
import { countFile } from './count-file.ts'
import { Door } from './door.ts'
import type { Observer } from './door.ts'
import { hookFileCalls } from './file-calls.ts'
import { ledgerFile } from './files.ts'
import { withOwn } from './gate.ts'
import type { Gate } from './gate.ts'
import { isDiskFault, isWireFault } from './fault.ts'
import { findLedger } from './ledger.ts'
import { stateDirectory } from './paths.ts'
import { realDisk } from './real-disk.ts'
import { Recorder, createRecorder, logFile } from './recorder.ts'
import { ownVariables } from './settings.ts'
import type { Settings } from './settings.ts'
import { hookStreamSites } from './stream-sites.ts'
import { hookThreads } from './threads.ts'
import type { Disk } from './disk.ts'
import { hookWireCalls } from './wire/calls.ts'
import { WireDoor } from './wire/door.ts'

// Captured: program code may replace members of `fs` and `process`.
const kill = process.kill.bind(process)
const { pid } = process

/** Where the hooks stand between the program and the disk. */
export interface Entrance {
  readonly binding: () => FsBinding
  /** Sends the program's calls to that binding, where they do not go there by themselves. Only in serial order. */
  readonly wrap?: (binding: FsBinding, door: Door) => Undo[]
}

/** Installs the door. `preload`: the file that child processes are to require. */
export function install(
  settings: Settings,
  entrance: Entrance,
  preload: string,
): { door: Door; undo: Undo } {
  const gate: Gate = { own: undefined, raw: undefined }
  const disk = realDisk(gate)
  const directory = stateDirectory(settings.directory)
  const stream = claimStream(settings, gate)
  const ledger = findLedger(settings.ledger, gate)
  const observer = createObserver(settings, stream, gate, disk, directory.root)
  const door = new Door({
    stream,
    life: settings.life,
    order: entrance.wrap === undefined ? settings.order : 'serial',
    directory,
    disk,
    gate,
    faults: settings.faults.filter(isDiskFault),
    observer,
    ledgerPath: ledger.path,
    ledger: ledger.append,
    signal: signalSelf,
  })
  if (ledger.descriptor !== undefined) door.files[ledger.descriptor] = ledgerFile()
  const binding = entrance.binding()
  const env = ownVariables(process.env)
  const undos = [
    ...hookFileCalls(binding, door),
    ...(entrance.wrap?.(binding, door) ?? []),
    ...(observer instanceof Recorder
      ? hookStreamSites((frames, call) => observer.runFrom(frames, call))
      : []),
    ...(entrance.wrap === undefined ? hookWire(settings, stream, observer, ledger.append) : []),
    ...hookThreads(door, { stream, preload, env }),
    ...hookChildren(door, {
      stream,
      preload,
      ledger: ledger.descriptor,
      env,
    }),
  ]
  return {
    door,
    undo: () => {
      for (const undo of undos.reverse()) undo()
    },
  }
}

/** The wire door, where somebody asks for messages: who does not pays nothing for it. */
function hookWire(
  settings: Settings,
  stream: string,
  observer: Observer | undefined,
  ledger: (line: string) => boolean,
): Undo[] {
  const faults = settings.faults.filter(isWireFault)
  const recorder = observer instanceof Recorder ? observer : undefined
  if (recorder === undefined && faults.length === 0) return []
  const { life } = settings
  return hookWireCalls(
    new WireDoor({ stream, life, faults, observer: recorder, ledger, signal: signalSelf }),
  )
}

function createObserver(
  settings: Settings,
  stream: string,
  gate: Gate,
  disk: Disk,
  root: string,
): Observer | undefined {
  const { lane, traceDirectory, life, order } = settings
  if (lane === 'plain') return undefined
  if (traceDirectory === undefined)
    throw new Error(`killpoint hooks: lane '${lane}' needs a trace directory`)
  if (lane === 'counted') return countFile(join(traceDirectory, `${stream}.count`), gate)
  const sink = logFile(join(traceDirectory, `${stream}.ops`), gate)
  sink({ e: 'log', version: 1, stream, life, pid, order, node: process.version, directory: root })
  return createRecorder(sink, disk, root)
}

/**
 * Makes the stream this process's own. Two processes get the same one when a program of another language stands between them
 * and their common ancestor; the later ones become `S.0.0.1`, `S.0.0.2` …
 */
function claimStream({ stream, traceDirectory }: Settings, gate: Gate): string {
  if (traceDirectory === undefined) return stream
  for (let again = 0; ; again += 1) {
    const name = again === 0 ? stream : `${stream}.0.0.${again}`
    try {
      const fd = withOwn(gate, () => openSync(join(traceDirectory, `${name}.pid`), 'wx'))
      withOwn(gate, () => writeSync(fd, `${pid}\n`))
      withOwn(gate, () => closeSync(fd))
      return name
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function signalSelf(name: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM'): void {
  kill(pid, name)
  // The main thread stops on its way out of the call. Another one is stopped by the main thread, and must not get on before.
  if (name === 'SIGSTOP' && isThread()) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stopMs)
  }
}

const stopMs = 50

/** `worker_threads` would say it too, but takes milliseconds to load. */
export function isThread(): boolean {
  return (process.chdir as { disabled?: boolean }).disabled === true
}
