/**
 * L1: once faults stop, the run ends within the stated number of lives. A life that hangs and is confirmed to hang is
 * *wedged*; a run that was given fewer lives than it may take has shown nothing, which `check.ts` says.
 */
import type { LifeHistory } from '../history.ts'
import { endOf, runLives } from '../history.ts'
import { livesPoisoned } from '../model.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { count } from './words.ts'

/** Runs that did not end though they had every chance, and lives that hung. */
export function checkEnds(view: CaseView): readonly Finding[] {
  return [...hung(view), ...endless(view)]
}

function hung(view: CaseView): readonly Finding[] {
  return view.history
    .of('wedged')
    .filter(({ confirmed, life }) => confirmed && !wasTerminated(view, life))
    .map(({ life, index, quietMs }) =>
      broken(`life ${life} did nothing for ${quietMs} ms, alone on the machine`, { life, index }),
    )
}

function wasRefused(view: CaseView, { life }: LifeHistory): boolean {
  return view.history.of('refused').some((refused) => refused.life === life)
}

/** A life that ignores SIGTERM is L3's. */
function wasTerminated(view: CaseView, life: number): boolean {
  return view.fired.some((fired) => fired.life === life && fired.fault.kind === 'sigterm')
}

function endless(view: CaseView): readonly Finding[] {
  if (hasEnded(view) || view.isOthersRun) return []
  const lives = calmLives(view)
  const last = lives.at(-1)
  if (last === undefined || lives.length < livesAllowed(view)) return []
  const nobodyOwned = view.gives('resolved') && !lives.some((life) => ownedRun(view, life))
  // Who found an owner did not get the chance: how long that may go on is L2's, or promised by nobody.
  if (nobodyOwned && (view.claims('takeover') || lives.some((life) => wasRefused(view, life))))
    return []
  const index = last.exit?.index ?? last.lastIndex
  const what = hasReportedEnd(view)
    ? 'the run had ended, and was not found so'
    : nobodyOwned
      ? 'nobody could open the run'
      : 'the run did not end'
  return [
    broken(`${what} in ${count(lives.length, 'life').replace('lifes', 'lives')} without a fault`, {
      life: last.life,
      index,
    }),
  ]
}

/** True where the run reported its end, and again after the last fault if it was given its lives there: what ended stays so. */
export function hasEnded(view: CaseView): boolean {
  if (!hasReportedEnd(view)) return false
  const lives = calmLives(view)
  return (
    lives.length < livesAllowed(view) ||
    view.history.of('done').some((done) => lives.some(({ life }) => life === done.life))
  )
}

function hasReportedEnd(view: CaseView): boolean {
  return view.history.of('done').some(({ index }) => !view.isVoid(index))
}

/** Run lives that started after the last fault, except one that resumed with another task, and those that found an owner alive. */
export function calmLives(view: CaseView): readonly LifeHistory[] {
  const lastFault = view.fired.at(-1)?.index ?? -1
  const { otherTaskInLife } = view.context.workload
  return runLives(view.history).filter(
    ({ startedIndex, life }) =>
      startedIndex > lastFault &&
      life !== otherTaskInLife &&
      !wasRival(view, { startedIndex, life }),
  )
}

/** True for a life that the harness started beside a held owner, to see it refused. */
export function wasRival(
  view: CaseView,
  { life, startedIndex }: Pick<LifeHistory, 'life' | 'startedIndex'>,
): boolean {
  return view.fired.some(
    ({ fault, index, life: owner }) =>
      fault.kind === 'rival' &&
      owner !== life &&
      index < startedIndex &&
      continuedAfter(view, owner, index) > startedIndex,
  )
}

function continuedAfter(view: CaseView, life: number, index: number): number {
  const continued = view.history
    .of('continued')
    .find((mark) => mark.life === life && mark.index > index)
  return continued?.index ?? endOf(view.history.lives.get(life))
}

/** How many lives without a fault the run may take: the scenario's word, and those that its own poison kills. */
export function livesAllowed(view: CaseView): number {
  return view.context.livesMax + livesPoisoned(view.model)
}

/** True where the life was seen to own the run. */
export function ownedRun(view: CaseView, { life }: LifeHistory): boolean {
  return view.history.opens.some((open) => open.life === life)
}

function broken(
  what: string,
  { life, index }: { readonly life: number; readonly index: number },
): Finding {
  return { invariant: 'L1', verdict: 'WEDGED', what, life, index, details: [] }
}
