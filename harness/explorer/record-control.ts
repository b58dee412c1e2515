/** Records the lives of a control (`control-lives.ts`), each in a process of its own. */
import type { DirectoryImage } from '../directory-image.ts'
import type { Mark } from '../mark.ts'
import type { LifeWanted } from './asks.ts'
import { cut, leftBy, opTellingOf, tellsOf, unitBeforeActs } from './control-lives.ts'
import type { FreshLife } from './fresh-life.ts'
import type { CaseOrder, ControlLog } from './job.ts'
import {
  firstStemOf,
  hangOf,
  isLast,
  killBehind,
  stemAfterCrash,
  stemAfterEnd,
  type Stem,
} from './lives.ts'

/** The lives of a control that were recorded, the run's own last; and what all of them wrote. */
export interface RecordedControl {
  readonly lives: readonly ControlLife[]
  readonly stem: Stem
  readonly unseen?: string
}

/** One of them. */
export type ControlLife = FreshLife & Pick<ControlLog, 'endsAfter'>

/** Runs one life; `until`: it is killed some time after its marks are as this says. */
type RunLife = (
  wanted: LifeWanted,
  until?: (marks: readonly Mark[]) => boolean,
) => Promise<FreshLife>

/** Runs the lives of a case without a fault, to its end or as many as it is given. */
export async function recordControl(order: CaseOrder, run: RunLife): Promise<RecordedControl> {
  const unit = unitBeforeActs(order.workload)
  let stem = firstStemOf(order)
  let image: DirectoryImage = new Map()
  const lives: ControlLife[] = []
  let isRecorded = true
  for (let count = 0; ; count += 1) {
    const { standing } = stem
    const wanted = { image, standing, faults: [], records: isRecorded }
    const isWaiting = unit !== undefined && count === 0
    const lived = await run(wanted, isWaiting ? tellingOf(unit) : undefined)
    const life: ControlLife = isWaiting ? endedAt(unit, lived) : lived
    if (isRecorded) lives.push(life)
    isRecorded &&= life.endsAfter !== undefined || standing.act !== undefined
    stem =
      life.endsAfter === undefined
        ? stemAfterEnd(stem, { ...standing, ...life }, [])
        : stemAfterCrash(stem, life.marks, killBehind(life.endsAfter))
    const given = { ...standing, ...life }
    if (isLast(given) || hangOf(given) || count + 1 >= order.livesGiven) return { lives, stem }
    image = life.image
  }
}

function tellingOf(unit: string): (marks: readonly Mark[]) => boolean {
  return (marks) => marks.some((mark) => tellsOf(unit, mark))
}

/** The life as if it had been killed behind the op with which it told of the unit. */
function endedAt(unit: string, life: FreshLife): ControlLife {
  const endsAfter = life.trace && opTellingOf(unit, life.trace)
  if (life.trace === undefined || endsAfter === undefined) return life
  const trace = cut(life.trace, endsAfter)
  const marks = life.marks.slice(0, life.marks.findIndex((mark) => tellsOf(unit, mark)) + 1)
  return { ...life, trace, marks, endsAfter, image: leftBy({ trace }, new Map()) }
}
