/**
 * Threads are workers too. Those that take over the process's own options and environment have the hooks by themselves; the
 * rest (hooks bundled with the program, an environment or options of the program's making) get them here.
 *
 * `worker_threads` is not loaded for it, which would cost every process milliseconds: its `Worker` is replaced when the program
 * requires the module. A program that imports it, and makes a thread without the hooks, is found out by its missing trace: every
 * new thread is noted in the log of the one that made it.
 */
import type { Worker, WorkerOptions } from 'node:worker_threads'
import { syncExports } from './builtin.ts'
import { replace } from './binding.ts'
import type { Undo } from './binding.ts'
import type { Door } from './door.ts'
import { threadStream } from './settings.ts'

export interface ThreadInheritance {
  /** Stream of the process. */
  readonly stream: string
  readonly preload: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Hooks the making of threads; the result undoes it. */
export function hookThreads(door: Door, inheritance: ThreadInheritance): Undo[] {
  const noteThread = ({ threadId }: Worker): void => {
    door.observer?.forked(threadStream(inheritance.stream, threadId))
  }
  if (door.observer !== undefined) process.on('worker', noteThread)
  return [
    () => process.off('worker', noteThread),
    replace(moduleLoader(), '_load', (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const loaded = Reflect.apply(original, this, args)
        if (args[0] === 'node:worker_threads' || args[0] === 'worker_threads') {
          replaceWorker(loaded as WorkerModule, inheritance)
        }
        return loaded
      }
    }),
  ]
}

type WorkerModule = { Worker: typeof Worker }

const replaced = new WeakSet<WorkerModule>()

function replaceWorker(module: WorkerModule, inheritance: ThreadInheritance): void {
  if (replaced.has(module)) return
  replaced.add(module)
  const { Worker: Original } = module
  module.Worker = class Worker extends Original {
    constructor(filename: string | URL, options: WorkerOptions = {}) {
      super(filename, withHooks(options, inheritance))
    }
  }
  syncExports()
}

function withHooks(options: WorkerOptions, { preload, env }: ThreadInheritance): WorkerOptions {
  const given = options.execArgv ?? process.execArgv
  const inherits = options.execArgv === undefined && options.env === undefined
  const has = given.includes(preload) || (inherits && hasPreload(process.env, preload))
  const own: unknown = options.env
  const told = typeof own === 'object' && own !== null ? { env: { ...own, ...env } } : {}
  return {
    ...options,
    ...(has ? {} : { execArgv: [...given, '--require', preload] }),
    ...told,
  }
}

function hasPreload(env: NodeJS.ProcessEnv, preload: string): boolean {
  return env['NODE_OPTIONS']?.includes(preload) === true
}

/** The class that loads CommonJS modules: at hand in a CommonJS file, or else taken from Node. */
function moduleLoader(): Record<string, unknown> {
  const own = typeof module === 'object' ? (module.constructor as unknown) : undefined
  const loader =
    typeof own === 'function' && '_load' in own ? own : process.getBuiltinModule('node:module')
  return loader as unknown as Record<string, unknown>
}
