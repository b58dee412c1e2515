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
import type { CountedOps, Landed, LiveCase, RandomKill } from './case.ts'
import type { CaseContext, Started } from './case-context.ts'
import type { CaseDriver } from './case-driver.ts'
import { changedFiles, sameImage } from './image.ts'
import type { Image } from './image.ts'
import { shotAt } from './shot.ts'

/** Runs a case up to the end of a life of its schedule, and tells what is left then. */
export type StateAfter = (asked: LiveCase, life: number) => Promise<Image>

/** A crash point, and whether a kill there is known to leave the same. */
export interface Located {
  readonly at: Position
  readonly exact: boolean
}

/** Where the shot of a case landed; `undefined` where there was none or it did not fall. */
export async function landing(
  { asked, host }: CaseContext,
  { shooting, shot, target }: CaseDriver,
  stateAfter: StateAfter,
): Promise<Landed | undefined> {
  const { randomKill, ...rest } = asked
  if (randomKill === undefined || target === undefined) return undefined
  if (host.command.strace !== undefined) return exactly(asked, randomKill, target)
  if (shooting === undefined) return fromOutside(asked, randomKill, target)
  const count = shooting.count()
  if (shot === undefined || count === undefined || !(await shooting.fell)) return undefined
  const { life } = randomKill
  let candidates = 0
  const found = await locate(count, shooting.atLastOp, shot, async (at) => {
    const id = `${asked.id}-at-${(candidates += 1)}`
    return await stateAfter({ ...rest, id, schedule: withKill(asked.schedule, life, at) }, life)
  })
  return {
    life: shooting.life,
    schedule: withKill(asked.schedule, life, found.at),
    precision: found.exact ? 'exact' : 'near',
  }
}

/** Finds the point whose kill leaves what the shot left; `after` tells what a kill at a point leaves. */
export async function locate(
  { begun, open }: CountedOps,
  heldBefore: boolean,
  shot: Image,
  after: (at: Position) => Promise<Image>,
): Promise<Located> {
  const [op, ...more] = open
  if (op === undefined) return { at: position(begun, 'after'), exact: true }
  // It was held before this op, and died there.
  if (heldBefore) return { at: position(op), exact: true }
  // In native order several are under way at once: no single point leaves what they left.
  if (more.length > 0) return { at: position(op), exact: false }
  const before = await after(position(op))
  if (sameImage(before, shot)) return { at: position(op), exact: true }
  const done = await after(position(op, 'after'))
  if (sameImage(done, shot)) return { at: position(op, 'after'), exact: true }
  const bytes = appended(before, shot, done)
  if (bytes === undefined) return { at: position(op), exact: false }
  const inside = position(op, { kind: 'inside', bytes })
  return { at: inside, exact: sameImage(await after(inside), shot) }
}

/** Bytes by which the one file grew that the op makes grow further. */
function appended(before: Image, shot: Image, done: Image): number | undefined {
  const [path, ...more] = changedFiles(before, done)
  if (path === undefined || more.length > 0) return undefined
  const [from, to, end] = [before, shot, done].map(({ files }) => files.get(path)?.bytes ?? 0)
  if (from === undefined || to === undefined || end === undefined) return undefined
  return from < to && to < end ? to - from : undefined
}

/** Where no hook counts, a kill follows a mark as fast as it can, and nobody knows how far behind it falls: nor the next time. */
function fromOutside(
  asked: LiveCase,
  kill: RandomKill,
  { end, life: number }: Started,
): Landed | undefined {
  if (end?.signal !== 'SIGKILL') return undefined
  return {
    life: number,
    schedule: withKill(asked.schedule, kill.life, position(shotAt(asked, kill), 'after')),
    precision: 'near',
  }
}

/** Under strace the kill was aimed at an op, and its proof is in the ledger. */
function exactly(asked: LiveCase, kill: RandomKill, { told, life }: Started): Landed | undefined {
  const [fault] = told.faults
  if (fault === undefined) return undefined
  const at = position(shotAt(asked, kill))
  return { life, schedule: withKill(asked.schedule, kill.life, at), precision: 'exact' }
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
