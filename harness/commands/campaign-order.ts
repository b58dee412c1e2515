/** What a campaign is asked by a command, and what came of it, as plain data. */
import type { Campaign, CampaignResult } from '../campaign/campaign.ts'
import type { CampaignJournal } from '../campaign/campaign-journal.ts'
import type { Environment } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import type { FailureStory } from '../report/failure-story.ts'
import type { ResultGatherer } from '../report/result/gather.ts'
import type { Result, Timeline } from '../report/result/result.ts'
import type { Scenario } from '../scenario.ts'
import type { Claim, System } from '../system.ts'
import type { CommonOptions } from './options.ts'
import type { Project } from './project.ts'
import type { Watch } from './watch.ts'

/** What is run. */
export interface CampaignOrder {
  readonly command: Result['command']
  readonly project: Project
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly seed: string
  readonly cases: number
  readonly workloads: number
  readonly options: CommonOptions
  /** Milliseconds for making failures smaller, all together; 0 leaves them as they are. */
  readonly shrinkMs: number
  /** Writes failures into the corpus. */
  readonly save: boolean
  /** Which workloads are run when; by default all of one system, then all of the next. */
  readonly drive?: Drive
  /** What an earlier process of the same campaign came to: not run again. */
  readonly before?: Result
  /** Lines of `cases.jsonl` that stand before those of this order. */
  readonly casesBefore?: readonly string[]
  /** Where what is finished is kept. */
  readonly journal?: CampaignJournal
  /** Milliseconds of its budget that earlier processes have spent. */
  readonly spentMs?: number
  /** True for the second and later seeds of one command: the corpus was run with the first. */
  readonly isFurther?: boolean
}

/** What a command does with an open campaign until its budget is used up. */
export type Drive = (driven: Driven) => Promise<void>

/** A campaign that a command drives. */
export interface Driven {
  readonly campaign: Campaign
  readonly order: CampaignOrder
  /** Real milliseconds that are left; `Infinity` without a budget. */
  readonly leftMs: () => number
  readonly isOver: () => boolean
  readonly stop: AbortSignal
  readonly environment: Environment
  readonly output: Output
  readonly watch: Watch
  readonly gatherer: ResultGatherer
  /** Failures that an engine told by itself. */
  readonly told: ToldFailure[]
  untold: number
}

/** What came of it. */
export interface CampaignOutcome {
  readonly result: Result
  readonly campaign: CampaignResult
  readonly failures: readonly ToldFailure[]
  /** Cases that hold, and in which a claim could have been broken. */
  readonly atStake: ReadonlyMap<Claim, number>
  /** Where every case stands with its token. */
  readonly casesFile: string
  /** Where the result stands. */
  readonly resultFile: string
}

/** A failure as it is told. */
export interface ToldFailure {
  readonly story: FailureStory
  /** The whole text, without colour; its last line is the replay line. */
  readonly text: string
  /** The token of the first case of this kind, and how many there were. */
  readonly first: string
  readonly alike: number
  /** The file that it was saved in. */
  readonly saved?: string
  /** Its lives, row by row, where it could be recorded. */
  readonly timeline?: Timeline
  /** The name of its folder in the directory of artifacts. */
  readonly artifact?: string
}
