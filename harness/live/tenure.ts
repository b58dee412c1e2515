/**
 * One process's tenure of the run, from its start to its end or to the hold that makes it a zombie.
 *
 * What the hooks do inside happens by itself; at each hold the process stands still while the harness acts, and then goes on
 * (`plan.ts`). A fault counts as fired when the hooks' line is in the ledger *and* what it must lead to was seen: the kill's
 * signal, the stop, the verb's exit.
 */
import { killsProcess, type Fault } from '../fault.ts'
import { stringifyFault } from '../fault-text.ts'
import { attend } from './attend.ts'
import type { Happened, Meanwhile } from './attend.ts'
import type { LifeFacts, ProcessFacts } from './case.ts'
import type { CaseContext, Started } from './case-context.ts'
import type { OutsideActs } from './outside.ts'
import type { Hold, LifePlan } from './plan.ts'
import { signalProcess } from './process-state.ts'
import type { Shooting } from './shot.ts'
import type { TimedRecovery } from './timed-recovery.ts'

/** What a tenure needs to know of the case. */
export interface Tenure {
  readonly context: CaseContext
  readonly acts: OutsideActs
  readonly started: Started
  readonly slot: number
  readonly takeover: 'if-dead' | 'always'
  /** The faults of this process. */
  readonly plan: LifePlan
  /** What happens beside it. */
  readonly meanwhile: readonly Meanwhile[]
  /** Holds that it has not come to. */
  readonly ahead: Hold[]
  /** Faults at whose hold the harness has acted. */
  readonly acted: Fault[]
  /** Lets the zombie of the life before go on, and waits for it. */
  readonly wakeZombie: () => Promise<void>
  /** Runs another worker of the run to its end. */
  readonly runRival: () => Promise<void>
  /** The shot at this process, if there is one. */
  readonly shooting?: Shooting
  /** Where it is timed. */
  readonly recovery?: TimedRecovery | undefined
  /** Milliseconds until it is put down; from SIGTERM on. */
  withinMs: number
}

/** How it came out. */
export type TenureEnd =
  | { readonly kind: 'ended'; readonly facts: LifeFacts }
  /** It stands still, and its successor may come. */
  | { readonly kind: 'left'; readonly hold: Hold }
  /** It stands still where its fellows will. */
  | { readonly kind: 'at-barrier'; readonly hold: Hold }
  | { readonly kind: 'wedged'; readonly facts: LifeFacts; readonly quietMs: number }

/** Lets a tenure run until it ends, is left, or waits for others. */
export async function run(tenure: Tenure): Promise<TenureEnd> {
  const { context, started, ahead, meanwhile } = tenure
  for (;;) {
    const happened = await attend(context, started, {
      holds: ahead,
      meanwhile,
      withinMs: tenure.withinMs,
    })
    if (happened.kind !== 'held') return await end(tenure, happened)
    const { hold } = happened
    ahead.splice(ahead.indexOf(hold), 1)
    if (hold.act.kind === 'aim') {
      tenure.shooting?.release()
      continue
    }
    context.ledger.append({ mark: 'stopped', life: started.life })
    if (hold.act.kind === 'leave') return { kind: 'left', hold }
    if (hold.act.kind === 'barrier') return { kind: 'at-barrier', hold }
    if ((await act(tenure, hold)) && hold.fault !== undefined) tenure.acted.push(hold.fault)
    context.letGo(started)
  }
}

/** What is known of the process when it is over. */
export async function conclude(tenure: Tenure): Promise<LifeFacts> {
  const { context, started, slot, takeover } = tenure
  const facts = await context.finish(started)
  const { count, done } = started.told
  const faults = [...tenure.plan.inside, ...tenure.plan.holds.flatMap(({ fault }) => fault ?? [])]
  const fired = faults.filter((fault) => isProven(tenure, fault, facts))
  const unfired = faults.filter((fault) => !fired.includes(fault))
  const recovery = tenure.recovery?.found
  return {
    ...facts,
    verb: 'run',
    slot,
    takeover,
    fired,
    unfired,
    marked: count > 0,
    done,
    ...(recovery === undefined ? {} : { recovery }),
  }
}

/** Does what a hold is for. False where it could not be done. */
async function act(tenure: Tenure, hold: Hold): Promise<boolean> {
  const { context, acts, started } = tenure
  switch (hold.act.kind) {
    case 'terminate':
      tenure.withinMs = context.host.options.graceMs
      signalProcess(started.pid, 'SIGTERM')
      return true
    case 'act':
      return await acts.place(hold.act.verb, hold.act.nth)
    case 'kill-service': {
      const service = [...context.services.values()][hold.act.nth - 1]
      await service?.kill()
      await service?.restart()
      return service !== undefined
    }
    case 'wake-zombie':
      await tenure.wakeZombie()
      return true
    case 'rival':
      await tenure.runRival()
      return true
    case 'await-shot':
      tenure.shooting?.reachedEnd()
      await tenure.shooting?.fell
      return true
    case 'aim':
    case 'leave':
    case 'barrier':
      return true
  }
}

async function end(
  tenure: Tenure,
  happened: Exclude<Happened, { kind: 'held' }>,
): Promise<TenureEnd> {
  const { context, started } = tenure
  if (happened.kind === 'wedged') {
    const { quietMs } = happened
    context.ledger.append({ mark: 'wedged', life: started.life, quietMs, confirmed: true })
  }
  if (happened.kind !== 'ended') context.putDown(started)
  const facts = await conclude(tenure)
  if (happened.kind !== 'wedged') return { kind: 'ended', facts }
  return { kind: 'wedged', facts, quietMs: happened.quietMs }
}

function isProven(tenure: Tenure, fault: Fault, facts: ProcessFacts): boolean {
  const { plan, started, acted } = tenure
  const text = stringifyFault(fault)
  if (!started.told.faults.some((told) => told.text === text)) return false
  if (plan.holds.some((hold) => hold.fault === fault)) return acted.includes(fault)
  if (!('at' in fault) || !killsProcess(fault) || !endsLeader(fault.at.stream)) return true
  return facts.signal === 'SIGKILL' && !facts.putDown
}

/** Whether a kill in this stream ends the process that leads the life: its threads do, its children do not. */
function endsLeader(stream: string): boolean {
  return stream === '1' || stream.startsWith('1.0.')
}
