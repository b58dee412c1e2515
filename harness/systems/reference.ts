/**
 * The reference runtime as a system: the worker over the file journal, or over a backend that somebody else wrote.
 */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allClaims, type BackendSystem, type Claim } from '../system.ts'

/** Everything: it is what the runtime is for. */
const fileClaims: readonly Claim[] = allClaims

/** The reference runtime over its own file journal. */
export function fileSystemUnderTest(): BackendSystem {
  return backendSystem({
    name: 'file',
    module: join(referenceSources, 'file-backend.ts'),
    claims: fileClaims,
  })
}

export interface BackendOptions {
  readonly name: string
  /** Path of a module that exports `createBackend` (`reference/backend.ts`). */
  readonly module: string
  readonly claims: readonly Claim[]
  readonly takeoverMsMax?: number
  readonly external?: readonly string[]
}

/** The reference runtime over any journal backend. */
export function backendSystem(options: BackendOptions): BackendSystem {
  const { name, module, claims, takeoverMsMax = 0, external } = options
  return {
    kind: 'backend',
    name,
    claims,
    takeoverMsMax,
    program: {
      kind: 'script',
      entry: join(referenceSources, 'worker.ts'),
      modules: { ...runtimeModules, 'killpoint:backend': resolve(module) },
      ...(external === undefined ? {} : { external }),
    },
  }
}

/** The same backend in a process that does what the laws say (`reference/law-worker.ts`), in place of a workload. */
export function lawWorker(system: BackendSystem): BackendSystem {
  return {
    ...system,
    program: { ...system.program, entry: join(referenceSources, 'law-worker.ts') },
  }
}

/** What a backend imports from the package is what the worker runs: there is one class per error. */
const runtimeModules = {
  'killpoint/runtime': runtimeSource('index.ts'),
  'killpoint/journal': runtimeSource('journal-entry.ts'),
}

function runtimeSource(name: string): string {
  return join(sourceDirectory(), '..', '..', '..', 'src', name)
}

/** The TypeScript sources ship with the package: sites in a report are lines that a person can open. */
export const referenceSources: string = sourceDirectory()

function sourceDirectory(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const beside = join(here, 'reference')
  if (existsSync(join(beside, 'worker.ts'))) return beside
  // From dist/harness/systems to harness/systems.
  return join(here, '..', '..', '..', 'harness', 'systems', 'reference')
}
