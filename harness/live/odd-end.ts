/**
 * Tells an end that says something about the system from one that only the harness, the host or the adapter can have caused.
 *
 * One ladder, first match wins. What is not on it is a fact for the checkers: a recovery that exits with 1, a wedge after
 * work had begun, a crash on an image that a fault left.
 */
import { killsProcess } from '../fault.ts'
import type { Task } from '../workload.ts'
import type { LifeFacts } from './case.ts'
import type { CaseContext } from './case-context.ts'
import type { Trouble } from './trouble.ts'

/** What is known around the life. */
export interface EndContext {
  /** Whether it was the first of its case: it found nothing that an earlier one could have left. */
  readonly first: boolean
  readonly wedged: boolean
  /** Whether the harness shot it at a random time. */
  readonly shot: boolean
}

/** Trouble in how a life ended, if any. */
export function oddEnd(
  context: CaseContext,
  facts: LifeFacts,
  around: EndContext,
): Trouble | undefined {
  const { life, stderr } = facts
  const { options, system } = context.host
  const about = { life, ...(stderr === '' ? {} : { stderr }) }
  if (facts.stderrBytes > options.stderrBytesMax)
    return {
      kind: 'flooded',
      message: `life ${life} wrote more than ${options.stderrBytesMax} bytes to stderr and was ended`,
      hint: 'make the worker quieter',
      ...about,
    }
  const untouched = around.first && !facts.marked && facts.fired.length === 0 && !around.shot
  if (untouched && around.wedged)
    return {
      kind: 'hung-at-start',
      message: `${system.name} did nothing at all: no op and no mark for ${options.quietMs} ms, and again for ten times as long, alone`,
      hint: 'start the worker by hand with the same environment; raise --quiet if it only needs longer',
      ...about,
    }
  if (untouched)
    return {
      kind: 'not-started',
      message: `${system.name} ended with ${endText(facts)} before its first mark`,
      hint: 'start the worker by hand; a package that must be loaded from disk as it is goes into `external` of the system',
      ...about,
    }
  if (isUninjectedDeath(context, facts, around))
    return {
      kind: 'died',
      message: `life ${life} was ended by ${facts.signal ?? ''}, which nobody injected`,
      hint: 'look for what kills processes on this host (memory limits, a watchdog), or for a crash of the worker itself',
      ...about,
    }
  if (
    around.first &&
    facts.unfired.length > 0 &&
    facts.code !== 0 &&
    facts.code !== null &&
    facts.fired.length === 0
  )
    return {
      kind: 'died',
      message: `life ${life} ended by itself with ${endText(facts)} before anything was injected`,
      hint: 'run the case without a fault first: the worker fails by itself',
      ...about,
    }
  if (facts.leftGroup && facts.code === 0 && context.host.command.hasHelper !== true)
    return {
      kind: 'left-children',
      message: `life ${life} exited with 0 and left processes running; they were killed`,
      hint: 'wait for children before exiting: what they do after the end belongs to no life',
      ...about,
    }
  return undefined
}

function isUninjectedDeath(
  { asked }: CaseContext,
  facts: LifeFacts,
  { first, shot }: EndContext,
): boolean {
  const { signal } = facts
  if (signal === null || facts.putDown || shot) return false
  const fired = new Set(facts.fired.map(({ kind }) => kind))
  if (signal === 'SIGKILL')
    return (
      !facts.fired.some(killsProcess) && !fired.has('heap') && !holdsPoison(asked.workload.root)
    )
  if (signal === 'SIGTERM') return !fired.has('sigterm')
  // A crash of its own is the system's business once it runs on what a fault left.
  return first && fired.size === 0
}

function holdsPoison(task: Task): boolean {
  switch (task.kind) {
    case 'poison':
      return true
    case 'sequence':
    case 'parallel':
      return task.of.some(holdsPoison)
    case 'loop':
      return task.iterations.some(holdsPoison)
    case 'child':
      return holdsPoison(task.of)
    default:
      return false
  }
}

function endText({ code, signal }: LifeFacts): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : signal
}
