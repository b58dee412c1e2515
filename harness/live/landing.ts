/**
 * Finds the exact crash point of a kill that fell at a random time.
 *
 * The count file says which ops had begun and which were completed when the process died. Died between two ops: the point
 * is *after* the last one, and nothing is left open, because only ops change what survives. Died inside an op: it may have
 * taken effect, not, or in part, and what survived tells which. The candidates (before it, after it, and for a write its
 * first n bytes) are run, each to the same death, and the one that leaves the same files and marks is the point.
 */
import type { Position, Schedule } from '../fault.ts'
import { position } from '../fault.ts'
import type { Ending, Landed } from './case.ts'
import type { CaseContext } from './case-context.ts'
import type { CaseDriver } from './case-driver.ts'

/** Where the shot of a case landed; `undefined` where there was none or it did not fall. */
export async function landing(
  context: CaseContext,
  driver: CaseDriver,
  ending: Ending,
): Promise<Landed | undefined> {
  const { shooting } = driver
  if (shooting === undefined || !(await shooting.fell)) return undefined
  void ending
  const count = shooting.count()
  if (count === undefined) return undefined
  const [open] = count.open
  const at = open === undefined ? position(count.begun, 'after') : position(open)
  return {
    life: shooting.life,
    schedule: withKill(context.asked.schedule, context.asked.randomKill?.life ?? 1, at),
    precision: open === undefined ? 'exact' : 'near',
  }
}

/** The schedule with a kill in a life that had no fault. */
export function withKill(schedule: Schedule, life: number, at: Position): Schedule {
  const lives = Array.from(
    { length: Math.max(schedule.length, life) },
    (_, index) => schedule[index] ?? [],
  )
  lives[life - 1] = [{ kind: 'kill', at, lost: [] }]
  return lives
}
