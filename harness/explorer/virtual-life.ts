/**
 * Lives in memory: a worker's module runs again and again in one warm process, each time over another disk image.
 *
 * A life begins in modules that are evaluated anew, or are as new (`evaluation.ts`), behind hooks that are installed anew over a
 * disk in memory. It ends where a process would: when the event loop has nothing left to do. Node says so
 * with `beforeExit`, and only then is the next life begun.
 *
 *  V1  What one life changes in the process is undone before the next: environment, exit code, listeners, timers, global names. What
 *      cannot be undone (a built-in that was changed) is seen (`surroundings.ts`), and nothing is said of the system then.
 *  V2  A life that ends early (exit, a kill, an uncaught error) leaves its image and its marks at that moment; what its code does
 *      afterwards, until the loop is empty, is not seen by anybody.
 *  V3  Nothing here is believed: a finding counts when a process of its own shows the same (`fresh-life.ts`).
 *  V4  Two lives over one image, with one environment, do the same: nothing of the real time reaches them through timers.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { basename, dirname } from 'node:path'
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import { internalBinding, replace, type FsBinding, type Undo } from '../hooks/binding.ts'
import { Door } from '../hooks/door.ts'
import type { HookFault } from '../hooks/fault.ts'
import { hookFileCalls } from '../hooks/file-calls.ts'
import { ledgerFile } from '../hooks/files.ts'
import type { Gate } from '../hooks/gate.ts'
import { stateDirectory, type StateDirectory } from '../hooks/paths.ts'
import { looseReadFile } from '../hooks/read-file-calls.ts'
import { realDisk } from '../hooks/real-disk.ts'
import { createRecorder } from '../hooks/recorder.ts'
import { captureFrames } from '../hooks/site.ts'
import { layVirtualBinding, type VirtualSource } from '../hooks/virtual-binding.ts'
import { layVirtualDirectories } from '../hooks/virtual-directories.ts'
import { VirtualDisk, type Sink } from '../hooks/virtual-disk.ts'
import { ledgerFd } from '../life.ts'
import type { RecoveryCost } from '../recovery.ts'
import type { Trace } from '../trace.ts'
import { TraceReader } from '../trace.ts'
import { Evaluation } from './evaluation.ts'
import type { Recording } from './asks.ts'
import { killedAt } from './hook-fault.ts'
import { LifeProcess } from './life-process.ts'
import type { Places } from './lives.ts'
import { Surroundings } from './surroundings.ts'
import { VirtualTimers } from './virtual-timers.ts'

/** What a life is told, and what it finds. */
export interface LifeOrder {
  readonly life: number
  readonly image: DirectoryImage
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Whether its ops are recorded, with payloads; `sites`: and with the lines that issued them, which cost as much again. */
  readonly records: Recording
  /** Carried out by the hooks inside. */
  readonly faults?: readonly HookFault[]
  /** Ops after which it is given up: it turns in circles. */
  readonly opsMax: number
  /** Whether all its modules are evaluated anew, whatever those of the life before look like. */
  readonly isFresh?: boolean
}

/** What came of a life. */
export interface LifeEnd {
  /** Lines that it wrote to the ledger, each with its newline. */
  readonly marks: readonly string[]
  readonly code: number | null
  readonly signal: string | null
  readonly ops: number
  readonly image: DirectoryImage
  /** As in `asks.ts`. */
  readonly unread: ReadonlySet<ImageEntry>
  readonly stderr: string
  /** Set where timers fired without end and it was put down: milliseconds of its own time. */
  readonly quietMs?: number
  /** Only of a recorded life. */
  readonly trace?: Trace
  /** What it did until it was back; absent where it never was. */
  readonly cost?: RecoveryCost
  /** Why it cannot be run in memory; the rest then means nothing. */
  readonly unsupported?: string
}

interface Running {
  readonly order: LifeOrder
  readonly disk: VirtualDisk
  readonly marks: string[]
  readonly undos: Undo[]
  readonly done: (end: LifeEnd) => void
  readonly reader: TraceReader | undefined
  door: Door | undefined
  stderr: string
  /** At its first `recovered`, and at its first `ack`. */
  recovered?: RecoveryCost
  acked?: RecoveryCost
  unsupported?: string
  /** Set when it ended before the loop was empty (V2). */
  over?: Pick<LifeEnd, 'code' | 'signal' | 'image' | 'quietMs'>
}

/** Lives between two looks at what they may have changed in their process. */
const looksEvery = 256

const noFrames = (): readonly string[] => []

/** Thrown to leave the code of a life that is over. */
class LifeOver extends Error {}

// Captured: a life may replace it.
const soon = setImmediate

/** The one place of a process where lives run. */
export class VirtualHost {
  readonly #directory: StateDirectory
  /** What is in memory: the parent of the state directory, which programs open and sync too. */
  readonly #mount: StateDirectory
  readonly #ledger: Sink
  readonly #gate: Gate = { own: undefined, raw: undefined }
  readonly #binding = internalBinding('fs') as FsBinding
  readonly #outside = realDisk(this.#gate)
  readonly #evaluation: Evaluation
  readonly #handles: { readonly fd: number; readonly releaseFD: () => void }[] = []
  readonly #storages = new Set<{ readonly disable: () => void }>()
  readonly #timers: VirtualTimers
  readonly #process: LifeProcess
  readonly #surroundings: Surroundings
  readonly #stackTraceLimit: number
  #running: Running | undefined
  #lives = 0

  /** `bundle`: one CommonJS file that runs a life when it is evaluated. `files`: what it may read besides, by path. */
  constructor(
    bundle: string,
    { directory, ledger }: Pick<Places, 'directory' | 'ledger'>,
    files: ReadonlyMap<string, string>,
  ) {
    this.#directory = stateDirectory(directory)
    this.#mount = stateDirectory(dirname(directory))
    this.#ledger = { path: ledger, take: (bytes) => this.#mark(bytes) }
    looseReadFile(this.#binding)
    const source: VirtualSource = {
      disk: () => this.#running?.disk,
      ledger: (bytes) => this.#mark(bytes),
      ledgerFd,
      files,
      refuse: (why) => this.#refuse(why),
    }
    layVirtualBinding(this.#binding, source)
    layVirtualDirectories(source)
    this.#keepHandles()
    this.#keepStorages()
    this.#timers = new VirtualTimers(() => this.#running !== undefined)
    this.#process = new LifeProcess({
      isRunning: () => this.#running !== undefined,
      end: (code, signal) => this.#end(code, signal),
      refuse: (why) => this.#refuse(why),
      say: (text) => this.#say(text),
      uncaught: (error) => this.#uncaught(error),
      empty: () => this.#empty(),
    })
    this.#evaluation = new Evaluation(bundle, [
      this.#process.requireFor(bundle),
      bundle,
      dirname(bundle),
    ])
    this.#stackTraceLimit = Error.stackTraceLimit
    this.#surroundings = new Surroundings()
  }

  /** Begins a life; `done` is called when it is over, and may begin the next. One at a time. */
  run(order: LifeOrder, done: (end: LifeEnd) => void): void {
    if (this.#running !== undefined) throw new Error('a life is running')
    const at = basename(this.#directory.root)
    const disk = new VirtualDisk(this.#mount, order.image, this.#outside, {
      at,
      sink: this.#ledger,
    })
    const reader = order.records !== false ? new TraceReader() : undefined
    const running: Running = {
      order,
      disk,
      marks: [],
      undos: [],
      done,
      reader,
      door: undefined,
      stderr: '',
    }
    this.#running = running
    this.#process.begin(order.life, order.environment)
    this.#install(running)
    // Stacks are what errors cost most; who wants to read them replays the case in a process of its own.
    Error.stackTraceLimit = 0
    try {
      this.#evaluation.begin(order.isFresh !== true)
    } catch (error) {
      this.#uncaught(error)
    }
  }

  /** What lives changed in the process that outlives them, since it was last asked; `undefined` where that is nothing. */
  leak(): string | undefined {
    return this.#surroundings.changed()
  }

  #install(running: Running): void {
    const { order, disk, reader } = running
    const { root } = this.#directory
    const observer =
      reader === undefined
        ? undefined
        : createRecorder(
            (entry, payload) => {
              // Copied: the program may fill its buffer anew.
              if (running.over === undefined) reader.take(entry, payload?.slice())
            },
            disk,
            root,
            order.records === 'sites' ? captureFrames : noFrames,
          )
    reader?.take(
      {
        e: 'log',
        version: 1,
        stream: '1',
        life: order.life,
        pid: process.pid,
        order: 'serial',
        node: process.version,
        directory: root,
      },
      undefined,
    )
    const door = new Door({
      stream: '1',
      life: order.life,
      order: 'serial',
      directory: this.#directory,
      disk,
      gate: this.#gate,
      // A life that makes so many ops turns in circles.
      faults: [...(order.faults ?? []), killedAt(order.opsMax, 'before')],
      observer,
      ledgerPath: this.#ledger.path,
      ledger: (line) => this.#mark(Buffer.from(line)) > 0,
      signal: (name) => {
        throw this.#end(null, name)
      },
    })
    door.files[ledgerFd] = ledgerFile()
    running.door = door
    const binding = this.#binding
    running.undos.push(...hookFileCalls(binding, door))
  }

  #mark(bytes: Uint8Array): number {
    const running = this.#running
    if (running === undefined || running.over !== undefined) return bytes.byteLength
    const { buffer, byteOffset, byteLength } = bytes
    const line = Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
    running.marks.push(line)
    noteCost(running, line)
    return bytes.byteLength
  }

  #say(text: string): void {
    if (this.#running !== undefined) this.#running.stderr += text
  }

  /** Ends the life here and now (V2); the result is to be thrown. */
  #end(code: number | null, signal: string | null): LifeOver {
    const running = this.#running
    if (running !== undefined) running.over ??= { code, signal, image: running.disk.image() }
    return new LifeOver('this life is over')
  }

  /** It waits for something that never comes. */
  #putDown(running: Running): void {
    const { nowMs: quietMs } = this.#timers
    running.over ??= { code: null, signal: 'SIGKILL', image: running.disk.image(), quietMs }
  }

  #refuse(why: string): LifeOver {
    const running = this.#running
    if (running !== undefined) running.unsupported ??= why
    return this.#end(null, 'SIGKILL')
  }

  #uncaught(error: unknown): void {
    const running = this.#running
    if (running === undefined) throw error
    if (error instanceof LifeOver || running.over !== undefined) return
    this.#say(`${String((error as Error).stack ?? error)}\n`)
    this.#process.leave(1)
    this.#end(1, null)
  }

  /** The loop has nothing left to do: time passes, or the life is over. */
  #empty(): void {
    const running = this.#running
    if (running === undefined) return
    if (running.over === undefined) {
      // From a turn of its own: what it throws is then uncaught, as it would be.
      const fires = this.#timers.waits()
      if (fires || this.#process.waitsBeforeExit()) {
        soon(() => {
          if (fires && !this.#timers.fireNext()) this.#putDown(running)
        })
        return
      }
      try {
        this.#process.leave(Number(process.exitCode ?? 0))
      } catch (error) {
        this.#uncaught(error)
      }
    }
    this.#finish(running)
  }

  #finish(running: Running): void {
    const over = running.over ?? {
      code: Number(process.exitCode ?? 0),
      signal: null,
      image: running.disk.image(),
    }
    for (const handle of this.#handles.splice(0)) if (handle.fd >= 0) handle.releaseFD()
    for (const undo of running.undos.reverse()) undo()
    for (const storage of this.#storages) storage.disable()
    this.#storages.clear()
    this.#timers.reset()
    this.#running = undefined
    Error.stackTraceLimit = this.#stackTraceLimit
    this.#process.finish()
    this.#surroundings.restore()
    this.#lives += 1
    const leak = this.#lives % looksEvery === 0 ? this.#surroundings.changed() : undefined
    const unsupported = running.unsupported ?? leak
    const trace = running.reader?.finish(0)
    const cost = running.recovered ?? running.acked
    running.done({
      ...over,
      unread: running.disk.unread(),
      marks: running.marks,
      stderr: running.stderr,
      ops: running.door?.count ?? 0,
      ...(unsupported === undefined ? {} : { unsupported }),
      ...(trace === undefined ? {} : { trace }),
      ...(cost === undefined ? {} : { cost }),
    })
    // A life that left nothing to wait for is over too: the loop has to become empty once more.
    if (this.#running !== undefined) soon(() => undefined)
  }

  /** Handles are native objects that close their descriptor when they are collected: ours mean nothing to the kernel. */
  #keepHandles(): void {
    const handles = this.#handles
    const holder = this.#binding as unknown as Record<string, unknown>
    holder['FileHandle'] = new Proxy(this.#binding.FileHandle, {
      construct(target, args) {
        const handle: object = Reflect.construct(target, args)
        handles.push(handle as (typeof handles)[number])
        return handle
      },
    })
  }

  /** A storage in use is carried from promise to promise for ever, also when the modules that made it are gone. */
  #keepStorages(): void {
    const storages = this.#storages
    const { prototype } = AsyncLocalStorage as unknown as { prototype: Record<string, unknown> }
    replace(prototype, '_enable', (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        storages.add(this as { disable: () => void })
        return Reflect.apply(original, this, args)
      }
    })
  }
}

/** Keeps what was spent at the marks that say that a life is back. */
function noteCost(running: Running, line: string): void {
  if (running.recovered !== undefined) return
  const isRecovered = line.includes('"mark":"recovered"')
  if (!isRecovered && (running.acked !== undefined || !line.includes('"mark":"ack"'))) return
  const cost = { ...running.disk.spent, ops: running.door?.count ?? 0 }
  if (isRecovered) running.recovered = cost
  else running.acked = cost
}
