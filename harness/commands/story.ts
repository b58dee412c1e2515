/** Puts the story of a failure together: what was recorded, found, tried and shrunk. */
import { tellFaults } from '../campaign/told.ts'
import type { CaseReport } from '../campaign/trial.ts'
import type { Workbench } from '../campaign/workbench.ts'
import { environmentLine, type Environment } from '../report/environment.ts'
import type { FailureStory } from '../report/failure-story.ts'
import { sitesUnder } from '../report/sites.ts'
import { parseToken } from '../token.ts'

/** What a story needs besides the case. */
export interface StoryContext {
  readonly directory: string
  readonly environment: Environment
  /** What stands behind `npx killpoint replay`, where it is not the token. */
  readonly replay?: string
  readonly notes?: FailureStory['notes']
}

/** The story of a case; the system's engine must be open, because the maps of its bundle are read. */
export async function storyOf(
  bench: Workbench,
  report: CaseReport,
  { directory, environment, replay, notes }: StoryContext,
): Promise<FailureStory> {
  const { group, verdict, judgement, trouble, token } = report
  const siteOf = sitesUnder(directory)
  const faults =
    trouble === undefined ? await tellFaults(report, await bench.opsOfSlot(group), siteOf) : []
  return {
    scenario: group.scenario.name,
    system: group.system.name,
    verdict,
    ...(judgement === undefined ? {} : { judgement }),
    ...(trouble === undefined ? {} : { trouble }),
    faults,
    ...(notes === undefined ? {} : { notes }),
    environment: `${environmentLine(environment)}  profile ${parseToken(token).profile}`,
    replay: replay ?? token,
  }
}
