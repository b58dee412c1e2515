/**
 * A case that is no pass, as text. A broken invariant is told as `failure-text.ts` says it; what is inconclusive, or the
 * harness's own trouble, in the same shape. The last line is the one to paste, and nothing comes after it.
 */
import type { Judgement } from '../checkers/check.ts'
import type { Finding } from '../checkers/finding.ts'
import { failureText, type LifeLine, type Shrunk, type Versions } from '../failure-text.ts'
import type { Fault } from '../fault.ts'
import { faultWords } from '../fault-words.ts'
import type { Trouble } from '../live/trouble.ts'
import { isBreach, type Verdict } from '../verdict.ts'
import { plainInk, type Ink } from './output.ts'
import { quoted, visible } from './visible.ts'

/** Everything that the text says. */
export interface FailureStory {
  readonly scenario: string
  readonly system: string
  readonly verdict: Verdict
  readonly judgement?: Judgement
  readonly trouble?: Trouble
  /** Faults in the order in which they fired. */
  readonly faults: readonly ToldFault[]
  /** The step that the finding is about, with its kind: `s3 (once)`. */
  readonly guilty?: string
  /** Where the guilty op stands, or else the op at which the last fault struck. */
  readonly site?: string
  /** Number of the guilty op, of the life that the last crash ended. */
  readonly guiltyOp?: number
  readonly shrunk?: Shrunk
  /** How often it was seen again: `1 of 1, by the same marks`. */
  readonly reproduced?: string
  /** What else a reader should know, one sentence each. */
  readonly notes?: readonly string[]
  readonly versions: Versions
  /** What stands behind `npx killpoint replay`. */
  readonly replay: string
}

/** A fault as it fired. */
export interface ToldFault {
  readonly life: number
  readonly fault: Fault
  /** What the op at its position does: `write run/000001.log +118 bytes at 4096`. */
  readonly op?: string
  /** `src/journal.ts:88`. */
  readonly site?: string
}

/** The text, without a newline at its end. A worker's words are in it, so nothing in it reaches a terminal but letters. */
export function storyText(story: FailureStory, ink: Ink = plainInk): string {
  const finding = story.judgement?.finding
  const text =
    finding !== undefined && isBreach(story.verdict) ? breachText(story, finding) : otherText(story)
  const [title = '', ...lines] = text.split('\n').map(visible)
  return [
    title.replace('✗', ink.bad('✗')).replace(story.verdict, ink.bad(story.verdict)),
    ...lines,
  ].join('\n')
}

function breachText(story: FailureStory, finding: Finding): string {
  const { scenario, system, judgement, faults, guilty, shrunk, reproduced, versions } = story
  const notes = [
    ...(judgement?.excused ?? []),
    ...(judgement?.reasons ?? []),
    ...(story.notes ?? []),
  ]
  return failureText({
    scenario,
    system,
    invariant: finding.invariant,
    verdict: finding.verdict,
    lives: [
      ...faults.map(faultLine),
      { life: finding.life, text: [finding.what, ...finding.details].join('; ') },
    ],
    ...(guilty === undefined ? {} : { guilty }),
    follows: judgement?.follows ?? [],
    notes,
    ...(shrunk === undefined ? {} : { shrunk }),
    ...(reproduced === undefined ? {} : { reproduced }),
    versions,
    token: story.replay,
  })
}

function faultLine({ life, fault, op, site }: ToldFault): LifeLine {
  return {
    life,
    text: faultWords(fault),
    ...(op === undefined ? {} : { op }),
    ...(site === undefined ? {} : { site }),
  }
}

const labelWidth = 7

/** Inconclusive, or trouble: nothing is said about the system. */
function otherText(story: FailureStory): string {
  const { scenario, system, verdict, judgement, trouble, faults, reproduced, notes = [] } = story
  const rows: (readonly [label: string, text: string])[] = [
    ...faults.map(
      ({ life, fault, op, site }) =>
        [
          `life ${life}`,
          [faultWords(fault), op, site].filter((part) => part !== undefined).join('   '),
        ] as const,
    ),
    ...(trouble === undefined ? [] : troubleRows(trouble)),
    ...(judgement?.reasons ?? []).map((reason) => ['reason', reason] as const),
    ...(reproduced === undefined ? [] : [['seen', reproduced] as const]),
    ...notes.map((note) => ['note', note] as const),
    ['replay', `npx killpoint replay ${story.replay}`],
  ]
  return [
    `✗ ${scenario} × ${system}   ${verdict}`,
    ...rows.map(([label, text]) => `  ${label.padEnd(labelWidth)} ${text}`),
  ].join('\n')
}

function troubleRows({
  kind,
  message,
  hint,
  stderr,
}: Trouble): readonly (readonly [string, string])[] {
  const words = stderr?.trim().split('\n').slice(-6) ?? []
  return [
    ['trouble', kind],
    ...message.split('\n').map((line) => ['', line] as const),
    ...quoted(words.filter((line) => line !== '')).map((line) => ['', line] as const),
    ['hint', hint],
  ]
}
