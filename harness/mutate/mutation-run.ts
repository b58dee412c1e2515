/**
 * Runs mutants one after the other: each is planted into a bundle of its own, hunted, and taken away with its processes.
 */
import { HarnessError } from '../errors.ts'
import { openLive } from '../live/engine.ts'
import { TroubleError } from '../live/trouble.ts'
import type { System } from '../system.ts'
import { exploreMutant } from './explorer-hunt.ts'
import { hunt, type Hunted, type HuntOptions } from './hunt.ts'
import { engineOf, editsOf, mutate, plant, type Mutant } from './mutant.ts'
import type { MutantOutcome, MutantReport } from './outcome.ts'
import { packageRoot, sourceOf } from './sources.ts'

export interface MutationOptions extends HuntOptions {
  readonly mutants: readonly Mutant[]
  /** The system that they are planted in; a fresh description for each. */
  readonly system: () => System
  /** Cases that run at once. */
  readonly jobs: number
  /** Monotonic milliseconds, for the times that are printed. */
  readonly now: () => number
  readonly onMutant?: (report: MutantReport) => void
}

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
    const report = { mutant, outcome: await outcomeOf(mutant, options) }
    // A hunt that was broken off has not shown that the mutant gets through.
    if (report.outcome.kind !== 'caught' && options.isOver?.() === true) break
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
      const explored = await exploreMutant(mutant, planting.transform, options.system(), options)
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

/** What keeps one mutant from being planted says nothing about the others. */
function notPlanted(error: unknown): string | undefined {
  if (error instanceof HarnessError && error.code === 'MUTANT_DRIFT') return error.message
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
