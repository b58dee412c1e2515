/**
 * S11: the spend that the ledger metered stays within every budget, for any number of crashes; the deadline never slides.
 */
import type { LifeHistory } from '../history.ts'
import { endOf, runLives } from '../history.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { budgets, isPaidBy, meter } from './spend.ts'
import { count } from './words.ts'

/** Budgets that were overdrawn, and steps that began after the deadline. */
export function checkSpend(view: CaseView): readonly Finding[] {
  return [
    ...(view.claims('budget') ? overdrawn(view) : []),
    ...(view.claims('deadline') ? overdue(view) : []),
  ]
}

function overdrawn(view: CaseView): readonly Finding[] {
  const metered = meter(view)
  return budgets(view).flatMap(({ child, limit }) => {
    let sum = 0
    for (const { effect, amount } of metered) {
      const unit = view.model.units.get(effect.step)
      if (unit === undefined || !isPaidBy(view, unit, child)) continue
      sum += amount
      if (sum > limit) {
        const lives = new Set(metered.map(({ effect: { life } }) => life)).size
        const what = `${sum} was spent of the ${limit} of ${child} by the effect of step ${effect.step}`
        return [broken(what, effect, [`over ${lives === 1 ? 'one life' : `${lives} lives`}`])]
      }
    }
    return []
  })
}

/**
 * The deadline counts from the run's begin. Which life made that durable is not seen; the first that acknowledged or did
 * anything is the latest that it can have been, and its whole length the latest moment.
 */
function overdue(view: CaseView): readonly Finding[] {
  const { deadlineMs } = view.context.workload
  if (deadlineMs === undefined) return []
  const { history } = view
  const signs = [
    ...history.of('ack').filter(({ index }) => !view.isVoid(index)),
    ...history.of('effect').filter((effect) => !view.isVoidEffect(effect)),
  ]
  const began = runLives(history).find(({ life }) => signs.some((sign) => sign.life === life))
  if (began === undefined) return []
  const mayHaveBegun = runLives(history).filter(
    ({ startedIndex }) => startedIndex <= began.startedIndex,
  )
  // Clocks may jump back between lives: the latest of them counts.
  const deadline = Math.max(...mayHaveBegun.map(latestMs)) + deadlineMs
  return runLives(history).flatMap((life) => {
    if (life.startedIndex < endOf(began) || life.clockMs <= deadline) return []
    const effect = history.of('effect').find((each) => each.life === life.life)
    if (effect === undefined) return []
    const what = `step ${effect.step} begins in life ${life.life}, ${count(life.clockMs - deadline, 'millisecond')} after the deadline`
    return [broken(what, effect, [`the deadline was at ${deadline} at the latest`])]
  })
}

/** The clock of a life at its end, at the latest; unknown where it was not seen to end. */
function latestMs({ clockMs, realMs, exit }: LifeHistory): number {
  return exit === undefined ? Number.POSITIVE_INFINITY : clockMs + (exit.realMs - realMs)
}

function broken(
  what: string,
  { life, index, step }: { readonly life: number; readonly index: number; readonly step: string },
  details: readonly string[],
): Finding {
  return { invariant: 'S11', verdict: 'OVERSPENT', what, life, index, step, details }
}
