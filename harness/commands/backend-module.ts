/** Loads a module that holds a journal backend, and says everything that is wrong with it at once. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { buildErrors, importBundled } from '../config.ts'
import { UsageError } from '../errors.ts'
import { allClaims, claimMeanings, type BackendSystem, type Claim } from '../system.ts'
import { backendSystem } from '../systems/reference.ts'
import { tryBackend, type TriedBackend } from '../systems/reference/try-backend.ts'

/**
 * Loads a backend's module. `path` is as it was given: it becomes the system's name, and part of every token.
 *
 * @throws UsageError `MODULE_INVALID` with everything that is wrong
 */
export async function loadBackendModule(directory: string, path: string): Promise<BackendSystem> {
  const file = resolve(directory, path)
  if (!existsSync(file)) throw invalid(path, [`there is no file ${file}`])
  const { createBackend, claims, takeoverMsMax } = await load(path, file)
  const tried: TriedBackend =
    typeof createBackend === 'function'
      ? await inScratch((scratch) => tryBackend(createBackend, scratch))
      : { wrong: [`expected it to export a function createBackend, found ${typeof createBackend}`] }
  const wrong = [
    ...tried.wrong,
    ...claimMistakes(claims),
    ...(takeoverMsMax === undefined || typeof takeoverMsMax === 'number'
      ? []
      : [`takeoverMsMax: expected milliseconds, found ${JSON.stringify(takeoverMsMax)}`]),
  ]
  if (wrong.length > 0) throw invalid(path, wrong)
  return backendSystem({
    name: path,
    module: file,
    claims: (claims as readonly Claim[] | undefined) ?? claimsOf(tried),
    ...(takeoverMsMax === undefined ? {} : { takeoverMsMax: takeoverMsMax as number }),
  })
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
  const errors = buildErrors(error)
  if (errors.length === 1) return [`it cannot be loaded: ${errors[0]?.split('\n')[0]}`]
  return ['it cannot be loaded:', ...errors.map((each) => `  ${each}`)]
}

function claimMistakes(claims: unknown): readonly string[] {
  if (claims === undefined) return []
  if (!Array.isArray(claims)) return [`claims: expected a list, found ${typeof claims}`]
  return claims
    .filter((claim) => typeof claim !== 'string' || !Object.hasOwn(claimMeanings, claim))
    .map((claim) => `claim ${JSON.stringify(claim)} is unknown; known are ${allClaims.join(', ')}`)
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
