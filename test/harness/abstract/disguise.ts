/** Cases of the abstract runtime as a system that claims and reports less would show them. */
import type { CheckContext } from '../../../harness/checkers/context.ts'
import { historyOfMarks } from '../../../harness/history.ts'
import type { Mark } from '../../../harness/mark.ts'
import type { Claim } from '../../../harness/system.ts'

/** Ways of saying less. */
export const disguises = ['no-journal', 'no-epochs', 'no-opens', 'bare'] as const

/** Name of a way of saying less. */
export type Disguise = (typeof disguises)[number]

interface Less {
  readonly claims: readonly Claim[]
  readonly marks: readonly Mark['mark'][]
  /** True where the life's number stands in the place of epochs. */
  readonly hasNoEpochs: boolean
}

const journal = ['recovered', 'appending', 'ack', 'refused'] as const

const less: Readonly<Record<Disguise, Less>> = {
  'no-journal': { claims: ['journal'], marks: journal, hasNoEpochs: false },
  'no-epochs': { claims: ['fencing'], marks: [], hasNoEpochs: true },
  'no-opens': {
    claims: ['journal', 'fencing'],
    marks: [...journal, 'resolved'],
    hasNoEpochs: true,
  },
  bare: {
    claims: ['journal', 'fencing', 'once', 'keyed', 'retry', 'timer', 'signal', 'child'],
    marks: [...journal, 'resolved', 'observed', 'timer', 'consumed', 'spawn', 'settle'],
    hasNoEpochs: true,
  },
}

/** The same case with what this system does not say taken out. */
export function disguise(context: CheckContext, name: Disguise): CheckContext {
  const { claims, marks, hasNoEpochs } = less[name]
  const left = context.history.entries
    .map(({ mark }) => mark)
    .filter(({ mark }) => !marks.includes(mark))
    .map((mark) => (hasNoEpochs && 'epoch' in mark ? { ...mark, epoch: mark.life } : mark))
  const claimed = context.system.claims.filter((claim) => !claims.includes(claim))
  return {
    ...context,
    history: historyOfMarks(left),
    system: { ...context.system, claims: claimed },
  }
}
