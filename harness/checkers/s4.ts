/**
 * S4: one step, one key, one argument hash; a result once observed never changes; the outcome is one that the history allows.
 */
import type { Located } from '../history.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { endWords, mayBeUnknown, outcomeMistakes } from './outcome.ts'

/** Steps, results and outcomes that differ from themselves or from what is allowed. */
export function checkConverges(view: CaseView): readonly Finding[] {
  return [
    ...identities(view),
    ...observations(view),
    ...outcomes(view),
    ...mixedRuns(view),
    ...controlled(view),
  ]
}

/** One key and one argument hash per step; a second key of a `keyed` step that ran again is S3's as well. */
function identities(view: CaseView): readonly Finding[] {
  const first = new Map<string, Located<'effect'>>()
  return view.history.of('effect').flatMap((effect) => {
    if (view.isVoidEffect(effect)) return []
    const known = first.get(effect.step)
    if (known === undefined) {
      first.set(effect.step, effect)
      return []
    }
    const { step } = effect
    const about = { ...effect, since: known.index }
    if (known.args !== effect.args)
      return [
        broken(`step ${step} ran with other arguments (${known.args}, then ${effect.args})`, about),
      ]
    if (view.claims('keyed') && known.key !== effect.key)
      return [broken(`step ${step} ran under two keys (${known.key}, then ${effect.key})`, about)]
    return []
  })
}

function observations(view: CaseView): readonly Finding[] {
  const first = new Map<string, Located<'observed'>>()
  return view.history.of('observed').flatMap((observed) => {
    if (view.isVoid(observed.index)) return []
    const { step, nonce, state } = observed
    const known = first.get(step)
    first.set(step, known ?? observed)
    if (known !== undefined && (known.state !== state || known.nonce !== nonce)) {
      const what = `step ${step} was observed as ${wordOf(known)}, and later as ${wordOf(observed)}`
      return [broken(what, { ...observed, since: known.index })]
    }
    if (known !== undefined) return []
    const mistake = observationMistake(view, observed)
    return mistake === undefined ? [] : [broken(mistake, observed)]
  })
}

function observationMistake(view: CaseView, observed: Located<'observed'>): string | undefined {
  const { step, nonce, state, index } = observed
  const unit = view.model.units.get(step)
  if (unit?.effect === undefined) return undefined
  if (state === 'unknown')
    return mayBeUnknown(view, unit, index)
      ? undefined
      : `step ${step} was reported unknown, and no interruption can have hidden its outcome`
  if (state !== 'done') return undefined
  const hasEffect = view
    .effectsOf(step)
    .some((effect) => effect.nonce === nonce && effect.index < index)
  return hasEffect
    ? undefined
    : `step ${step} was observed as ${nonce}, which none of its effects gave`
}

function wordOf({ state, nonce }: Located<'observed'>): string {
  return state === 'done' ? nonce : state
}

/** Each report of the end, against the model, against what was observed, and against the first report. */
function outcomes(view: CaseView): readonly Finding[] {
  const reports = view.history.of('done').filter(({ index }) => !view.isVoid(index))
  const [first] = reports
  if (first === undefined) return []
  const mistakes = [...outcomeMistakes(view, first), ...unlikeObserved(view, first)]
  return [
    ...mistakes.map((what) => broken(what, first)),
    ...reports
      .slice(1)
      .filter((report) => fingerprint(report) !== fingerprint(first))
      .map((report) =>
        broken('the run ended, and ended again otherwise', { ...report, since: first.index }, [
          `first ${fingerprint(first)}`,
          `then ${fingerprint(report)}`,
        ]),
      ),
  ]
}

function unlikeObserved(view: CaseView, done: Located<'done'>): readonly string[] {
  const seen = new Map<string, string>()
  for (const observed of view.history.of('observed'))
    if (!view.isVoid(observed.index) && !seen.has(observed.step))
      seen.set(observed.step, wordOf(observed))
  return Object.entries(done.outcome).flatMap(([step, value]) => {
    const observed = seen.get(step)
    if (observed === undefined || observed === value) return []
    return [`the outcome of step ${step} is ${value}, and it was observed as ${observed}`]
  })
}

function fingerprint({ status, code, outcome }: Located<'done'>): string {
  const members = Object.keys(outcome)
    .sort()
    .map((step) => `${step}=${outcome[step]}`)
  return [status, ...(code === undefined ? [] : [code]), ...members].join(' ')
}

/** A run that is resumed with another workload is refused: the life that does so begins nothing. */
function mixedRuns(view: CaseView): readonly Finding[] {
  const other = view.context.workload.otherTaskInLife
  if (other === undefined || !view.claims('mismatch') || view.isOthersRun) return []
  const effect = view.history.of('effect').find(({ life }) => life === other)
  const done = view.history.of('done').find(({ life }) => life === other)
  const mark = effect ?? done
  if (mark === undefined) return []
  const act = mark.mark === 'effect' ? `began step ${mark.step}` : 'reported an end'
  return [broken(`life ${other} resumed the run with another task and ${act}`, mark)]
}

/** Equal to the control, nonces apart, where the scenario says that it must be. */
function controlled(view: CaseView): readonly Finding[] {
  const { control, isDeterministic } = view.context
  if (isDeterministic !== true) return []
  const expected = control?.of('done')[0]
  const found = view.history.of('done').find(({ index }) => !view.isVoid(index))
  if (expected === undefined || found === undefined) return []
  if (shape(expected) === shape(found)) return []
  return [
    broken('the run ended otherwise than without a fault', found, [
      `without ${shape(expected)}`,
      `now ${shape(found)}`,
    ]),
  ]
}

function shape(done: Located<'done'>): string {
  const outcome = Object.fromEntries(
    Object.entries(done.outcome).map(([step, value]) => [
      step,
      endWords.has(value) ? value : 'done',
    ]),
  )
  return fingerprint({ ...done, outcome })
}

function broken(
  what: string,
  about: {
    readonly life: number
    readonly index: number
    readonly since?: number
    readonly step?: string
  },
  details: readonly string[] = [],
): Finding {
  const { life, index, since, step } = about
  return {
    invariant: 'S4',
    verdict: 'DIVERGED',
    what,
    life,
    index,
    ...(since === undefined ? {} : { since }),
    ...(step === undefined ? {} : { step }),
    details,
  }
}
