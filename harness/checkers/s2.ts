/** S2: what survives is a prefix per run; nothing is invented; un-acked batches are whole or absent. */
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import type { ImageProblem } from './images.ts'
import { describeOpen } from './words.ts'

/** Images that no order of committed appends explains. */
export function checkPrefix(view: CaseView): readonly Finding[] {
  return view.images.flatMap((problem): readonly Finding[] => {
    const what = describe(problem)
    if (what === undefined) return []
    const { open, hash } = problem
    return [
      {
        invariant: 'S2',
        verdict: 'PHANTOM',
        what,
        life: open.life,
        index: open.index,
        record: hash,
        details: [describeOpen(open)],
      },
    ]
  })
}

/** Losses are S1's, what an open decided is S8's and S5's. */
function describe(problem: ImageProblem): string | undefined {
  const record = `record ${problem.position}`
  switch (problem.kind) {
    case 'invented':
      return `${record} was never appended`
    case 'repeated':
      return `${record} is there twice`
    case 'reordered':
      return `${record} is behind records that were appended after it`
    case 'torn':
      return `${record} is missing, and other records of its batch are there`
    case 'hole':
      return `${record} is missing, and records that were appended after it are there`
    case 'lost':
    case 'undecided':
    case 'returned':
      return undefined
  }
}
