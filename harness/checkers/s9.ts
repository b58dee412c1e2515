/**
 * S9: each signal, approval and timer is consumed once, also with several resumers; a timer fires not before it is due, and
 * its due time does not slide.
 *
 * A result that is handed to the workload again in a later life is no second consumption: it names the same message, or the
 * same due time. That a timer fires in the *first* life that could fire it shows in its due time alone: nothing else in a
 * ledger says how long a life could have waited.
 */
import type { Located } from '../history.ts'
import { runLives } from '../history.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'

/** Signals and timers that were consumed twice, early or late. */
export function checkConsumedOnce(view: CaseView): readonly Finding[] {
  return [...signals(view), ...timers(view)]
}

function signals(view: CaseView): readonly Finding[] {
  if (!view.claims('signal')) return []
  const byMessage = new Map<string, Located<'consumed'>>()
  const byStep = new Map<string, Located<'consumed'>>()
  const byTenure = new Set<string>()
  return view.history.of('consumed').flatMap((consumed) => {
    if (view.isVoid(consumed.index)) return []
    const { step, name, message } = consumed
    const elsewhere = byMessage.get(message)
    const before = byStep.get(step)
    byMessage.set(message, elsewhere ?? consumed)
    byStep.set(step, before ?? consumed)
    if (elsewhere !== undefined && elsewhere.step !== step)
      return [
        again(
          `signal ${name} (${message}) was consumed by ${elsewhere.step} and by ${step}`,
          consumed,
          elsewhere,
        ),
      ]
    if (isRepeated(view, byTenure, consumed) && before !== undefined)
      return [again(`wait ${step} consumed ${message} twice in one life`, consumed, before)]
    if (before !== undefined && before.message !== message)
      return [
        again(`wait ${step} consumed ${before.message} and then ${message}`, consumed, before),
      ]
    return []
  })
}

function timers(view: CaseView): readonly Finding[] {
  if (!view.claims('timer')) return []
  const known = new Map<string, Located<'timer'>>()
  const byTenure = new Set<string>()
  return view.history.of('timer').flatMap((timer) => {
    if (view.isVoid(timer.index)) return []
    const { step, due } = timer
    const before = known.get(step)
    known.set(step, before ?? timer)
    if (timer.phase === 'fired' && isRepeated(view, byTenure, timer) && before !== undefined)
      return [again(`timer ${step} fired twice in one life`, timer, before)]
    if (before !== undefined && before.due !== due)
      return [again(`timer ${step} was due at ${before.due}, and later at ${due}`, timer, before)]
    const early = earliness(view, timer)
    return early === undefined ? [] : [again(early, timer)]
  })
}

/** True from the second time on that a step is handed its result under one owner. */
function isRepeated(
  view: CaseView,
  seen: Set<string>,
  { step, life, index }: { readonly step: string; readonly life: number; readonly index: number },
): boolean {
  const tenure = `${life} ${view.ownership.ownerAt(life, index).epoch} ${step}`
  const isSecond = seen.has(tenure)
  seen.add(tenure)
  return isSecond
}

function earliness(view: CaseView, timer: Located<'timer'>): string | undefined {
  const { step, due, at, phase, life, index } = timer
  const unit = view.model.units.get(step)
  const started = runLives(view.history).filter(({ startedIndex }) => startedIndex < index)
  // An earlier life may have fired it, at a time that only its own clock saw.
  if (phase === 'fired' && at < due && started.every((each) => each.life === life))
    return `timer ${step} fired at ${at}, and is due at ${due}`
  if (!view.claims('clock') || unit === undefined) return undefined
  const soonest = Math.min(...started.map(({ clockMs }) => clockMs)) + unit.afterMs
  return due < soonest
    ? `timer ${step} is due at ${due}, and cannot be before ${soonest}`
    : undefined
}

function again(
  what: string,
  { life, index, step }: { readonly life: number; readonly index: number; readonly step: string },
  before?: { readonly index: number },
): Finding {
  return {
    invariant: 'S9',
    verdict: 'REDONE',
    what,
    life,
    index,
    ...(before === undefined ? {} : { since: before.index }),
    step,
    details: [],
  }
}
