/** Says what the end of one process means for its case. */
import type { Fault } from '../fault.ts'
import type { Ending } from './case.ts'
import type { CaseContext } from './case-context.ts'
import { oddEnd } from './odd-end.ts'
import type { Shooting } from './shot.ts'
import type { TenureEnd } from './tenure.ts'
import { stoppedTrouble, TroubleError } from './trouble.ts'

/** What is known around the process. */
export interface AssessedAround {
  /** Whether it was the first of its case. */
  readonly first: boolean
  /** The shot at a random time that the case has, whomever it is aimed at. */
  readonly shooting: Shooting | undefined
}

/**
 * How the case ends by this; `undefined` where it goes on, and `gave-up` where it goes on without its faults, because a
 * recovery ended by itself before one.
 *
 * @throws TroubleError `stopped` where the harness was told to stop: then every end is of its own making
 */
export async function assess(
  context: CaseContext,
  end: TenureEnd,
  { first, shooting }: AssessedAround,
): Promise<Ending | 'gave-up' | undefined> {
  if (context.host.tracker.stopped) throw new TroubleError(stoppedTrouble)
  if (end.kind === 'left' || end.kind === 'at-barrier') return undefined
  const { facts } = end
  const missed = context.straced.get(facts.life)?.missed
  // Whatever else it died of: strace struck somewhere else than it was aimed.
  if (missed !== undefined && facts.unfired.length > 0 && facts.signal === 'SIGKILL')
    return notFired(facts.life, facts.unfired, missed)
  const aimed = shooting?.life === facts.life
  const shot = aimed && (await shooting.fell)
  const odd = oddEnd(context, facts, { first, shot, wedged: end.kind === 'wedged' })
  if (odd !== undefined) return { kind: 'trouble', trouble: odd }
  if (end.kind === 'wedged') return { kind: 'wedged', life: facts.life, quietMs: end.quietMs }
  if (aimed && !shot) return notFired(facts.life, [], 'the run ended before the shot')
  if (facts.unfired.length === 0) return undefined
  if (!first && facts.code !== 0) return 'gave-up'
  return notFired(facts.life, facts.unfired, missed ?? whyUnfired(facts.unfired))
}

/** A kill strikes at any op; a mark, or a sync that is to be a write, cannot fail. */
function whyUnfired(faults: readonly Fault[]): string {
  const ended = 'the life ended before it'
  return faults.every(({ kind }) => kind === 'kill')
    ? ended
    : `${ended}, or the op there cannot fail so`
}

/** The ending of a case that is none. */
export function notFired(life: number, faults: readonly Fault[], why: string): Ending {
  return { kind: 'not-fired', life, faults, why }
}

/** The error for a case that no live process can show. */
export function unsupported(message: string): TroubleError {
  return new TroubleError({
    kind: 'unsupported',
    message: `this case cannot run live: ${message}`,
    hint: 'take another fault, or killpoint explore, which builds what no live process can show',
  })
}
