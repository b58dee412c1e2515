/** Gets processes ready in which a backend works for the laws, and looks at it in one of them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LawProgram } from '../conformance/process/law-process.ts'
import { lookAt, lookBelow } from '../conformance/process/place.ts'
import type { Ability } from '../conformance/law-subject.ts'
import type { Look } from '../conformance/process/messages.ts'
import { baseEnvironment } from '../live/environment.ts'
import { resolveOptions } from '../live/options.ts'
import { makeScratch, removeTree } from '../live/scratch.ts'
import { nativeLibrary, startCommand } from '../live/start-command.ts'
import { onStop } from '../live/stop.ts'
import type { BackendSystem } from '../system.ts'
import { lawWorker } from '../systems/reference.ts'

/** What a bench has. */
export interface LawBench {
  readonly program: LawProgram
  readonly look: Look
  /** Directory for the places. */
  readonly scratch: string
  /** Removes everything. */
  readonly close: () => void
}

/** How it is opened. */
export interface LawBenchOptions {
  /** Parent of its directory; default in memory. */
  readonly scratch?: string
  /** True where many processes will be started. */
  readonly isLong: boolean
}

/**
 * Bundles the backend, starts a process over it and looks.
 *
 * @throws TroubleError `bundle`, `spawn`, `scratch-full`; what the backend threw while it was looked at
 */
export async function openLawBench(
  system: BackendSystem,
  { scratch: parent, isLong }: LawBenchOptions,
): Promise<LawBench> {
  const options = { hooks: false, codeCache: isLong }
  const resolved = resolveOptions(parent === undefined ? {} : { scratch: parent })
  const directory = makeScratch(resolved.scratch)
  const forget = onStop(() => removeTree(directory))
  const close = (): void => {
    forget()
    removeTree(directory)
  }
  try {
    const [bundle, scratch] = [join(directory, 'bundle'), join(directory, 'places')]
    for (const path of [bundle, scratch]) mkdirSync(path)
    const command = await startCommand(lawWorker(system), options, resolved, bundle)
    const program: LawProgram = {
      file: command.file,
      arguments: command.arguments,
      environment: { ...baseEnvironment(system), TMPDIR: scratch },
      name: system.name,
      durability: 'memory',
      abilities: new Set(),
    }
    const look = await lookAt(program, scratch)
    const { durability, abilities } = look
    const seen = { ...program, durability, abilities: new Set(abilities) }
    return {
      program: isLong && look.unseen !== undefined ? await watchedBelow(seen, scratch) : seen,
      look,
      scratch,
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** The same under the native hooks, where they see what the backend syncs. */
async function watchedBelow(program: LawProgram, scratch: string): Promise<LawProgram> {
  const native = await nativeLibrary()
  if (native === undefined) return program
  const watched = { ...program, native }
  if (!(await lookBelow(watched, scratch))) return program
  return { ...watched, abilities: new Set<Ability>([...program.abilities, 'syncs']) }
}
