/**
 * Lives in memory: a worker's module runs again and again in one warm process, each time over another disk image.
 *
 * A life begins by evaluating the worker's bundle anew, so that every module in it starts from nothing, behind hooks that are
 * installed anew over a disk in memory. It ends where a process would: when the event loop has nothing left to do. Node says so
 * with `beforeExit`, and only then is the next life begun.
 *
 *  V1  What one life changes in the process is undone before the next: environment, exit code, listeners, global names.
 *  V2  A life that ends early (exit, a kill, an uncaught error) leaves its image and its marks at that moment; what its code does
 *      afterwards, until the loop is empty, is not seen by anybody.
 *  V3  Nothing here is believed: a finding counts when a process of its own shows the same (`fresh-life.ts`).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname } from 'node:path'
import { compileFunction } from 'node:vm'
import type { DirectoryImage } from '../directory-image.ts'
import { internalBinding, replace, type FsBinding, type Undo } from '../hooks/binding.ts'
import { hookCompositeCalls } from '../hooks/composite-calls.ts'
import { hookDescriptorCalls } from '../hooks/descriptor-calls.ts'
import { Door } from '../hooks/door.ts'
import type { HookFault } from '../hooks/fault.ts'
import { ledgerFile } from '../hooks/files.ts'
import type { Gate } from '../hooks/gate.ts'
import { hookJobCalls } from '../hooks/job-calls.ts'
import { hookOpenCalls } from '../hooks/open-calls.ts'
import { hookPathCalls } from '../hooks/path-calls.ts'
import { stateDirectory, type StateDirectory } from '../hooks/paths.ts'
import { hookReadCalls } from '../hooks/read-calls.ts'
import { realDisk } from '../hooks/real-disk.ts'
import { createRecorder } from '../hooks/recorder.ts'
import { hookTreeCalls } from '../hooks/tree-calls.ts'
import { layVirtualBinding } from '../hooks/virtual-binding.ts'
import { VirtualDisk } from '../hooks/virtual-disk.ts'
import { ledgerFd } from '../life.ts'
import type { Trace } from '../trace.ts'
import { TraceReader } from '../trace.ts'

/** What a life is told, and what it finds. */
export interface LifeOrder {
  readonly life: number
  readonly image: DirectoryImage
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Whether its ops are recorded, with payloads. */
  readonly records: boolean
  /** Carried out by the hooks inside. */
  readonly faults?: readonly HookFault[]
  /** Ops after which it is given up: it turns in circles. */
  readonly opsMax: number
}

/** What came of a life. */
export interface LifeEnd {
  /** Lines that it wrote to the ledger, each with its newline. */
  readonly marks: readonly string[]
  readonly code: number | null
  readonly signal: string | null
  readonly ops: number
  readonly image: DirectoryImage
  readonly stderr: string
  /** Only of a recorded life. */
  readonly trace?: Trace
  /** Why it cannot be run in memory; the rest then means nothing. */
  readonly unsupported?: string
  /** It made more ops than it was given. */
  readonly isRunaway: boolean
}

interface Running {
  readonly order: LifeOrder
  readonly disk: VirtualDisk
  readonly marks: string[]
  readonly undos: Undo[]
  readonly listeners: { readonly name: string | symbol; readonly listener: Listener }[]
  readonly done: (end: LifeEnd) => void
  readonly reader: TraceReader | undefined
  door: Door | undefined
  stderr: string
  /** Set when it ended before the loop was empty (V2). */
  over?: Omit<LifeEnd, 'marks' | 'stderr' | 'ops' | 'trace'>
}

type Listener = (...args: unknown[]) => void

/** Thrown to leave the code of a life that is over. */
class LifeOver extends Error {}

/** The one place of a process where lives run. */
export class VirtualHost {
  readonly #directory: StateDirectory
  /** What is in memory: the parent of the state directory, which programs open and sync too. */
  readonly #mount: StateDirectory
  readonly #gate: Gate = { own: undefined, raw: undefined }
  readonly #binding = internalBinding('fs') as FsBinding
  readonly #outside = realDisk(this.#gate)
  readonly #program: (...scope: unknown[]) => unknown
  readonly #scope: readonly [NodeJS.Require, string, string]
  readonly #handles: { readonly fd: number; readonly releaseFD: () => void }[] = []
  readonly #globals: ReadonlySet<string | symbol>
  readonly #storages = new Set<{ readonly disable: () => void }>()
  #running: Running | undefined

  /** `bundle`: one CommonJS file that runs a life when it is evaluated. `files`: what it may read besides, by path. */
  constructor(bundle: string, root: string, files: ReadonlyMap<string, string>) {
    this.#directory = stateDirectory(root)
    this.#mount = stateDirectory(dirname(root))
    this.#program = compileFunction(
      readFileSync(bundle, 'utf8'),
      ['exports', 'require', 'module', '__filename', '__dirname'],
      { filename: bundle },
    ) as (...scope: unknown[]) => unknown
    this.#scope = [createRequire(bundle), bundle, dirname(bundle)]
    layVirtualBinding(this.#binding, {
      disk: () => this.#running?.disk,
      ledger: (bytes) => this.#mark(bytes),
      ledgerFd,
      files,
    })
    this.#keepHandles()
    this.#keepStorages()
    this.#guardProcess()
    this.#globals = new Set(Reflect.ownKeys(globalThis))
    process.on('beforeExit', () => this.#finish())
  }

  /** Begins a life; `done` is called when it is over, and may begin the next. One at a time. */
  run(order: LifeOrder, done: (end: LifeEnd) => void): void {
    if (this.#running !== undefined) throw new Error('a life is running')
    const at = basename(this.#directory.root)
    const disk = new VirtualDisk(this.#mount, order.image, this.#outside, at)
    const reader = order.records ? new TraceReader() : undefined
    const running: Running = {
      order,
      disk,
      marks: [],
      undos: [],
      listeners: [],
      done,
      reader,
      door: undefined,
      stderr: '',
    }
    this.#running = running
    process.exitCode = undefined
    process.env = { ...order.environment }
    this.#install(running)
    const [require, filename, directory] = this.#scope
    const module = { exports: {} }
    try {
      this.#program(module.exports, require, module, filename, directory)
    } catch (error) {
      this.#uncaught(error)
    }
  }

  #install(running: Running): void {
    const { order, disk, reader } = running
    const observer =
      reader === undefined
        ? undefined
        : createRecorder(
            (entry, payload) => reader.take(entry, payload),
            disk,
            this.#directory.root,
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
        directory: this.#directory.root,
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
      faults: order.faults ?? [],
      observer,
      ledger: (line) => this.#mark(Buffer.from(line)) > 0,
      signal: (name) => {
        throw this.#end(null, name)
      },
    })
    door.files[ledgerFd] = ledgerFile()
    running.door = door
    const binding = this.#binding
    running.undos.push(
      ...hookDescriptorCalls(binding, door),
      ...hookOpenCalls(binding, door),
      ...hookReadCalls(binding, door),
      ...hookPathCalls(binding, door),
      ...hookCompositeCalls(binding, door),
      ...hookTreeCalls(binding, door),
      ...hookJobCalls(binding, door),
    )
  }

  #mark(bytes: Uint8Array): number {
    const running = this.#running
    if (running === undefined || running.over !== undefined) return bytes.byteLength
    running.marks.push(Buffer.from(bytes).toString('utf8'))
    if ((running.door?.count ?? 0) > running.order.opsMax) this.#end(null, 'SIGKILL', true)
    return bytes.byteLength
  }

  /** Ends the life here and now (V2); the result is to be thrown. */
  #end(code: number | null, signal: string | null, isRunaway = false): LifeOver {
    const running = this.#running
    if (running !== undefined)
      running.over ??= { code, signal, isRunaway, image: running.disk.image() }
    return new LifeOver('this life is over')
  }

  #uncaught(error: unknown): void {
    const running = this.#running
    if (running === undefined) throw error
    if (error instanceof LifeOver || running.over !== undefined) return
    running.stderr += `${String((error as Error).stack ?? error)}\n`
    this.#end(1, null)
  }

  #finish(): void {
    const running = this.#running
    if (running === undefined) return
    for (const handle of this.#handles.splice(0)) if (handle.fd >= 0) handle.releaseFD()
    for (const undo of running.undos.reverse()) undo()
    for (const storage of this.#storages) storage.disable()
    this.#storages.clear()
    this.#running = undefined
    for (const { name, listener } of running.listeners) process.removeListener(name, listener)
    for (const key of Reflect.ownKeys(globalThis))
      if (!this.#globals.has(key)) Reflect.deleteProperty(globalThis, key)
    const code = Number(process.exitCode ?? 0)
    process.exitCode = undefined
    const ended = running.over ?? {
      code,
      signal: null,
      isRunaway: false,
      image: running.disk.image(),
    }
    const trace = running.reader?.finish(0)
    running.done({
      ...ended,
      marks: running.marks,
      stderr: running.stderr,
      ops: running.door?.count ?? 0,
      ...(trace === undefined ? {} : { trace }),
    })
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

  /** Doors out of a life other than the disk. */
  #guardProcess(): void {
    const leave = (code?: unknown): never => {
      throw this.#end(Number(code ?? process.exitCode ?? 0), null)
    }
    const kill = process.kill.bind(process)
    const guards: Record<string, unknown> = {
      exit: leave,
      reallyExit: leave,
      abort: () => {
        throw this.#end(null, 'SIGABRT')
      },
      kill: (pid: number, signal: string | number = 'SIGTERM') => {
        if (this.#running === undefined || pid !== process.pid) return kill(pid, signal)
        if (signal === 0) return true
        throw this.#end(null, String(signal))
      },
    }
    const holder = process as unknown as Record<string, unknown>
    for (const [name, guard] of Object.entries(guards)) holder[name] = guard
    process.stderr.write = (chunk: unknown): boolean => {
      if (this.#running !== undefined) this.#running.stderr += String(chunk)
      return true
    }
    process.stdout.write = (): boolean => true
    process.on('uncaughtException', (error) => this.#uncaught(error))
    for (const name of ['on', 'once', 'addListener', 'prependListener'] as const) {
      const original = process[name].bind(process) as unknown as (...args: unknown[]) => unknown
      holder[name] = (event: string, listener: Listener): unknown => {
        const running = this.#running
        // Nobody sends signals to a life in memory; a watcher would only cost.
        if (running !== undefined && event.startsWith('SIG')) return process
        running?.listeners.push({ name: event, listener })
        return original(event, listener)
      }
    }
    this.#refuseChildren()
  }

  #refuseChildren(): void {
    const refuse = () => (): never => {
      throw this.#unsupported('it starts a process')
    }
    const { Process } = internalBinding('process_wrap') as {
      Process: { prototype: Record<string, unknown> }
    }
    replace(Process.prototype, 'spawn', refuse)
    replace(internalBinding('spawn_sync') as Record<string, unknown>, 'spawn', refuse)
  }

  #unsupported(why: string): LifeOver {
    const running = this.#running
    const over = this.#end(null, 'SIGKILL')
    if (running?.over !== undefined) running.over = { ...running.over, unsupported: why }
    return over
  }
}
