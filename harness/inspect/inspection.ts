/** Everything that an inspector tells of a run, as plain data. */
import {
  materializeTree,
  type Damage,
  type JournalRecord,
  type SalvagedImage,
  type TailRepair,
  type TreeNode,
} from '../../src/journal-entry.ts'
import { noted, type Noted } from './noted.ts'
import { repeatsOf, type Repeat } from './repeats.ts'

/** A life, and the records that it committed. */
export interface InspectedLife {
  readonly epoch: number
  /** `open`: the newest one, which did not close: it runs, or it died. */
  readonly ended: 'closed' | 'died' | 'open'
  readonly owner: string
  readonly records: number
  readonly firstSeq?: number
  readonly lastSeq?: number
}

export interface Inspection {
  readonly runId: string
  /** Where its files are. */
  readonly directory: string
  /** What became of it: `done`, `failed`, `cancelled`, `running`; `damaged` where that cannot be told. */
  readonly status: string
  /** True where all of it could be read. */
  readonly isWhole: boolean
  readonly lives: readonly InspectedLife[]
  /** Absent where the records are not those of a run; `treeProblem` says why. */
  readonly tree?: TreeNode
  readonly treeProblem?: string
  readonly repeats: readonly Repeat[]
  readonly records: readonly Noted[]
  /** Records at the end whose append nobody is known to have been told of: they may be gone at the next open. */
  readonly undecided: number
  readonly torn?: TailRepair
  readonly leftOut: readonly Damage[]
}

/** What became of a run, in numbers. */
export interface RunSummary {
  readonly runId: string
  readonly status: string
  readonly isWhole: boolean
  readonly lives: number
  readonly records: number
  /** Units that were begun and of which nobody knows whether they happened. */
  readonly inDoubt: number
}

/** What became of it. */
export function summaryOf({
  runId,
  status,
  isWhole,
  lives,
  records,
  repeats,
}: Inspection): RunSummary {
  const inDoubt = repeats.filter(({ kind }) => kind === 'in-doubt').length
  return { runId, status, isWhole, lives: lives.length, records: records.length, inDoubt }
}

/** Looks at a run. */
export function inspectionOf(directory: string, image: SalvagedImage): Inspection {
  const { runId, records, undecided, torn, leftOut } = image
  const read = noted(records)
  const isWhole = leftOut.length === 0
  const { tree, problem } = treeOf(records, image.epoch)
  return {
    runId,
    directory,
    status: statusOf(tree, isWhole),
    isWhole,
    lives: livesOf(image),
    ...(tree === undefined ? {} : { tree }),
    ...(problem === undefined ? {} : { treeProblem: problem }),
    repeats: repeatsOf(read),
    records: read,
    undecided,
    ...(torn === undefined ? {} : { torn }),
    leftOut,
  }
}

/** An end is an end, whatever is missing before it; without one, a damaged run says nothing about how far it is. */
function statusOf(tree: TreeNode | undefined, isWhole: boolean): string {
  if (tree !== undefined && (isWhole || tree.status !== 'running')) return tree.status
  return isWhole ? 'not a run' : 'damaged'
}

function treeOf(
  records: readonly JournalRecord[],
  epoch: number,
): { readonly tree?: TreeNode; readonly problem?: string } {
  try {
    return { tree: materializeTree(records, epoch) }
  } catch (error) {
    // Records that no run loop wrote, or one of another version: the timeline shows them all the same.
    if (typeof (error as { code?: unknown }).code !== 'string') throw error
    return { problem: String((error as Error).message).split('\n')[0] ?? '' }
  }
}

function livesOf({ lives, records }: SalvagedImage): readonly InspectedLife[] {
  const newest = lives.at(-1)?.epoch
  return lives.map(({ epoch, ended, owner }) => {
    const own = records.filter((record) => record.epoch === epoch)
    const [first, last] = [own[0]?.seq, own.at(-1)?.seq]
    return {
      epoch,
      ended: epoch === newest && ended === 'died' ? 'open' : ended,
      owner,
      records: own.length,
      ...(first === undefined || last === undefined ? {} : { firstSeq: first, lastSeq: last }),
    }
  })
}
