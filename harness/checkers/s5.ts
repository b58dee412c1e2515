/**
 * S5: an owner that was replaced changes nothing.
 *
 *  Z1  what an owner acknowledged is in the image of every open of a later epoch, in whatever order the lines came
 *  Z2  a record that a later open did not find stays away
 *  Z3  two lives that are alive at once do not own one epoch
 *  Z4  after a later epoch resolved, the old owner commits nothing that it began: it neither observes the result nor begins
 *      what comes after it
 *  Z5  what the old owner shows to be committed after a later epoch resolved was in that epoch's image, so its owner does not
 *      run it
 *  Z6  a `once` effect that begins after a later epoch resolved, and that a later owner runs too, began under an intent that
 *      the later image lacks; where it holds all that the old owner appended, it is the later owner that knew and ran it (S3)
 *
 * A single effect of a replaced owner proves nothing: it may have been stopped right before it.
 */
import type { Located, Open } from '../history.ts'
import { isBefore } from '../model.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { isSame } from './ownership.ts'
import { describeOpen, describeOwner } from './words.ts'

/** What replaced owners did. */
export function checkFenced(view: CaseView): readonly Finding[] {
  return [...records(view), ...sharedEpochs(view), ...zombieSteps(view), ...hiddenCommits(view)]
}

/** Z1 and Z2, by records. */
function records(view: CaseView): readonly Finding[] {
  return view.images.flatMap((problem): readonly Finding[] => {
    const { open, hash, position } = problem
    const place = { life: open.life, index: open.index, record: hash }
    const details = [describeOpen(open)]
    if (problem.kind === 'lost' && problem.isConcurrent) {
      const what = `record ${position} was acked to ${describeOwner(problem.append)} and is not in the image of epoch ${open.epoch}`
      return [broken({ what, ...place, since: problem.ackIndex, details })]
    }
    if (problem.kind === 'returned' && problem.isZombie) {
      const what = `record ${position} was appended by ${describeOwner(problem.append)} after epoch ${problem.base.epoch} had resolved, and is visible`
      return [broken({ what, ...place, since: problem.append.index, details })]
    }
    return []
  })
}

/** Z3. */
function sharedEpochs(view: CaseView): readonly Finding[] {
  const { opens } = view.history
  return opens.flatMap((open, place) => {
    const other = opens
      .slice(0, place)
      .find(({ life, epoch }) => epoch === open.epoch && view.ownership.overlap(life, open.life))
    if (other === undefined) return []
    const what = `lives ${other.life} and ${open.life} both own epoch ${open.epoch}`
    return [broken({ what, life: open.life, index: open.index, since: other.index, details: [] })]
  })
}

/** Z4 and Z6: effects that began under a replaced owner, and what came of them. */
function zombieSteps(view: CaseView): readonly Finding[] {
  const effects = view.history.of('effect').filter((effect) => !view.isVoidEffect(effect))
  return effects.flatMap((effect) => {
    const open = view.ownership.supersededBy(effect, effect.index)
    if (open === undefined) return []
    const committed = commitOf(view, effect, effects)
    if (committed !== undefined) return [progress(effect, open, committed)]
    const other = view.ownership.isInImage(effect, open)
      ? undefined
      : laterRun(view, effect, effects)
    return other === undefined ? [] : [secondRun(effect, open, other)]
  })
}

interface Shown {
  readonly index: number
  readonly how: string
}

/** What shows that a replaced owner committed what it began. */
function commitOf(
  view: CaseView,
  effect: Located<'effect'>,
  effects: readonly Located<'effect'>[],
): Shown | undefined {
  const observed = view.history
    .of('observed')
    .find(
      ({ step, nonce, index, life }) =>
        step === effect.step &&
        nonce === effect.nonce &&
        life === effect.life &&
        index > effect.index,
    )
  if (observed !== undefined) return { index: observed.index, how: 'observed its result' }
  const unit = view.model.units.get(effect.step)
  const next = effects.find((each) => {
    const after = view.model.units.get(each.step)
    if (each.index <= effect.index || !isSame(each, effect)) return false
    return unit !== undefined && after !== undefined && isBefore(unit, after)
  })
  return next === undefined ? undefined : { index: next.index, how: `began ${next.step}` }
}

function progress(effect: Located<'effect'>, open: Open, shown: Shown): Finding {
  return broken({
    what: `${describeOwner(effect)} began step ${effect.step} after epoch ${open.epoch} had resolved, and ${shown.how}`,
    life: effect.life,
    index: shown.index,
    since: open.index,
    step: effect.step,
    details: [`${describeOwner(open)} owned the run`],
  })
}

function laterRun(
  view: CaseView,
  effect: Located<'effect'>,
  effects: readonly Located<'effect'>[],
): Located<'effect'> | undefined {
  if (view.model.units.get(effect.step)?.effect !== 'once' || !view.claims('once')) return undefined
  return effects.find(
    ({ step, attempt, epoch }) =>
      step === effect.step && attempt === effect.attempt && epoch > effect.epoch,
  )
}

function secondRun(effect: Located<'effect'>, open: Open, other: Located<'effect'>): Finding {
  return broken({
    what: `the effect of step ${effect.step}, which must run once, began under ${describeOwner(effect)} after epoch ${open.epoch} had resolved, and ran under ${describeOwner(other)} too`,
    life: effect.life,
    index: Math.max(effect.index, other.index),
    since: open.index,
    step: effect.step,
    details: [`the intent of ${describeOwner(effect)} is not in the image of epoch ${open.epoch}`],
  })
}

/** Z5. */
function hiddenCommits(view: CaseView): readonly Finding[] {
  return view.history.of('effect').flatMap((effect) => {
    if (view.isVoidEffect(effect)) return []
    const open = view.history.opens.find((each) => isSame(each, effect))
    if (open === undefined) return []
    const commit = view.commits
      .get(effect.step)
      ?.find(({ epoch, index }) => epoch < effect.epoch && index > open.index)
    if (commit === undefined) return []
    return [
      broken({
        what: `${describeOwner(commit)} had committed step ${effect.step}, and ${describeOwner(effect)}, which resolved before that was seen, runs it`,
        life: effect.life,
        index: Math.max(effect.index, commit.index),
        since: open.index,
        step: effect.step,
        details: [],
      }),
    ]
  })
}

function broken(parts: Omit<Finding, 'invariant' | 'verdict'>): Finding {
  return { invariant: 'S5', verdict: 'ZOMBIE_WRITE', ...parts }
}
