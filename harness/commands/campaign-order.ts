/** What a campaign is asked by a command, and what came of it, as plain data. */
import type { CampaignResult } from '../campaign/campaign.ts'
import type { CorpusResult } from '../replay/corpus-run.ts'
import type { Environment } from '../report/environment.ts'
import type { FailureStory } from '../report/failure-story.ts'
import type { Scenario } from '../scenario.ts'
import type { Claim, System } from '../system.ts'
import type { Verdict } from '../verdict.ts'
import type { CommonOptions } from './options.ts'
import type { Project } from './project.ts'

/** What is run. */
export interface CampaignOrder {
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
}

/** What came of it. */
export interface CampaignOutcome {
  readonly seed: string
  readonly environment: Environment
  readonly campaign: CampaignResult
  readonly corpus: readonly CorpusResult[]
  readonly failures: readonly ToldFailure[]
  /** Kinds of failures that are not among them: there were too many. */
  readonly untold: number
  readonly verdict: Verdict
  /** Cases that hold, and in which a claim could have been broken. */
  readonly atStake: ReadonlyMap<Claim, number>
  /** Failing cases after which no more were started, where that is why it ended. */
  readonly endedAfter?: number
  /** What was explored before, where something was. */
  readonly explored?: ExploredBefore
  /** Where every case stands with its token. */
  readonly casesFile: string
}

/** An exploration that came before a campaign: its failures are among those that are told. */
export interface ExploredBefore {
  /** Findings that are no pass. */
  readonly failed: number
  readonly json: unknown
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
}
