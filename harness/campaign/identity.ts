/**
 * When are two runs the same, and when are two failures the same?
 *
 * A *digest* stands for all that the workers told: two runs with one digest made the same marks, with the same contents, in the
 * same order, and their processes ended alike. A *failure* is coarser: the verdict, the invariant and what kind of step is
 * guilty. Shrinking keeps it, and a campaign tells a failure of one kind once.
 */
import { createHash } from 'node:crypto'
import type { Mark } from '../mark.ts'
import { modelOf } from '../model.ts'
import { isBreach } from '../verdict.ts'
import type { CaseReport } from './trial.ts'

/** Hash of what the lives of a case told; times, process ids and what the harness itself wrote are left out. */
export function digestOf({ run }: Pick<CaseReport, 'run'>): string {
  const hash = createHash('sha256')
  for (const { mark } of run.entries) {
    const lasting = lastingPart(mark)
    if (lasting !== undefined) hash.update(`${JSON.stringify(lasting)}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

/** What of a mark is the same in every exact replay; `undefined` for all of it that is not. */
function lastingPart(mark: Mark): unknown {
  switch (mark.mark) {
    case 'life':
      return { ...mark, pid: 0, realMs: 0 }
    case 'exit':
      return { ...mark, realMs: 0 }
    // Its message may name a directory.
    case 'refused':
      return { ...mark, message: '' }
    // A kill at a random time has no line of its own, its exact replay has one.
    case 'fault':
    case 'stopped':
    case 'continued':
    case 'note':
      return undefined
    default:
      return mark
  }
}

/** What makes a failure this one: `REDONE S3 step once`. The verdict alone where no invariant is broken. */
export function failureOf({ verdict, judgement, trouble, group }: CaseReport): string {
  if (trouble !== undefined) return `${verdict} ${trouble.kind}`
  const finding = judgement?.finding
  if (finding === undefined || !isBreach(verdict)) return verdict
  const unit =
    finding.step === undefined ? undefined : modelOf(group.workload).units.get(finding.step)
  const guilty = unit === undefined ? [] : [unit.kind, ...(unit.effect ? [unit.effect] : [])]
  return [verdict, finding.invariant, ...guilty].join(' ')
}
