/**
 * L3: on SIGTERM no new step begins, the run stays resumable, and the exit code is 0 only with `done`. What is in flight may
 * end (`slips.ts`); that the run goes on afterwards is L1's.
 */
import type { LifeHistory } from '../history.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { firstTooLate } from './slips.ts'
import type { Fired } from './void.ts'

/** Lives that did not stop in order. */
export function checkGraceful(view: CaseView): readonly Finding[] {
  return view.fired.flatMap((fired) => {
    const life = view.history.lives.get(fired.life)
    if (fired.fault.kind !== 'sigterm' || life === undefined) return []
    return [...newSteps(view, fired), ...badExit(view, fired, life), ...deaf(view, fired)]
  })
}

function newSteps(view: CaseView, { life, index }: Fired): readonly Finding[] {
  const own = view.history.of('effect').filter((effect) => effect.life === life)
  const late = firstTooLate(view, own, index)
  if (late === undefined) return []
  return [
    broken(`step ${late.step} begins after SIGTERM`, { life, index: late.index, since: index }),
  ]
}

function badExit(
  view: CaseView,
  { index }: Fired,
  { life, exit }: LifeHistory,
): readonly Finding[] {
  if (exit?.code !== 0) return []
  if (view.history.of('done').some((done) => done.index < exit.index)) return []
  return [
    broken(`life ${life} exited with 0 after SIGTERM, and the run is not done`, {
      life,
      index: exit.index,
      since: index,
    }),
  ]
}

function deaf(view: CaseView, { life, index }: Fired): readonly Finding[] {
  return view.history
    .of('wedged')
    .filter((mark) => mark.life === life && mark.confirmed && mark.index > index)
    .map((mark) =>
      broken(`life ${life} did not end after SIGTERM`, { life, index: mark.index, since: index }),
    )
}

function broken(
  what: string,
  place: { readonly life: number; readonly index: number; readonly since: number },
): Finding {
  return { invariant: 'L3', verdict: 'WEDGED', what, ...place, details: [] }
}
