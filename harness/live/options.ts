/**
 * What a caller may say about how cases are run. None of it may change a verdict; all of it may change how long one takes.
 */
import type { DoorKind } from '../hooks/build.ts'
import { defaultScratchParent } from './scratch.ts'
import type { SourceTransform } from './bundle.ts'

/** Options of the live engine. Times in milliseconds. */
export interface LiveOptions {
  /** Cases that run at once. Default 1. */
  readonly jobs?: number
  /** Directory in which the campaign makes its own; default in memory where the host has it, else the temporary directory. */
  readonly scratch?: string
  /** Leave the directories of every case where they are. Default false. */
  readonly keep?: boolean
  /** Whether the hooks are put into Node workers: without them nothing can happen at an op. Default true. */
  readonly hooks?: boolean
  /** Which hooks: those that the self-test chose for this Node (`hooks/self-test.ts`). Default `binding`. */
  readonly door?: DoorKind
  /**
   * Whether a script whose store native code writes (`unseenStore`) runs over the native hooks: for power loss. Not for live cases:
   * a process that is stopped between two writes of a SQLite commit holds its lock, and nothing else can go on. Default false.
   */
  readonly below?: boolean
  /** Whether a rehearsal, one life of a tiny run, may make a code cache for the starts to come. Default true. */
  readonly codeCache?: boolean
  /** Replaces sources as they are bundled. */
  readonly transform?: SourceTransform
  /** No mark and no change to its files for this long is suspicious; ten times this long, alone on the machine, is wedged. Default 10 000. */
  readonly quietMs?: number
  /** From SIGTERM to SIGKILL. Default 5 000. */
  readonly graceMs?: number
  /** How long a zombie that was let go may take to end by itself. Default 5 000. */
  readonly zombieMs?: number
  /** Bytes of stderr from one process beyond which it is put down. Default 64 MiB. */
  readonly stderrBytesMax?: number
  /** The node executable. Default the one that runs the harness. */
  readonly node?: string
}

/** The options with every default filled in, except for what has none. */
export interface ResolvedOptions {
  readonly jobs: number
  readonly scratch: string
  readonly keep: boolean
  readonly quietMs: number
  readonly graceMs: number
  readonly zombieMs: number
  readonly stderrBytesMax: number
  readonly node: string
}

/** Times as long, alone on the machine, before quiet is called wedged. */
export const confirmationFactor = 10

/** Fills in the defaults. */
export function resolveOptions(options: LiveOptions): ResolvedOptions {
  return {
    jobs: options.jobs ?? 1,
    scratch: options.scratch ?? defaultScratchParent(),
    keep: options.keep ?? false,
    quietMs: options.quietMs ?? 10_000,
    graceMs: options.graceMs ?? 5_000,
    zombieMs: options.zombieMs ?? 5_000,
    stderrBytesMax: options.stderrBytesMax ?? 64 * 1024 * 1024,
    node: options.node ?? process.execPath,
  }
}
