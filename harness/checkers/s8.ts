/**
 * S8: recovery decides once. An append that was not acknowledged may survive or not; the first open that resolves decides,
 * and no crash in a later recovery changes it. (Acknowledged records are S1's, writes of replaced owners S5's.)
 */
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import type { ImageProblem } from './images.ts'
import { describeOpen } from './words.ts'

/** Decisions that changed. */
export function checkDecidedOnce(view: CaseView): readonly Finding[] {
  return view.images.flatMap((problem): readonly Finding[] => {
    const what = describe(problem)
    if (what === undefined) return []
    const { open, hash } = problem
    return [
      {
        invariant: 'S8',
        verdict: 'DIVERGED',
        what,
        life: open.life,
        index: open.index,
        record: hash,
        details: [describeOpen(open)],
      },
    ]
  })
}

function describe(problem: ImageProblem): string | undefined {
  const { kind, position, open } = problem
  if (kind === 'undecided')
    return `record ${position} was found by life ${problem.base.life} and is gone in life ${open.life}`
  if (kind === 'returned' && !problem.isZombie)
    return `record ${position} was not there in life ${problem.base.life} and is back in life ${open.life}`
  return undefined
}
