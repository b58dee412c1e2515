/**
 * Loads a module that holds what is to be tested, a journal backend or a whole system, and says everything that is wrong with it
 * at once.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { buildErrors, importBundled } from '../config.ts'
import { UsageError } from '../errors.ts'
import { UnfinishedImport } from '../guarded-import.ts'
import {
  allClaims,
  claimNames,
  claimMeanings,
  type BackendSystem,
  type Claim,
  type System,
} from '../system.ts'
import { describedMistakes } from '../system-members.ts'
import { backendSystem } from '../systems/reference.ts'
import { openLawBench } from './law-bench.ts'
import { tryBackend, type TriedBackend } from '../systems/reference/try-backend.ts'

/**
 * Loads a module. `path` is as it was given: it becomes the system's name, and part of every token.
 *
 * @throws UsageError `MODULE_INVALID` with everything that is wrong
 */
export async function loadModule(directory: string, path: string): Promise<System> {
  const file = resolve(directory, path)
  if (!existsSync(file)) throw invalid(path, [`there is no file ${file}`])
  const module = await load(path, file)
  const { default: exported } = module
  const isSystem = typeof exported === 'object' && exported !== null && 'program' in exported
  return isSystem && module['createBackend'] === undefined
    ? loadedSystem(path, exported as Partial<System>)
    : await loadedBackend(path, file, module)
}

/** Under the name of its module, so that a token finds it again. */
function loadedSystem(path: string, system: Partial<System>): System {
  const named = { ...system, name: path } as System
  const wrong = describedMistakes(named)
  if (wrong.length > 0) throw invalid(path, wrong)
  return named
}

async function loadedBackend(
  path: string,
  file: string,
  { createBackend, claims, takeoverMsMax }: Readonly<Record<string, unknown>>,
): Promise<BackendSystem> {
  const tried: TriedBackend =
    typeof createBackend === 'function'
      ? await inScratch((scratch) => tryBackend(createBackend, scratch))
      : {
          wrong: [
            `expected it to export a function createBackend, found ${typeof createBackend} (or a system, as its default export)`,
          ],
        }
  const wrong = [
    ...tried.wrong,
    ...claimMistakes(claims),
    ...(takeoverMsMax === undefined || typeof takeoverMsMax === 'number'
      ? []
      : [`takeoverMsMax: expected milliseconds, found ${JSON.stringify(takeoverMsMax)}`]),
  ]
  if (wrong.length > 0) throw invalid(path, wrong)
  const system = backendSystem({
    name: path,
    module: file,
    claims: (claims as readonly Claim[] | undefined) ?? claimsOf(tried),
    ...(takeoverMsMax === undefined ? {} : { takeoverMsMax: takeoverMsMax as number }),
  })
  return (await isSeen(system)) ? system : { ...system, unseenStore: true }
}

/** Whether `node:fs` is what it writes with, asked in a process of its own. */
async function isSeen(system: BackendSystem): Promise<boolean> {
  try {
    const { look, close } = await openLawBench(system, { isLong: false })
    close()
    return look.unseen === undefined
  } catch (error) {
    throw invalid(
      system.name,
      [`in a process of its own: ${error instanceof Error ? error.message : String(error)}`],
      error,
    )
  }
}

/** Everything that the runtime can give over a journal of this durability. */
function claimsOf({ durability }: TriedBackend): readonly Claim[] {
  if (durability === 'memory') return allClaims.filter((claim) => !durable.includes(claim))
  return durability === 'power' ? allClaims : allClaims.filter((claim) => claim !== 'power')
}

const durable: readonly Claim[] = ['power', 'process']

async function load(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await importBundled(file)
  } catch (error) {
    const cause = error instanceof UsageError ? error.cause : error
    throw invalid(path, whyNotLoaded(cause), error)
  }
}

function whyNotLoaded(error: unknown): readonly string[] {
  const errors = error instanceof UnfinishedImport ? [error.message] : buildErrors(error)
  if (errors.length === 1) return [`it cannot be loaded: ${errors[0]?.split('\n')[0]}`]
  return ['it cannot be loaded:', ...errors.map((each) => `  ${each}`)]
}

function claimMistakes(claims: unknown): readonly string[] {
  if (claims === undefined) return []
  if (!Array.isArray(claims)) return [`claims: expected a list, found ${typeof claims}`]
  return claims
    .filter((claim) => typeof claim !== 'string' || !Object.hasOwn(claimMeanings, claim))
    .map((claim) => `claim ${JSON.stringify(claim)} is unknown; known are ${claimNames.join(', ')}`)
}

async function inScratch<Result>(body: (scratch: string) => Promise<Result>): Promise<Result> {
  const scratch = await mkdtemp(join(tmpdir(), 'killpoint-module-'))
  try {
    return await body(scratch)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function invalid(path: string, wrong: readonly string[], cause?: unknown): UsageError {
  return new UsageError(
    'MODULE_INVALID',
    `${path} cannot be tested:\n${wrong.map((each) => `  ${each}`).join('\n')}`,
    {
      hint: 'export createBackend({ dir, identity, random, clock }), and claims where it does not claim everything',
      ...(cause === undefined ? {} : { cause }),
    },
  )
}
