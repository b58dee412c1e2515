/** S1: every acked record survives, unchanged. */
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { describeOpen } from './words.ts'

/** Records that were acknowledged before a life started, and that its open did not find. */
export function checkAckedSurvive(view: CaseView): readonly Finding[] {
  return view.images.flatMap((problem): readonly Finding[] => {
    if (problem.kind !== 'lost' || problem.isConcurrent) return []
    const { open, hash, position, append, ackIndex } = problem
    return [
      {
        invariant: 'S1',
        verdict: 'LOST_COMMIT',
        what: `record ${position} was acked in life ${append.life} and is gone`,
        life: open.life,
        index: open.index,
        since: ackIndex,
        record: hash,
        details: [describeOpen(open)],
      },
    ]
  })
}
