/**
 * The doors of a life in memory other than the disk: what it does to its process happens to the life alone.
 *
 * Exits and signals end the life. Listeners, the number of the process and the environment are its own. What cannot be had in
 * memory (another process, a thread, a socket, native code, a package that stays loaded) is told, and nothing is said of the
 * system then.
 */
import { createRequire, isBuiltin } from 'node:module'
import { internalBinding, replace } from '../hooks/binding.ts'
import { systemError } from '../hooks/errors.ts'

/** What the doors need of the life that runs. */
export interface LifeDoors {
  readonly isRunning: () => boolean
  /** Ends the life here and now; the result is to be thrown. */
  readonly end: (code: number | null, signal: string | null) => Error
  /** The same, for what is impossible in memory. */
  readonly refuse: (why: string) => Error
  readonly say: (text: string) => void
  readonly uncaught: (error: unknown) => void
  /** Everything is done: the loop is empty. */
  readonly empty: () => void
}

type Listener = (...args: unknown[]) => void

/** The first process number of lives; the kernel's stay below. */
const pidMin = 5_000_000

/** The doors of a process in which lives run. */
export class LifeProcess {
  readonly #doors: LifeDoors
  #listeners: { readonly name: string | symbol; readonly listener: Listener }[] = []
  #ranBeforeExit = false
  #isLeaving = false

  constructor(doors: LifeDoors) {
    this.#doors = doors
    process.on('beforeExit', () => doors.empty())
    process.on('uncaughtException', (error) => doors.uncaught(error))
    this.#guardEnds()
    this.#guardWords()
    this.#guardListeners()
    this.#refuseOthers()
  }

  /** A life begins. */
  begin(life: number, environment: Readonly<Record<string, string>>): void {
    this.#ranBeforeExit = false
    this.#isLeaving = false
    process.exitCode = undefined
    process.env = { ...environment }
    Object.defineProperty(process, 'pid', { ...pidDescriptor, value: pidMin + life })
  }

  /** True where the life's own `beforeExit` listeners have yet to be called: Node does that behind us. */
  waitsBeforeExit(): boolean {
    if (this.#ranBeforeExit) return false
    this.#ranBeforeExit = true
    return this.#listeners.some(({ name }) => name === 'beforeExit')
  }

  /** The life's `exit` listeners, as at the end of a process. */
  leave(code: number): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    for (const { name, listener } of this.#listeners.slice())
      if (name === 'exit') Reflect.apply(listener, process, [code])
  }

  /** The life is over. */
  finish(): void {
    for (const { name, listener } of this.#listeners) process.removeListener(name, listener)
    this.#listeners = []
    process.exitCode = undefined
  }

  /** `require` for a life: built-in modules, and nothing that would stay loaded. */
  requireFor(bundle: string): (name: string) => unknown {
    const require = createRequire(bundle)
    return (name) => {
      if (isBuiltin(name) && !name.endsWith('sqlite')) return require(name) as unknown
      throw this.#doors.refuse(`it loads ${name}, which is not in its bundle`)
    }
  }

  #guardEnds(): void {
    const { end } = this.#doors
    const leave = (code?: unknown): never => {
      if (code !== undefined && code !== null) process.exitCode = Number(code)
      this.leave(Number(process.exitCode ?? 0))
      throw end(Number(process.exitCode ?? 0), null)
    }
    const guards: Record<string, unknown> = {
      exit: leave,
      reallyExit: (code?: unknown) => {
        throw end(Number(code ?? 0), null)
      },
      abort: () => {
        throw end(null, 'SIGABRT')
      },
      dlopen: () => {
        throw this.#doors.refuse('it loads native code')
      },
      kill: (pid: number, signal: string | number = 'SIGTERM') => {
        if (pid !== process.pid) throw systemError('ESRCH', 'kill')
        if (signal === 0) return true
        throw end(null, String(signal))
      },
    }
    this.#guard(process as unknown as Record<string, unknown>, guards)
  }

  #guardWords(): void {
    process.stderr.write = (chunk: unknown): boolean => {
      if (this.#doors.isRunning()) this.#doors.say(String(chunk))
      return true
    }
    process.stdout.write = (): boolean => true
  }

  #guardListeners(): void {
    const holder = process as unknown as Record<string, unknown>
    for (const name of ['on', 'once', 'addListener', 'prependListener'] as const) {
      const original = process[name].bind(process) as unknown as (...args: unknown[]) => unknown
      holder[name] = (event: string, listener: Listener): unknown => {
        const isRunning = this.#doors.isRunning()
        // Nobody sends signals to a life in memory; a watcher would only cost.
        if (isRunning && event.startsWith('SIG')) return process
        if (isRunning) this.#listeners.push({ name: event, listener })
        return original(event, listener)
      }
    }
  }

  #refuseOthers(): void {
    const refused = (why: string) => () => (): never => {
      throw this.#doors.refuse(why)
    }
    const prototypeOf = (binding: string, name: string): Record<string, unknown> =>
      (internalBinding(binding) as Record<string, { prototype: Record<string, unknown> }>)[name]
        ?.prototype ?? {}
    replace(prototypeOf('process_wrap', 'Process'), 'spawn', refused('it starts a process'))
    replace(
      internalBinding('spawn_sync') as Record<string, unknown>,
      'spawn',
      refused('it starts a process'),
    )
    for (const [binding, name] of [
      ['tcp_wrap', 'TCP'],
      ['pipe_wrap', 'Pipe'],
    ] as const)
      for (const call of ['connect', 'connect6', 'listen'])
        replace(prototypeOf(binding, name), call, refused('it opens a socket'))
    const threads = process.getBuiltinModule('node:worker_threads') as unknown as Record<
      string,
      unknown
    >
    const refuse = this.#doors.refuse
    this.#guard(threads, {
      Worker: function Worker(): never {
        throw refuse('it starts a thread')
      },
    })
  }

  /** Puts guards in; outside of lives the originals answer. */
  #guard(holder: Record<string, unknown>, guards: Readonly<Record<string, unknown>>): void {
    for (const [name, guard] of Object.entries(guards)) {
      const original = holder[name]
      if (typeof original !== 'function' || typeof guard !== 'function') continue
      const { isRunning } = this.#doors
      holder[name] = new Proxy(original as () => void, {
        apply: (target, self, args: unknown[]) =>
          isRunning()
            ? (Reflect.apply(guard, self, args) as unknown)
            : (Reflect.apply(target, self, args) as unknown),
        construct: (target, args: unknown[]) =>
          Reflect.construct(isRunning() ? guard : target, args) as object,
      })
    }
  }
}

const pidDescriptor = Object.getOwnPropertyDescriptor(process, 'pid') ?? {}
