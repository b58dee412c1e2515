/**
 * Child processes are workers too: whatever environment the program gives them, they get the hooks, an op stream of their own
 * (`1.1`, `1.2` … in order of start) and the ledger.
 *
 * Both ways to start one end in a binding function that takes `NAME=value` pairs and a list of descriptors, as members of an
 * object, or (asynchronous starts since Node 24.21) as its fourth and fifth argument; programs of other languages ignore what they
 * get. Threads inherit hooks and environment by themselves (`settings.ts`).
 */
import { hookVariables, ledgerFd } from '../life.ts'
import { internalBinding, replace } from './binding.ts'
import type { Native, Undo } from './binding.ts'
import type { Door } from './door.ts'

interface SpawnOptions {
  readonly envPairs?: readonly string[]
  readonly stdio?: readonly Stdio[]
}

interface Stdio {
  readonly type: string
  readonly fd?: number
}

export interface Inheritance {
  readonly stream: string
  /** Path of the preload, to be required by the children. */
  readonly preload: string
  readonly ledger: number | undefined
  /** Everything that the harness told this process. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Hooks both; the result undoes it. */
export function hookChildren(door: Door, inheritance: Inheritance): Undo[] {
  let children = 0
  const hooked = (original: Native): Native =>
    function (this: unknown, ...args: unknown[]): unknown {
      const stream = `${inheritance.stream}.${++children}`
      door.observer?.forked(stream)
      const { options, replaced } = startOf(args)
      const result = Reflect.apply(original, this, replaced(inherit(options, stream, inheritance)))
      return withoutExtraOutput(result, options.stdio?.length)
    }
  return spawners().map((holder) => replace(holder, 'spawn', hooked))
}

/** The two ways to start a process; none where this Node hides them: children then have a stream by the claim alone. */
function spawners(): Record<string, unknown>[] {
  try {
    const { Process } = internalBinding('process_wrap') as {
      Process: { prototype: Record<string, unknown> }
    }
    return [Process.prototype, internalBinding('spawn_sync') as Record<string, unknown>]
  } catch {
    return []
  }
}

/** What a start is told, and the arguments that tell something else in its place. */
function startOf(args: readonly unknown[]): {
  readonly options: SpawnOptions
  readonly replaced: (options: SpawnOptions) => readonly unknown[]
} {
  if (typeof args[0] !== 'string')
    return {
      options: args[0] as SpawnOptions,
      replaced: (options) => [options, ...args.slice(1)],
    }
  const [file, argv, directory, envPairs, stdio, ...rest] = args
  return {
    options: { envPairs, stdio } as SpawnOptions,
    replaced: (options) => [file, argv, directory, options.envPairs, options.stdio, ...rest],
  }
}

function inherit(options: SpawnOptions, stream: string, inheritance: Inheritance): SpawnOptions {
  const { ledger, env } = inheritance
  const stdio = [...(options.stdio ?? [])]
  if (ledger !== undefined) placeLedger(stdio, ledger)
  const own: Record<string, string | undefined> = { ...env, [hookVariables.stream]: stream }
  return { ...options, stdio, envPairs: mergeEnv(options.envPairs ?? [], own, inheritance.preload) }
}

/** Puts the ledger among the child's descriptors, unless the program has something else there (an IPC channel). */
function placeLedger(stdio: Stdio[], ledger: number): void {
  while (stdio.length < ledgerFd) stdio.push({ type: 'ignore' })
  const there = stdio[ledgerFd]
  if (there === undefined || there.type === 'ignore') stdio[ledgerFd] = { type: 'fd', fd: ledger }
}

function mergeEnv(
  pairs: readonly string[],
  own: Readonly<Record<string, string | undefined>>,
  preload: string,
): string[] {
  const merged: string[] = []
  let nodeOptions = ''
  for (const pair of pairs) {
    const name = pair.slice(0, pair.indexOf('='))
    if (name === 'NODE_OPTIONS') nodeOptions = pair.slice(name.length + 1)
    else if (!(name in own)) merged.push(pair)
  }
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined) merged.push(`${name}=${value}`)
  }
  const required = nodeOptions.includes(preload)
    ? nodeOptions
    : `${nodeOptions} --require ${quoted(preload)}`.trim()
  return [...merged, `NODE_OPTIONS=${required}`]
}

/** Quotes a path for `NODE_OPTIONS`. */
function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** `spawnSync` returns one output per descriptor: not for the one that was added. */
function withoutExtraOutput(result: unknown, length: number | undefined): unknown {
  if (typeof result !== 'object' || result === null || length === undefined) return result
  const { output } = result as { output?: unknown }
  if (Array.isArray(output) && output.length > length) output.length = length
  return result
}
