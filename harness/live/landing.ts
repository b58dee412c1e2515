/**
 * Finds the exact crash point of a kill that fell at a random time.
 *
 * The count file says which ops had begun and which were completed when the process died. Died between two ops: the point
 * is *after* the last one, because only ops change what survives. Died inside an op: it may have taken effect, not, or in
 * part, and what survived tells which. The candidates (before it, after it, and for an append its first n bytes) are run,
 * each to the same death, and the one that leaves the same files and marks is the point.
 */
import type { Position, Schedule } from '../fault.ts'
import { position } from '../fault.ts'
import type { Landed, LiveCase, RandomKill } from './case.ts'
import type { CaseContext, Started } from './case-context.ts'
import type { CaseDriver } from './case-driver.ts'
import { changedFiles, sameImage } from './image.ts'
import type { Image } from './image.ts'

/** Runs a case up to the end of a life of its schedule, and tells what is left then. */
export type StateAfter = (asked: LiveCase, life: number) => Promise<Image>

/** Where the shot of a case landed; `undefined` where there was none or it did not fall. */
export async function landing(
  { asked }: CaseContext,
  { shooting, shot, target }: CaseDriver,
  stateAfter: StateAfter,
): Promise<Landed | undefined> {
  const { randomKill } = asked
  if (randomKill === undefined || target === undefined) return undefined
  if (shooting === undefined) return fromOutside(asked, randomKill, target)
  if (shot === undefined) return undefined
  if (!(await shooting.fell)) return undefined
  const count = shooting.count()
  if (count === undefined) return undefined
  const found = await locate()
  return {
    life: shooting.life,
    schedule: withKill(asked.schedule, randomKill.life, found.at),
    precision: found.exact ? 'exact' : 'near',
  }

  async function locate(): Promise<{ readonly at: Position; readonly exact: boolean }> {
    const { begun, open } = count ?? { begun: 0, open: [] }
    const [op] = open
    if (op === undefined) return { at: position(begun, 'after'), exact: true }
    if (shooting?.atLastOp === true) return { at: position(op), exact: true }
    const before = await after(position(op), 0)
    if (isSame(before)) return { at: position(op), exact: true }
    const done = await after(position(op, 'after'), 1)
    if (isSame(done)) return { at: position(op, 'after'), exact: true }
    const bytes = appended(before, done)
    if (bytes === undefined) return { at: position(op), exact: false }
    const inside = position(op, { kind: 'inside', bytes })
    return { at: inside, exact: isSame(await after(inside, 2)) }
  }

  async function after(at: Position, candidate: number): Promise<Image> {
    const { life } = randomKill ?? { life: 1 }
    const { randomKill: _, ...rest } = asked
    return await stateAfter(
      {
        ...rest,
        id: `${asked.id}-at-${candidate}`,
        schedule: withKill(asked.schedule, life, at),
      },
      life,
    )
  }

  function isSame(image: Image): boolean {
    return shot !== undefined && sameImage(image, shot)
  }

  /** Bytes of the one file that was growing. */
  function appended(before: Image, done: Image): number | undefined {
    if (shot === undefined) return undefined
    const [path, ...more] = changedFiles(before, done)
    if (path === undefined || more.length > 0) return undefined
    const grown = (shot.files.get(path)?.bytes ?? 0) - (before.files.get(path)?.bytes ?? 0)
    return grown > 0 && (done.files.get(path)?.bytes ?? 0) > (shot.files.get(path)?.bytes ?? 0)
      ? grown
      : undefined
  }
}

/** Where no hook counts, the marks do: it died after the last one that is in the ledger, and nobody knows how far after. */
function fromOutside(
  { schedule }: LiveCase,
  { life }: RandomKill,
  { told, end, life: number }: Started,
): Landed | undefined {
  if (end?.signal !== 'SIGKILL') return undefined
  return {
    life: number,
    schedule: withKill(schedule, life, position(told.count, 'after')),
    precision: 'near',
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
