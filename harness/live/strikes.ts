/**
 * Faults for processes that have no hooks inside: executables in any language.
 *
 * From outside only one door can be seen, the marks. So the ops of such a process are its marks, and a fault strikes *after*
 * one of them: as soon as the harness sees it in the ledger, it kills or stops the process, which meanwhile goes on. That is
 * as near as it gets: the same schedule may strike a little further on the next time. Exact is only the start: a process that
 * is to be held before its first op is started behind a gate, a shell that stops itself and then becomes the program.
 */
import type { HookFault } from '../hooks/fault.ts'
import type { Meanwhile } from './attend.ts'
import type { CaseContext, Started } from './case-context.ts'
import { processState, signalProcess } from './process-state.ts'

/** Why a fault cannot strike from outside; `undefined` where it can. */
export function whyNotFromOutside({ at, act }: HookFault): string | undefined {
  if (at.kind !== 'op' || at.stream !== '1' || (act.kind !== 'kill' && act.kind !== 'stop'))
    return 'without hooks inside, a process can only be killed or stopped'
  if (act.phase === 'after' || isGate({ at, act })) return undefined
  return 'without hooks inside, a fault strikes after a mark, not before it'
}

/** Whether a fault holds the process before its first op. */
export function isGate({ at, act }: Pick<HookFault, 'at' | 'act'>): boolean {
  return at.kind === 'op' && at.n === 1 && act.kind === 'stop' && act.phase === 'before'
}

/** The command that stops itself before it becomes the given one. */
export function gated(
  file: string,
  args: readonly string[],
): { readonly file: string; readonly arguments: readonly string[] } {
  return { file: '/bin/sh', arguments: ['-c', 'kill -STOP $$; exec "$0" "$@"', file, ...args] }
}

/** Lets faults strike a process while it runs, each once, in the order of their marks. */
export function strike(
  context: CaseContext,
  started: Started,
  faults: readonly HookFault[],
): Meanwhile {
  const pending = [...faults].sort((left, right) => pointOf(left) - pointOf(right))
  return {
    isPending: () => pending.length > 0,
    isUrgent: true,
    step: () => {
      const [next] = pending
      if (next !== undefined && isDue(started, next)) {
        pending.shift()
        land(context, started, next)
      }
      return Promise.resolve()
    },
  }
}

function isDue(started: Started, fault: HookFault): boolean {
  if (isGate(fault)) return processState(started.pid) === 'stopped'
  return started.told.count >= pointOf(fault)
}

/** The proof first, as the hooks do it. */
function land(context: CaseContext, { life, pid }: Started, fault: HookFault): void {
  const op = pointOf(fault)
  context.ledger.append({ mark: 'fault', life, fault: fault.text, stream: '1', op })
  if (fault.act.kind === 'kill') signalProcess(pid, 'SIGKILL')
  else signalProcess(pid, 'SIGSTOP')
}

function pointOf({ at }: HookFault): number {
  return at.kind === 'op' ? at.n : 0
}
