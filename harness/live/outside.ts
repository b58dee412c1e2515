/**
 * What other processes do to the run: the verbs `signal` and `cancel`, each a process of its own.
 *
 * An act falls due when the effect of the step that it names is in the ledger, or what became of the step (unknown, where a
 * kill came before its effect); where it names none, when the run has begun. The worker meanwhile goes on, as it would. An act
 * that the schedule places at an op is done there and not before, with the worker held. A sender whose act was not taken sends it again in the next life, as senders do, a few times.
 */
import type { OutsideAct } from '../workload.ts'
import type { ActFacts } from './case.ts'
import type { CaseContext, Started } from './case-context.ts'
import { attend } from './attend.ts'
import type { Meanwhile } from './attend.ts'
import { TroubleError } from './trouble.ts'

/** How often an act is tried, over all lives. */
export const attemptsMax = 3

/** Exit code of a verb that a system does not have: `EX_USAGE`. */
export const verbMissingCode = 64

interface Pending {
  readonly act: OutsideAct
  readonly index: number
  /** Placed at an op by the schedule. */
  readonly placed: boolean
  attempts: number
  /** The last entry of the schedule in which it was tried. */
  triedIn: number
}

export class OutsideActs {
  /** What was done, in order. */
  readonly facts: ActFacts[] = []
  readonly #context: CaseContext
  readonly #pending: Pending[]

  constructor(context: CaseContext) {
    this.#context = context
    const placed = new Set(
      context.asked.schedule
        .flat()
        .flatMap((fault) => (fault.kind === 'outside' ? [`${fault.verb} ${fault.nth}`] : [])),
    )
    this.#pending = (context.asked.workload.outside ?? []).map((act, index, acts) => ({
      act,
      index,
      placed: placed.has(`${act.kind} ${ordinal(acts, index)}`),
      attempts: 0,
      triedIn: 0,
    }))
  }

  /** Does what falls due while this process, of this entry of the schedule, runs. */
  during(started: Started, slot: number): Meanwhile {
    const open = (): readonly Pending[] =>
      this.#pending.filter((each) => !each.placed && each.triedIn < slot)
    return {
      isPending: () => open().length > 0,
      step: async () => {
        const due = open().find((each) => this.#isDue(each, started))
        if (due !== undefined) await this.#try(due, slot)
      },
    }
  }

  /** Does the `nth` act of this kind, now. False where the workload has no such act. */
  async place(verb: 'signal' | 'cancel', nth: number): Promise<boolean> {
    const acts = this.#context.asked.workload.outside ?? []
    const found = this.#pending.find(
      ({ act, index }) => act.kind === verb && ordinal(acts, index) === nth,
    )
    if (found === undefined) return false
    await this.#try(found, found.triedIn)
    return true
  }

  #isDue({ act }: Pending, started: Started): boolean {
    return act.after === undefined ? started.told.begun : this.#context.reached.has(act.after)
  }

  async #try(pending: Pending, slot: number): Promise<void> {
    pending.attempts += 1
    pending.triedIn = slot
    const facts = await runVerb(this.#context, pending)
    this.facts.push(facts)
    if (facts.code === verbMissingCode) throw new TroubleError(missing(this.#context, facts))
    if (facts.code === 0 || pending.attempts >= attemptsMax)
      this.#pending.splice(this.#pending.indexOf(pending), 1)
  }
}

async function runVerb(context: CaseContext, { act, index, attempts }: Pending): Promise<ActFacts> {
  const started = await context.start({
    verb: act.kind,
    seedPath: ['act', index, attempts],
    takeover: 'if-dead',
    lane: 'plain',
    faults: '',
    ...(act.kind === 'signal'
      ? { signal: JSON.stringify({ name: act.name, payload: act.payload }) }
      : {}),
  })
  const happened = await attend(context, started)
  if (happened.kind === 'wedged') context.putDown(started)
  return { ...(await context.finish(started)), verb: act.kind, act: index }
}

/** Which act of its kind it is, from 1. */
function ordinal(acts: readonly OutsideAct[], index: number): number {
  const kind = acts[index]?.kind
  return acts.slice(0, index + 1).filter((act) => act.kind === kind).length
}

function missing(
  context: CaseContext,
  { verb, life, stderr }: ActFacts,
): ConstructorParameters<typeof TroubleError>[0] {
  return {
    kind: 'unclaimed',
    message: `${context.host.system.name} claims ${verb}, and its verb ${verb} exits with ${verbMissingCode}: it has none`,
    hint: `give it the verb ${verb}, or take the claim away`,
    life,
    stderr,
  }
}
