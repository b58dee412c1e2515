/** Puts the story of a failure together: what was recorded, found, tried and shrunk. */
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { guiltOf } from '../campaign/guilt.ts'
import { lastWriteBefore, type LastWrite } from '../campaign/relied.ts'
import type { ShrunkFailure } from '../campaign/shrinker.ts'
import { tellFaults } from '../campaign/told.ts'
import type { CaseReport } from '../campaign/trial.ts'
import type { Workbench } from '../campaign/workbench.ts'
import { modelOf } from '../model.ts'
import type { SiteOf } from '../corpus/op-fingerprint.ts'
import { describeOp } from '../op.ts'
import { versionsOf, type Environment } from '../report/environment.ts'
import type { FailureStory } from '../report/failure-story.ts'
import { lastWordsIn } from '../report/last-words.ts'
import { sitesUnder } from '../report/sites.ts'
import { parseToken } from '../token.ts'
import { parseFrame } from '../trace-sites.ts'

/** What a story needs besides the case. */
export interface StoryContext extends Pick<FailureStory, 'notes' | 'shrunk' | 'reproduced'> {
  readonly directory: string
  readonly environment: Environment
  /** What stands behind `npx killpoint replay`, where it is not the token. */
  readonly replay?: string
  /** The same failure, seen again: its bundle is there. */
  readonly seen?: CaseReport
  /** True where nothing may be run to find out what an op does. */
  readonly isQuick?: boolean
}

/** The story of a case; the system's engine must be open, because the maps of its bundle are read. */
export async function storyOf(
  bench: Workbench,
  report: CaseReport,
  { directory, environment, replay, seen, isQuick = false, ...more }: StoryContext,
): Promise<FailureStory> {
  const { group, verdict, judgement, trouble, token } = report
  const siteOf = sitesUnder(directory)
  const opsOfSlot = isQuick || trouble !== undefined ? unrecorded : await bench.opsOfSlot(group)
  const faults = trouble === undefined ? await tellFaults(report, opsOfSlot, siteOf) : []
  const unsynced = isQuick ? undefined : await guiltOf(bench, report, siteOf)
  const wrote = trouble === undefined ? await lastWriteBefore(report, opsOfSlot) : undefined
  const wroteAt = wrote === undefined ? undefined : siteOf(wrote.op.frames)
  const guilty =
    unsynced?.text ?? joined([guiltyStep(report), wrote && lastWriteText(wrote, wroteAt)])
  const guiltyOp = (unsynced?.op ?? (wrote?.isOfLastCrash === true ? wrote.op : undefined))?.n
  const died = trouble === undefined ? deathOf(seen ?? report, siteOf) : undefined
  const struckAt = faults.findLast((fault) => fault.site !== undefined)?.site
  const site = unsynced?.site ?? wroteAt ?? died?.site ?? struckAt
  const notes = [...(more.notes ?? []), ...(died === undefined ? [] : [died.text])]
  return {
    scenario: group.scenario.name,
    system: group.system.name,
    verdict,
    ...(judgement === undefined ? {} : { judgement }),
    ...(trouble === undefined ? {} : { trouble }),
    faults,
    ...(guilty === undefined ? {} : { guilty }),
    ...(site === undefined ? {} : { site }),
    ...(guiltyOp === undefined ? {} : { guiltyOp }),
    ...more,
    ...(notes.length === 0 ? {} : { notes }),
    versions: versionsOf(environment, parseToken(token).profile),
    replay: replay ?? token,
  }
}

async function unrecorded(): Promise<undefined> {}

/** How the last life ended by itself, in its own words; `undefined` where it did not, or said nothing. */
function deathOf(
  { run, verdict }: CaseReport,
  siteOf: SiteOf,
): { readonly text: string; readonly site?: string } | undefined {
  const last = run.lives.at(-1)
  if (verdict === 'HOLDS' || last === undefined || last.signal !== null || last.code === 0)
    return undefined
  const words = lastWordsIn(last.stderr)
  if (words === undefined) return undefined
  // Positions in a bundle that is gone would lead nowhere.
  const site = siteOf(words.frames.filter((frame) => existsSync(parseFrame(frame).file)))
  const where = site === undefined ? '' : `   ${site}`
  const text = `life ${last.life} ended with exit code ${last.code ?? 'unknown'}: ${words.error}${where}`
  return { text, ...(site === undefined ? {} : { site }) }
}

/** `op 12 is the last write before the ack at op 14: write run/000001.log +118 bytes at 4096 at src/journal.ts:88`. */
function lastWriteText({ op: { n, op }, before }: LastWrite, site: string | undefined): string {
  const where = site === undefined ? '' : ` at ${site}`
  return `op ${n} is the last write before ${before}: ${describeOp(op)}${where}`
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined).join('; ') || undefined
}

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
