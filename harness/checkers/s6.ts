/**
 * S6: damage is repaired (a torn tail) or refused loudly; it is never read as valid, nor taken for "nothing there".
 *
 * Seen from the ledger, damage was accepted where an open resolves after it with anything but the right image: after rot;
 * after a read or an open that failed under that very opener; or with a record that nobody appended, after a write was torn.
 */
import type { Fault } from '../fault.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import type { ImageProblem } from './images.ts'
import type { Redone } from './redone.ts'
import type { Fired } from './void.ts'
import { describeOpen } from './words.ts'

/** Damage that was read as if it were none. */
export function checkDamageRefused(view: CaseView): readonly Finding[] {
  return [...accepted(view), ...forgotten(view)]
}

function accepted(view: CaseView): readonly Finding[] {
  return view.images.flatMap((problem): readonly Finding[] => {
    const reason = reasonFor(view, problem)
    if (reason === undefined) return []
    const { open, hash, position } = problem
    return [
      {
        invariant: 'S6',
        verdict: 'CORRUPT_ACCEPTED',
        what: `${reason}, and life ${open.life} resolved with record ${position} ${states[problem.kind]}`,
        life: open.life,
        index: open.index,
        record: hash,
        details: [describeOpen(open)],
      },
    ]
  })
}

const states: Readonly<Record<ImageProblem['kind'], string>> = {
  lost: 'gone',
  undecided: 'gone',
  torn: 'gone',
  hole: 'gone',
  returned: 'back',
  reordered: 'out of order',
  repeated: 'twice',
  invented: 'that nobody appended',
}

function reasonFor(view: CaseView, problem: ImageProblem): string | undefined {
  const { open, kind } = problem
  const rotten = rotBefore(view, open.index)
  if (rotten !== undefined) return 'the media was damaged'
  const isGone = kind === 'lost' || kind === 'undecided'
  if (isGone && unreadable(view, open.life, open.index) !== undefined)
    return 'the journal could not be read'
  if (kind === 'invented' && view.fired.some((fired) => tears(fired, open.index)))
    return 'a write was torn'
  return undefined
}

/** Steps that were committed before the damage and ran again after it: the step level, for systems without record marks. */
function forgotten(view: CaseView): readonly Finding[] {
  return view.redone.flatMap((redone) => {
    const reason = reasonForStep(view, redone)
    if (reason === undefined) return []
    const { effect, commit } = redone
    return [
      {
        invariant: 'S6' as const,
        verdict: 'CORRUPT_ACCEPTED' as const,
        what: `${reason}, and step ${effect.step}, which was committed, runs again in life ${effect.life}`,
        life: effect.life,
        index: effect.index,
        ...(commit === undefined ? {} : { since: commit.index }),
        step: effect.step,
        details: [],
      },
    ]
  })
}

function reasonForStep(view: CaseView, { effect, commit }: Redone): string | undefined {
  if (commit === undefined || commit.life === effect.life) return undefined
  const rotten = rotBefore(view, effect.index)
  if (rotten !== undefined && rotten.index > commit.index) return 'the media was damaged'
  const opened = view.ownership.openOf(effect)?.index
  if (opened !== undefined && unreadable(view, effect.life, opened) !== undefined)
    return 'the journal could not be read'
  return undefined
}

function rotBefore(view: CaseView, index: number): Fired | undefined {
  return view.fired.find((fired) => fired.fault.kind === 'rot' && fired.index < index)
}

/** A failed read or open of this life, before it resolved. */
function unreadable(view: CaseView, life: number, before: number): Fired | undefined {
  return view.fired.find(
    (fired) =>
      fired.life === life &&
      fired.index < before &&
      (fired.fault.kind === 'read-error' || fired.fault.kind === 'storage-error'),
  )
}

function tears({ fault, index }: Fired, before: number): boolean {
  return index < before && isTear(fault)
}

/** True for faults that can leave a part of a write. */
function isTear(fault: Fault): boolean {
  switch (fault.kind) {
    case 'kill':
      return fault.at.phase.kind === 'inside' || fault.lost.length > 0
    case 'storage-error':
      return fault.at.phase.kind === 'inside'
    case 'power-loss':
    case 'short-write':
    case 'quota':
      return true
    default:
      return false
  }
}
