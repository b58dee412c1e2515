/**
 * S10: the tree of children stays a tree.
 *
 *  T1  a child runs under its own parent, and is spawned before it settles done
 *  T2  a child settles once: the same way in every life that is told of it, and once in one life
 *  T3  a child that settled is never spawned again, and nothing below one that was cancelled or failed begins again
 *  T4  a child settles before its parent settles done
 *  T5  after an acknowledged cancel, and after the run's end, no step begins
 *
 * What may slip through a race stands in `slips.ts`; who had to know what, in `ownership.ts`.
 */
import type { Located } from '../history.ts'
import { isChildWithin } from '../model.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import type { Happened } from './ownership.ts'
import { firstTooLate } from './slips.ts'

/** Branches that are wrong, and branches that came back to life. */
export function checkTree(view: CaseView): readonly Finding[] {
  const spawns = view.history.of('spawn').filter(({ index }) => !view.isVoid(index))
  const settles = view.history.of('settle').filter(({ index }) => !view.isVoid(index))
  return [
    ...wrongParents(view, spawns),
    ...settledUnspawned(view, settles),
    ...settledTwice(view, settles),
    ...revived(view, spawns, settles),
    ...parentFirst(view, spawns),
    ...afterCancel(view),
    ...afterEnd(view, spawns),
  ]
}

type Spawn = Located<'spawn'>
type Settle = Located<'settle'>

function wrongParents(view: CaseView, spawns: readonly Spawn[]): readonly Finding[] {
  return spawns.flatMap((spawn) => {
    const parent = view.model.children.get(spawn.child)?.parent
    if (parent === undefined || parent === spawn.parent) return []
    return [
      broken(`child ${spawn.child} runs under ${spawn.parent}, and belongs to ${parent}`, spawn),
    ]
  })
}

function settledUnspawned(view: CaseView, settles: readonly Settle[]): readonly Finding[] {
  const spawns = view.history.of('spawn')
  return settles.flatMap((settle) => {
    const { child, status, index } = settle
    // One that was refused or cancelled at once never ran.
    if (status !== 'done') return []
    if (spawns.some((spawn) => spawn.child === child && spawn.index < index)) return []
    return [broken(`child ${child} settled, and was never spawned`, settle)]
  })
}

function settledTwice(view: CaseView, settles: readonly Settle[]): readonly Finding[] {
  return settles.flatMap((settle, place) => {
    const { child, status } = settle
    const others = settles.slice(0, place).filter((other) => other.child === child)
    const unlike = others.find((other) => other.status !== status)
    if (unlike !== undefined)
      return [broken(`child ${child} settled ${unlike.status}, and then ${status}`, settle, unlike)]
    const { epoch } = ownerOf(view, settle)
    const twice = others.find(
      (other) => other.life === settle.life && ownerOf(view, other).epoch === epoch,
    )
    return twice === undefined ? [] : [broken(`child ${child} settled twice`, settle, twice)]
  })
}

function revived(
  view: CaseView,
  spawns: readonly Spawn[],
  settles: readonly Settle[],
): readonly Finding[] {
  return settles.flatMap((settle) => {
    const { child, status } = settle
    const again = spawns.find((spawn) => spawn.child === child && hadToKnow(view, spawn, settle))
    if (again !== undefined)
      return [broken(`child ${child} settled ${status}, and was spawned again`, again, settle)]
    // Effects below one that is done are those of committed steps: S3's.
    if (status === 'done') return []
    const effect = effectBelow(view, settle)
    if (effect === undefined) return []
    return [
      broken(
        `child ${child} settled ${status}, and step ${effect.step} below it begins`,
        effect,
        settle,
      ),
    ]
  })
}

function effectBelow(view: CaseView, settle: Settle): Located<'effect'> | undefined {
  const below = view.history.of('effect').filter(({ step, index }) => {
    const unit = view.model.units.get(step)
    if (unit === undefined || index <= settle.index || view.isVoid(index)) return false
    return isChildWithin(view.model, unit.child, settle.child)
  })
  return (
    below.find((effect) => effect.life !== settle.life && hadToKnow(view, effect, settle)) ??
    firstTooLate(
      view,
      below.filter(({ life }) => life === settle.life),
      settle.index,
    )
  )
}

function parentFirst(view: CaseView, spawns: readonly Spawn[]): readonly Finding[] {
  const settles = view.history.of('settle')
  return settles.flatMap((settle) => {
    if (settle.status !== 'done' || view.isVoid(settle.index)) return []
    const open = spawns.find(
      ({ child, life, index }) =>
        life === settle.life &&
        index < settle.index &&
        child !== settle.child &&
        isChildWithin(view.model, child, settle.child) &&
        !settles.some((other) => other.child === child && other.index < settle.index),
    )
    if (open === undefined) return []
    return [
      broken(`child ${settle.child} settled before ${open.child}, which is below it`, settle, open),
    ]
  })
}

function afterCancel(view: CaseView): readonly Finding[] {
  const { history } = view
  const won = history
    .of('cancel-acked')
    .filter(({ won: isFirst, index }) => isFirst && !view.isVoid(index))
  return won.flatMap((ack) => {
    const late = beginsAfter(view, ack.index)
    if (late === undefined) return []
    return [broken(`step ${late.step} begins after the run's cancel was acknowledged`, late, ack)]
  })
}

function afterEnd(view: CaseView, spawns: readonly Spawn[]): readonly Finding[] {
  const done = view.history.of('done').find(({ index }) => !view.isVoid(index))
  if (done === undefined) return []
  const effect = beginsAfter(view, done.index, done)
  if (effect !== undefined)
    return [
      broken(`step ${effect.step} begins after the run has ended ${done.status}`, effect, done),
    ]
  const spawn = spawns.find((each) => hadToKnow(view, each, done))
  if (spawn === undefined) return []
  return [
    broken(`child ${spawn.child} is spawned after the run has ended ${done.status}`, spawn, done),
  ]
}

/**
 * The first effect after `index` that nothing excuses: in a life that started later, or one too many in a life that ran then.
 * `by`: only lives that had to know this are asked.
 */
function beginsAfter(
  view: CaseView,
  index: number,
  by?: { readonly life: number; readonly index: number },
): Located<'effect'> | undefined {
  const late = view.history.of('effect').filter((effect) => effect.index > index)
  for (const life of new Set(late.map((effect) => effect.life))) {
    const own = late.filter((effect) => effect.life === life)
    const start = view.history.lives.get(life)?.startedIndex ?? 0
    if (start > index) {
      const first = own.find((effect) => !view.isVoid(effect.index))
      if (first !== undefined) return first
    } else if (by === undefined || own.some((effect) => hadToKnow(view, effect, by))) {
      const tooMany = firstTooLate(view, own, index)
      if (tooMany !== undefined) return tooMany
    }
  }
  return undefined
}

interface Placed {
  readonly life: number
  readonly index: number
}

function ownerOf(view: CaseView, { life, index }: Placed): Happened {
  return { ...view.ownership.ownerAt(life, index), index }
}

function hadToKnow(view: CaseView, late: Placed, early: Placed): boolean {
  const owner = ownerOf(view, late)
  if (view.ownership.supersededBy(owner, late.index) !== undefined) return false
  return view.ownership.knows(owner, late.index, ownerOf(view, early))
}

function broken(what: string, { life, index }: Placed, since?: Placed): Finding {
  return {
    invariant: 'S10',
    verdict: 'BROKEN_TREE',
    what,
    life,
    index,
    ...(since === undefined ? {} : { since: since.index }),
    details: [],
  }
}
