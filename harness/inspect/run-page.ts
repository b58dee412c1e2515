/** What the page of an inspected directory is given: words that can be shown as they are, and the timeline. */
import { summaryOf, type Inspection, type RunSummary } from './inspection.ts'
import { beginLine, damageText, endNotes, endings } from './inspection-text.ts'
import { runTimeline } from './run-timeline.ts'
import { treeRows, type TreeRow } from './tree-rows.ts'
import type { Timeline } from '../report/result/result.ts'
import { visible } from '../report/visible.ts'

/** One run. */
export interface RunPage {
  readonly kind: 'run'
  readonly runId: string
  readonly directory: string
  readonly status: string
  readonly isWhole: boolean
  readonly begun: string
  /** What is undecided or torn at its end. */
  readonly notes: readonly string[]
  readonly lives: readonly {
    readonly life: number
    readonly ended: string
    readonly records: number
    readonly seqs: string
    readonly owner: string
  }[]
  readonly records: number
  readonly tree: readonly TreeRow[]
  /** Why there is no tree. */
  readonly treeProblem: string
  readonly repeats: readonly { readonly key: string; readonly kind: string; readonly why: string }[]
  readonly timeline: Timeline
  /** Where it could not be read. */
  readonly leftOut: readonly string[]
  /** True where it is one of several. */
  readonly isListed: boolean
}

/** All runs of a directory. */
export interface RunsPage {
  readonly kind: 'runs'
  readonly directory: string
  readonly runs: readonly (RunSummary & { readonly name: string })[]
}

/** Nothing to show, and why. */
export interface ProblemPage {
  readonly kind: 'problem'
  readonly message: string
}

/** What a page shows. */
export type InspectedPage = RunPage | RunsPage | ProblemPage

/** The page of one run. */
export function runPage(inspection: Inspection, isListed: boolean): RunPage {
  const { runId, directory, status, isWhole, lives, tree, treeProblem = '', torn } = inspection
  const begin = inspection.records.find(({ type }) => type === 'begin')
  return {
    kind: 'run',
    runId: visible(runId),
    directory: visible(directory),
    status,
    isWhole,
    begun: begin === undefined ? '' : beginLine(begin),
    notes: endNotes({ undecided: inspection.undecided, torn }),
    lives: lives.map(({ epoch, ended, records, firstSeq, lastSeq, owner }) => ({
      life: epoch,
      ended: endings[ended],
      records,
      seqs: firstSeq === undefined ? '' : `${firstSeq}-${lastSeq}`,
      owner: visible(owner),
    })),
    records: inspection.records.length,
    tree: tree === undefined ? [] : treeRows(tree),
    treeProblem: visible(treeProblem),
    repeats: inspection.repeats.map(({ key, kind, why }) => ({
      key: visible(key),
      kind: kind === 'in-doubt' ? 'in doubt' : kind,
      why: visible(why),
    })),
    timeline: runTimeline(inspection),
    leftOut: inspection.leftOut.map(damageText),
    isListed,
  }
}

/** The page of a directory of runs. */
export function runsPage(directory: string, runs: readonly Inspection[]): RunsPage {
  return {
    kind: 'runs',
    directory: visible(directory),
    runs: runs.map((run) => ({ ...summaryOf(run), name: visible(run.runId) })),
  }
}
