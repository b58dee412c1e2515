/**
 * S7: after a storage error nothing is acknowledged that is not durable.
 *
 * A loss is a false ack where a storage error had hit the same life before it acknowledged: by records, or, for systems without
 * record marks, by steps that it showed to be committed and that ran again. A read error, a short write and an interrupted
 * call are no storage errors: nothing was lost by them.
 */
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import type { Fired } from './void.ts'
import { describeCommit, describeOpen } from './words.ts'

/** Acks after a storage error that were worth nothing. */
export function checkNoFalseAck(view: CaseView): readonly Finding[] {
  return [...records(view), ...steps(view)]
}

function records(view: CaseView): readonly Finding[] {
  return view.images.flatMap((problem): readonly Finding[] => {
    if (problem.kind !== 'lost' || problem.isConcurrent) return []
    const { open, append, ackIndex, hash, position } = problem
    const error = errorBefore(view, append.life, ackIndex)
    if (error === undefined) return []
    return [
      {
        invariant: 'S7',
        verdict: 'FALSE_ACK',
        what: `record ${position} was acked in life ${append.life} after a storage error, and is gone`,
        life: open.life,
        index: open.index,
        since: ackIndex,
        record: hash,
        details: [describeOpen(open)],
      },
    ]
  })
}

function steps(view: CaseView): readonly Finding[] {
  return view.redone.flatMap(({ effect, commit }): readonly Finding[] => {
    if (commit === undefined || commit.life === effect.life) return []
    if (errorBefore(view, commit.life, commit.index) === undefined) return []
    return [
      {
        invariant: 'S7',
        verdict: 'FALSE_ACK',
        what: `step ${effect.step} was shown to be committed after a storage error, and runs again in life ${effect.life}`,
        life: effect.life,
        index: effect.index,
        since: commit.index,
        step: effect.step,
        details: [describeCommit(commit)],
      },
    ]
  })
}

function errorBefore(view: CaseView, life: number, before: number): Fired | undefined {
  return view.fired.find(
    (fired) => fired.life === life && fired.index < before && isStorageError(fired),
  )
}

function isStorageError({ fault }: Fired): boolean {
  if (fault.kind === 'quota') return true
  return fault.kind === 'storage-error' && fault.errno !== 'EINTR' && fault.errno !== 'EAGAIN'
}
