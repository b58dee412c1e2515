/**
 * Runs mutants one after the other: each is planted into a bundle of its own, hunted, and taken away with its processes.
 */
import { HarnessError } from '../errors.ts'
import type { SourceTransform } from '../live/bundle.ts'
import { openLive } from '../live/engine.ts'
import { TroubleError } from '../live/trouble.ts'
import type { System } from '../system.ts'
import { countMutant } from './cost-hunt.ts'
import { exploreMutant } from './explorer-hunt.ts'
import { hunt, type Hunted, type HuntOptions } from './hunt.ts'
import { engineOf, editsOf, mutate, plant, type Mutant } from './mutant.ts'
import { huntByKills } from './kill-hunt.ts'
import type { KillsOutcome, MutantOutcome, MutantReport } from './outcome.ts'
import { packageRoot, sourceOf } from './sources.ts'

export interface MutationOptions extends HuntOptions {
  readonly mutants: readonly Mutant[]
  /** The system that they are planted in; a fresh description for each. */
  readonly system: () => System
  /** Cases that run at once. */
  readonly jobs: number
  /** Monotonic milliseconds, for the times that are printed. */
  readonly now: () => number
  /** Kills that each mutant which takes more than kills is given besides; default 0. */
  readonly kills?: number
  /** Throws where the sources have changed since the run began. */
  readonly assertSame?: () => void
  readonly onMutant?: (report: MutantReport) => void
}

const oneMutantOnly: ReadonlySet<string> = new Set(['MUTANT_DRIFT', 'LIVE_TROUBLE'])

/**
 * Silence after which a life is watched alone for ten times as long, in milliseconds: some mutants hang, and every one of
 * those waits is waited out.
 */
const quietMs = 1_500

/** Hunts each mutant: with real processes, or over the disk model where no process that dies shows it. */
export async function runMutants(options: MutationOptions): Promise<readonly MutantReport[]> {
  const reports: MutantReport[] = []
  for (const mutant of options.mutants) {
    if (options.isOver?.() === true) break
    const outcome = await outcomeOf(mutant, options)
    // A hunt that was broken off has not shown that the mutant gets through.
    if (outcome.kind !== 'caught' && options.isOver?.() === true) break
    const kills = await killsOf(mutant, outcome, options)
    if (kills !== undefined && options.isOver?.() === true) break
    const report = { mutant, outcome, ...(kills === undefined ? {} : { kills }) }
    options.assertSame?.()
    options.onMutant?.(report)
    reports.push(report)
  }
  return reports
}

async function outcomeOf(mutant: Mutant, options: MutationOptions): Promise<MutantOutcome> {
  const root = packageRoot()
  const began = options.now()
  const planting = plant(mutant, root)
  try {
    for (const edit of editsOf(mutant)) mutate(mutant, edit, sourceOf(mutant, edit, root))
    if (engineOf(mutant) === 'explorer') {
      const explored = await huntOffline(mutant, planting.transform, options)
      if (!planting.wasApplied()) throw notBundled(mutant)
      if (explored.whyNot !== undefined) return { kind: 'skipped', why: explored.whyNot }
      return judged(explored, options.now() - began)
    }
    const engine = await openLive(options.system(), {
      jobs: options.jobs,
      quietMs,
      transform: planting.transform,
    })
    try {
      if (!planting.wasApplied()) throw notBundled(mutant)
      return judged(await hunt(engine, mutant, options), options.now() - began)
    } finally {
      await engine.close()
    }
  } catch (error) {
    const why = notPlanted(error)
    if (why === undefined) throw error
    return { kind: 'broken', why, ms: options.now() - began }
  }
}

function huntOffline(
  mutant: Mutant,
  transform: SourceTransform,
  options: MutationOptions,
): Promise<Hunted & { readonly whyNot?: string }> {
  const hunts = mutant.verdicts.includes('COST') ? countMutant : exploreMutant
  return hunts(mutant, transform, options.system(), options)
}

/** What kills alone make of a mutant that was hunted over the disk model. */
async function killsOf(
  mutant: Mutant,
  { kind }: MutantOutcome,
  options: MutationOptions,
): Promise<KillsOutcome | undefined> {
  const { kills = 0 } = options
  if (kills === 0 || engineOf(mutant) === 'live' || kind === 'broken' || kind === 'skipped')
    return undefined
  const { transform } = plant(mutant, packageRoot())
  const asked = { ...options, cases: kills, quietMs }
  const { found, cases } = await huntByKills(mutant, transform, options.system, asked)
  return { cases, ...(found === undefined ? {} : { found }) }
}

/** What keeps one mutant from being planted, or its shard from answering, says nothing about the others. */
function notPlanted(error: unknown): string | undefined {
  if (error instanceof HarnessError && oneMutantOnly.has(error.code)) return error.message
  return error instanceof TroubleError && error.trouble.kind === 'bundle'
    ? error.trouble.message
    : undefined
}

function judged({ found, cases, brokenControls }: Hunted, ms: number): MutantOutcome {
  if (found !== undefined)
    return found.isOwn
      ? { kind: 'caught', by: found, ms }
      : { kind: 'caught-otherwise', by: found, cases, ms }
  const [first] = brokenControls
  if (cases === 0 && first !== undefined) return { kind: 'broken', why: first, ms }
  return { kind: 'survived', cases, ms, notes: brokenControls }
}

function notBundled({ id, file }: Mutant): HarnessError {
  return new HarnessError('MUTANT_DRIFT', `mutant ${id}: ${file} is in no worker's bundle`, {
    hint: 'plant the bug into code that the worker of the reference runtime reaches',
    details: { mutant: id, file, count: 0 },
  })
}
