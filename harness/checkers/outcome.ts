/**
 * Which outcomes a history allows: the model's half of S4.
 *
 * A run may end `done` with a result of each step's own effects; a `once` step whose outcome an interruption hid may be
 * unknown. It may end `cancelled` where a cancel was asked for, and `failed` where its budget, its deadline or its patience
 * with a poisonous step can have run out. Nothing else.
 */
import type { Fault } from '../fault.ts'
import type { Located } from '../history.ts'
import { endOf, runLives } from '../history.ts'
import type { Unit } from '../model.ts'
import { isBefore } from '../model.ts'
import type { CaseView } from './context.ts'
import { budgetMayBeSpent } from './spend.ts'

/** Words that stand in the place of a nonce. */
export const endWords: ReadonlySet<string> = new Set(['failed', 'unknown', 'cancelled'])

/** What is wrong with the outcome of a run, one clause each; empty where it is allowed. */
export function outcomeMistakes(view: CaseView, done: Located<'done'>): readonly string[] {
  return [...statusMistakes(view, done), ...stepMistakes(view, done)]
}

function statusMistakes(view: CaseView, done: Located<'done'>): readonly string[] {
  const won = view.history.of('cancel-acked').find((ack) => ack.won && !view.isVoid(ack.index))
  if (won !== undefined && done.status !== 'cancelled')
    return [`the run ended ${done.status} though its cancel had been acknowledged first`]
  switch (done.status) {
    case 'done':
      return []
    case 'cancelled':
      return cancelMistakes(view, done)
    case 'failed':
      return failureMistakes(view, done)
  }
}

function cancelMistakes(view: CaseView, done: Located<'done'>): readonly string[] {
  const asked = [...view.history.lives.values()].filter(
    ({ verb, startedIndex }) => verb === 'cancel' && startedIndex < done.index,
  )
  if (asked.length === 0) return ['the run ended cancelled, and nobody had asked for it']
  const acks = view.history.of('cancel-acked')
  const hasLost = asked.every(({ life }) => acks.some((ack) => ack.life === life && !ack.won))
  return hasLost
    ? ['the run ended cancelled though every cancel was told that it came too late']
    : []
}

function failureMistakes(view: CaseView, done: Located<'done'>): readonly string[] {
  const { deadlineMs } = view.context.workload
  const mayBeBroke = budgetMayBeSpent(view, done.index)
  const hasDeadline = deadlineMs !== undefined
  switch (done.code) {
    case 'BUDGET':
      return mayBeBroke ? [] : ['the run failed for its budget, which cannot have been spent']
    case 'DEADLINE':
      return hasDeadline ? [] : ['the run failed for its deadline, and it has none']
    case 'MAX_LIVES':
      return mayBeOutOfLives(view, done.index)
        ? []
        : ['the run failed for its number of lives, though they made progress']
    default:
      return mayBeBroke || hasDeadline
        ? []
        : [
            `the run failed${done.code === undefined ? '' : ` with ${done.code}`}, and nothing allows that`,
          ]
  }
}

/** Where the workload does not say how many lives a system bears, that is its own affair. */
function mayBeOutOfLives(view: CaseView, before: number): boolean {
  const { livesMax } = view.context.workload
  if (livesMax !== undefined) return livesSinceProgress(view, before) >= livesMax
  const isPoisoned = [...view.model.units.values()].some(({ kills }) => kills > 0)
  return isPoisoned || livesWithoutProgress(view, before)
}

/**
 * Lives that died after the last one that was seen to commit what it did itself; that one does not count. One that met a storage error could
 * not note that it ended: to its successors it died.
 */
function livesSinceProgress(view: CaseView, before: number): number {
  const progressed = view.history
    .of('observed')
    .filter(({ step, nonce, life, index }) => {
      const own = view.effectsOf(step).find((effect) => effect.nonce === nonce)
      return index < before && own?.life === life
    })
    .map(({ life }) => view.history.lives.get(life)?.startedIndex ?? -1)
  const last = Math.max(-1, ...progressed)
  return runLives(view.history).filter(
    (life) =>
      life.startedIndex > last &&
      endOf(life) < before &&
      (life.exit?.signal !== null || hasMetStorageError(view, life.life)),
  ).length
}

const storageErrors: readonly Fault['kind'][] = ['storage-error', 'read-error', 'quota']

function hasMetStorageError(view: CaseView, life: number): boolean {
  return view.fired.some((fired) => fired.life === life && storageErrors.includes(fired.fault.kind))
}

/** True where two lives in a row died before anything new was committed. */
function livesWithoutProgress(view: CaseView, before: number): boolean {
  const dead = runLives(view.history).filter((life) => endOf(life) < before)
  const acks = view.history.of('ack')
  const barren = dead.map(({ life }) => !acks.some((ack) => ack.life === life))
  return barren.some((isBarren, place) => isBarren && barren[place + 1] === true)
}

function stepMistakes(view: CaseView, done: Located<'done'>): readonly string[] {
  const mistakes: string[] = []
  for (const unit of view.model.units.values()) {
    const value = Object.hasOwn(done.outcome, unit.id) ? done.outcome[unit.id] : undefined
    const mistake = stepMistake(view, done, unit, value)
    if (mistake !== undefined) mistakes.push(mistake)
  }
  return mistakes
}

function stepMistake(
  view: CaseView,
  done: Located<'done'>,
  unit: Unit,
  value: string | undefined,
): string | undefined {
  // Waits have no nonce: what they gave is S9's and S13's.
  if (unit.effect === undefined) return undefined
  const { id } = unit
  if (value === undefined)
    return done.status === 'done' ? `the outcome does not name step ${id}` : undefined
  switch (value) {
    case 'unknown':
      return mayBeUnknown(view, unit, done.index)
        ? undefined
        : `step ${id} ended unknown, and no interruption can have hidden its outcome`
    case 'failed':
    case 'cancelled':
      return done.status === 'done' && !mayEndWith(view, value)
        ? `step ${id} ended ${value} in a run that is done`
        : undefined
    default:
      return resultMistake(view, done, unit, value)
  }
}

function mayEndWith(view: CaseView, word: 'failed' | 'cancelled'): boolean {
  if (word === 'cancelled')
    return [...view.history.lives.values()].some(({ verb }) => verb === 'cancel')
  const { budget, deadlineMs } = view.context.workload
  if (budget !== undefined || deadlineMs !== undefined) return true
  return [...view.model.children.values()].some((child) => child.budget !== undefined)
}

function resultMistake(
  view: CaseView,
  done: Located<'done'>,
  { id, fails }: Unit,
  nonce: string,
): string | undefined {
  const effect = view.effectsOf(id).find((each) => each.nonce === nonce && each.index < done.index)
  if (effect === undefined)
    return `the outcome of step ${id} is ${nonce}, which none of its effects gave`
  if (effect.attempt <= fails)
    return `the outcome of step ${id} is ${nonce}, the result of attempt ${effect.attempt}, which fails`
  return undefined
}

/**
 * True where a `once` step may have been under way when something interrupted it: a life that ended, an owner that was
 * replaced, an append that was refused, a fault. Everything that the workload orders before it must have been seen by then.
 */
export function mayBeUnknown(view: CaseView, unit: Unit, before: number): boolean {
  if (unit.effect !== 'once') return false
  const signs = [...view.history.of('effect'), ...view.history.of('observed')]
  const reached = [...view.model.units.values()]
    .filter((other) => isBefore(other, unit))
    .map(({ id }) => firstIndex(signs.filter(({ step }) => step === id)))
    .reduce((latest, index) => Math.max(latest, index), -1)
  if (interruptions(view).some((index) => index > reached && index < before)) return true
  // A life may take the run from another without saying so: any that was there may have been interrupted, or interrupted.
  const there = runLives(view.history).filter(
    (life) => life.startedIndex < before && endOf(life) > reached,
  )
  return !view.gives('resolved') && there.length > 1
}

/** The first place; -1 where there is none. */
function firstIndex(marks: readonly { readonly index: number }[]): number {
  return marks.length === 0 ? -1 : Math.min(...marks.map(({ index }) => index))
}

function interruptions(view: CaseView): readonly number[] {
  const { history } = view
  return [
    ...runLives(history).map(endOf),
    ...history.opens.slice(1).map(({ index }) => index),
    ...history.of('refused').map(({ index }) => index),
    ...view.fired.map(({ index }) => index),
  ]
}
