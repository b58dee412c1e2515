/**
 * S13: when the run ends `done`, every unit that the model requires has happened, in the workload's partial order, unless it
 * was reported unknown, failed or cancelled. For a step that is its effect, for a timer its firing, for a wait the signal
 * that it consumed. A run that ends otherwise has no required steps: what it claims of single ones is S4's.
 */
import type { Located } from '../history.ts'
import type { Group, Unit } from '../model.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'

/** Effects that are missing, or came before what they had to wait for. */
export function checkEffectsHappened(view: CaseView): readonly Finding[] {
  const done = view.history.of('done').find(({ index }) => !view.isVoid(index))
  if (done?.status !== 'done') return []
  const excused = excusedUnits(view, done)
  const required = [...view.model.units.values()].filter(({ id }) => !excused.has(id))
  const first = firstSigns(view, done.index)
  return [...missing(view, done, required, first), ...outOfOrder(view, done, excused, first)]
}

function excusedUnits(view: CaseView, done: Located<'done'>): ReadonlySet<string> {
  const excused = new Set<string>()
  for (const { step, state } of view.history.of('observed')) if (state !== 'done') excused.add(step)
  for (const [step, value] of Object.entries(done.outcome))
    if (value === 'unknown' || value === 'failed' || value === 'cancelled') excused.add(step)
  return excused
}

/** Where each unit first happened. The successful attempt counts for a step that fails as declared. */
function firstSigns(view: CaseView, before: number): ReadonlyMap<string, number> {
  const { history, model } = view
  const signs = [
    ...history
      .of('effect')
      .filter(({ step, attempt }) => attempt > (model.units.get(step)?.fails ?? 0)),
    ...history.of('timer').filter(({ phase }) => phase === 'fired'),
    ...history.of('consumed'),
  ]
  const first = new Map<string, number>()
  for (const { step, index } of signs)
    if (index < before) first.set(step, Math.min(index, first.get(step) ?? index))
  return first
}

function missing(
  view: CaseView,
  done: Located<'done'>,
  required: readonly Unit[],
  first: ReadonlyMap<string, number>,
): readonly Finding[] {
  return required
    .filter(({ id, kind }) => !first.has(id) && isSeen(view, kind))
    .map(({ id, kind }) =>
      lost(`the run is done, and ${names[kind]} ${id} ${absences[kind]}`, done, id),
    )
}

const names: Readonly<Record<Unit['kind'], string>> = {
  step: 'step',
  call: 'tool call',
  command: 'command',
  poison: 'step',
  timer: 'timer',
  signal: 'wait',
}
const absences: Readonly<Record<Unit['kind'], string>> = {
  step: 'had no effect',
  call: 'had no effect',
  command: 'had no effect',
  poison: 'had no effect',
  timer: 'never fired',
  signal: 'consumed no signal',
}

/** Waits are looked for only where the system reports them. */
function isSeen(view: CaseView, kind: Unit['kind']): boolean {
  if (kind === 'timer') return view.claims('timer') && view.gives('timer')
  if (kind === 'signal') return view.claims('signal') && view.gives('consumed')
  return true
}

/** In an ordered group, nothing of a member happens before everything of the members in front of it has. */
function outOfOrder(
  view: CaseView,
  done: Located<'done'>,
  excused: ReadonlySet<string>,
  first: ReadonlyMap<string, number>,
): readonly Finding[] {
  const findings: Finding[] = []
  const walk = (task: Group | Unit): Span | undefined => {
    if (!('members' in task)) return spanOf(task, excused, first)
    let whole: Span | undefined
    for (const member of task.members) {
      const span = walk(member)
      if (span === undefined) continue
      if (task.isOrdered && whole !== undefined && span.earliest.index < whole.latest.index) {
        const what = `${span.earliest.id} happened before ${whole.latest.id}, which it had to wait for`
        findings.push(lost(what, { ...done, index: span.earliest.index }, whole.latest.id))
      }
      whole = whole === undefined ? span : join(whole, span)
    }
    return whole
  }
  walk(view.model.root)
  return findings
}

interface Sign {
  readonly id: string
  readonly index: number
}
interface Span {
  readonly earliest: Sign
  readonly latest: Sign
}

function spanOf(
  { id }: Unit,
  excused: ReadonlySet<string>,
  first: ReadonlyMap<string, number>,
): Span | undefined {
  const index = first.get(id)
  if (index === undefined || excused.has(id)) return undefined
  return { earliest: { id, index }, latest: { id, index } }
}

function join(left: Span, right: Span): Span {
  return {
    earliest: left.earliest.index <= right.earliest.index ? left.earliest : right.earliest,
    latest: left.latest.index >= right.latest.index ? left.latest : right.latest,
  }
}

function lost(
  what: string,
  { life, index }: { readonly life: number; readonly index: number },
  step: string,
): Finding {
  return { invariant: 'S13', verdict: 'LOST_EFFECT', what, life, index, step, details: [] }
}
