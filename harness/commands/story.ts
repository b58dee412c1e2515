/** Puts the story of a failure together: what was recorded, found, tried and shrunk. */
import { relative } from 'node:path'
import { guiltOf } from '../campaign/guilt.ts'
import type { ShrunkFailure } from '../campaign/shrinker.ts'
import { tellFaults } from '../campaign/told.ts'
import type { CaseReport } from '../campaign/trial.ts'
import type { Workbench } from '../campaign/workbench.ts'
import { modelOf } from '../model.ts'
import { versionsOf, type Environment } from '../report/environment.ts'
import type { FailureStory } from '../report/failure-story.ts'
import { sitesUnder } from '../report/sites.ts'
import { parseToken } from '../token.ts'

/** What a story needs besides the case. */
export interface StoryContext extends Pick<FailureStory, 'notes' | 'shrunk' | 'reproduced'> {
  readonly directory: string
  readonly environment: Environment
  /** What stands behind `npx killpoint replay`, where it is not the token. */
  readonly replay?: string
  /** True where nothing may be run to find out what an op does. */
  readonly isQuick?: boolean
}

/** The story of a case; the system's engine must be open, because the maps of its bundle are read. */
export async function storyOf(
  bench: Workbench,
  report: CaseReport,
  { directory, environment, replay, isQuick = false, ...more }: StoryContext,
): Promise<FailureStory> {
  const { group, verdict, judgement, trouble, token } = report
  const siteOf = sitesUnder(directory)
  const opsOfSlot = isQuick || trouble !== undefined ? unrecorded : await bench.opsOfSlot(group)
  const faults = trouble === undefined ? await tellFaults(report, opsOfSlot, siteOf) : []
  const unsynced = isQuick ? undefined : await guiltOf(bench, report, siteOf)
  const guilty = unsynced?.text ?? guiltyStep(report)
  const site = unsynced?.site ?? faults.findLast((fault) => fault.site !== undefined)?.site
  return {
    scenario: group.scenario.name,
    system: group.system.name,
    verdict,
    ...(judgement === undefined ? {} : { judgement }),
    ...(trouble === undefined ? {} : { trouble }),
    faults,
    ...(guilty === undefined ? {} : { guilty }),
    ...(site === undefined ? {} : { site }),
    ...(unsynced?.op === undefined ? {} : { guiltyOp: unsynced.op.n }),
    ...more,
    versions: versionsOf(environment, parseToken(token).profile),
    replay: replay ?? token,
  }
}

async function unrecorded(): Promise<undefined> {}

/** `step s3 (once)`. */
function guiltyStep({ judgement, group }: CaseReport): string | undefined {
  const step = judgement?.finding?.step
  if (step === undefined) return undefined
  const unit = modelOf(group.workload).units.get(step)
  if (unit === undefined) return step
  return `${unit.kind} ${step}${unit.effect === undefined ? '' : ` (${unit.effect})`}`
}

/** What a story tells of a search for a smaller case. */
export function shrunkParts(
  {
    cases,
    isSmallest,
    before,
    after,
  }: Pick<ShrunkFailure, 'cases' | 'isSmallest' | 'before' | 'after'>,
  notes: readonly string[],
): Pick<StoryContext, 'shrunk' | 'notes'> {
  return {
    shrunk: {
      faults: [before.faults, after.faults],
      steps: [before.steps, after.steps],
      cases,
    },
    notes: isSmallest ? notes : ['the budget ended the search for a smaller case', ...notes],
  }
}

/** Where a case was saved. */
export function savedNote(directory: string, file: string): string {
  return `saved as ${relative(directory, file)}`
}
