/**
 * What must be so before anything is judged. Breaking it says something about the harness, the adapter or the case, never
 * about the system: `broken` makes a harness error, `vacuous` an inconclusive case.
 */
import { faultNeeds } from '../claims.ts'
import { stringifyFault } from '../fault-text.ts'
import type { History, Located } from '../history.ts'
import type { Mark } from '../mark.ts'
import { rootChild } from '../model.ts'
import type { Workload } from '../workload.ts'
import type { CheckContext, Judged } from './context.ts'
import { CaseView } from './context.ts'
import { hasEnded } from './l1.ts'
import { outcomeMistakes } from './outcome.ts'
import { count } from './words.ts'

/** What does not hold, one sentence each. */
export interface Assumptions {
  readonly broken: readonly string[]
  readonly vacuous: readonly string[]
}

/** Checks the case itself. */
export function checkAssumptions(view: CaseView): Assumptions {
  return {
    broken: [
      ...view.history.problems,
      ...strangeNames(view),
      ...wrongEffects(view),
      ...repeatedNonces(view),
      ...unplannedFaults(view),
    ],
    vacuous: [
      ...unfiredFaults(view),
      ...unclaimedFaults(view),
      ...dearAttempts(view),
      ...badControl(view),
    ],
  }
}

const unitMarks = ['effect', 'observed', 'timer', 'consumed', 'reserve', 'spend'] as const

/** Marks about units, children and batches that the workload does not have. */
function strangeNames({ history, model }: CaseView): readonly string[] {
  const strange = new Set<string>()
  const look = (mark: Mark['mark'], name: string, isKnown: boolean): void => {
    if (!isKnown) strange.add(`a ${mark} mark names ${name}, which the workload does not have`)
  }
  for (const name of unitMarks)
    for (const { step } of history.of(name)) look(name, step, model.units.has(step))
  for (const { step } of history.of('model-request'))
    look('model-request', step, model.batches.has(step))
  for (const { child, parent } of history.of('spawn')) {
    look('spawn', child, model.children.has(child))
    look('spawn', parent, parent === rootChild || model.children.has(parent))
  }
  for (const { child } of history.of('settle')) look('settle', child, model.children.has(child))
  for (const { outcome } of history.of('done'))
    for (const step of Object.keys(outcome)) look('done', step, model.units.has(step))
  return [...strange]
}

function wrongEffects({ history, model }: CaseView): readonly string[] {
  const wrong = new Set<string>()
  for (const { step, effect } of history.of('effect')) {
    const unit = model.units.get(step)
    if (unit !== undefined && unit.effect !== effect)
      wrong.add(
        `an effect mark of ${step} says ${effect}; the workload says ${unit.effect ?? 'that it has none'}`,
      )
  }
  return [...wrong]
}

function repeatedNonces({ history }: CaseView): readonly string[] {
  const seen = new Set<string>()
  return history.of('effect').flatMap(({ nonce }) => {
    if (seen.has(nonce)) return [`two effects have the nonce ${nonce}`]
    seen.add(nonce)
    return []
  })
}

function unplannedFaults({ context, fired }: CaseView): readonly string[] {
  const planned = new Set(context.schedule.flat().map(stringifyFault))
  return fired
    .map(({ fault }) => stringifyFault(fault))
    .filter((text) => !planned.has(text))
    .map((text) => `the fault ${text} fired, and is not in the schedule`)
}

/** Every fault of the schedule has a line of its own that proves that it fired. */
function unfiredFaults({ context, fired }: CaseView): readonly string[] {
  const lines = fired.map(({ fault }) => stringifyFault(fault))
  return context.schedule.flat().flatMap((fault) => {
    const text = stringifyFault(fault)
    const place = lines.indexOf(text)
    if (place < 0) return [`the fault ${text} did not fire`]
    lines.splice(place, 1)
    return []
  })
}

function unclaimedFaults(view: CaseView): readonly string[] {
  return view.context.schedule.flat().flatMap((fault) => {
    const missing = (faultNeeds[fault.kind] ?? []).filter((claim) => !view.claims(claim))
    if (missing.length === 0) return []
    return [
      `the fault ${stringifyFault(fault)} presupposes ${missing.join(', ')}, which the system does not claim`,
    ]
  })
}

/** Budgets are promised only where an attempt costs at most what it reserved. */
function dearAttempts({ history, model }: CaseView): readonly string[] {
  const dear = history
    .of('spend')
    .find(({ step, amount }) => amount > (model.units.get(step)?.cost ?? Number.POSITIVE_INFINITY))
  return dear === undefined
    ? []
    : [`an attempt of ${dear.step} spent ${dear.amount}, more than it may cost`]
}

// One control stands for many thousand crash states.
const controls = new WeakMap<
  History,
  { readonly workload: Workload; readonly system: Judged; readonly mistakes: readonly string[] }
>()

/** The case without a fault ended, as the model allows. */
function badControl({ context }: CaseView): readonly string[] {
  const { control, workload, system } = context
  if (control === undefined) return []
  const known = controls.get(control)
  if (known?.workload === workload && known.system === system) return known.mistakes
  const mistakes = controlMistakes(context, control)
  controls.set(control, { workload, system, mistakes })
  return mistakes
}

function controlMistakes(context: CheckContext, control: History): readonly string[] {
  const { control: _, ...rest } = context
  const view = new CaseView({ ...rest, history: control, schedule: [] })
  if (control.problems.length > 0)
    return [`the control has ${count(control.problems.length, 'problem')}: ${control.problems[0]}`]
  if (!hasEnded(view)) return ['the control, the case without a fault, did not end']
  const done: Located<'done'> | undefined = control.of('done')[0]
  const mistakes = done === undefined ? [] : outcomeMistakes(view, done)
  return mistakes.map((mistake) => `the control ended otherwise than the model allows: ${mistake}`)
}
