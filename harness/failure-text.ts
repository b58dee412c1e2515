/**
 * The text of a failure: what broke, in which life, who is guilty, how it was shrunk, and how to see it again.
 *
 * Plain text, the same on a terminal, in a log and in a report; colours are somebody else's. The last line is the one to
 * paste, and nothing comes after it.
 */
import type { Breach, Invariant } from './verdict.ts'
import { invariants } from './verdict.ts'

/** What one life did, or what was done to it. */
export interface LifeLine {
  readonly life: number
  /** `power loss after op 41`, `recovered 6 records; record 7 was acked at op 39 and is gone`. */
  readonly text: string
  /** The op in words: `write 000001.log +118 bytes`. */
  readonly op?: string
  /** The source line that issued it: `src/journal.ts:88`. */
  readonly site?: string
}

/** How a case got smaller. */
export interface Shrunk {
  readonly faults: readonly [before: number, after: number]
  readonly steps: readonly [before: number, after: number]
  /** Cases that were run for it. */
  readonly cases: number
}

/** Where a failure was seen. */
export interface Versions {
  readonly killpoint: string
  readonly node: string
  /** `linux x64`. */
  readonly platform: string
  /** Absent outside of a repository. */
  readonly git?: { readonly head: string; readonly isClean: boolean }
  readonly profile: string
}

/** Everything that is printed of a failure. */
export interface Failure {
  readonly scenario: string
  /** The system as a reader knows it. */
  readonly system: string
  readonly invariant: Invariant
  readonly verdict: Breach
  readonly lives: readonly LifeLine[]
  /** Which op is missing or wrong, where that is known. */
  readonly guilty?: string
  /** What is broken besides and follows from it. */
  readonly follows?: readonly { readonly invariant: Invariant; readonly verdict: Breach }[]
  /** What a reader should know of the judgement: excuses, checkers that failed. */
  readonly notes?: readonly string[]
  readonly shrunk?: Shrunk
  /** How often it came back, where it does not always: `3 of 10`. */
  readonly reproduced?: string
  readonly versions: Versions
  readonly token: string
  /** The command in front of the token; default `npx killpoint replay`. */
  readonly command?: string
}

/** The failure as text, without a newline at its end. */
export function failureText(failure: Failure): string {
  const { scenario, system, verdict, invariant } = failure
  const title = `✗ ${scenario} × ${system}   ${verdict}  ${invariant} ${invariants[invariant].title}`
  const rows = [...rowsOf(failure)]
  const width = Math.max(...rows.map(([label]) => label.length))
  const lines = rows.map(([label, text]) =>
    label === '' ? `  ${text}` : `  ${label.padEnd(width)}  ${text}`,
  )
  return [title, ...lines].join('\n')
}

type Row = readonly [label: string, text: string]

function* rowsOf(failure: Failure): Iterable<Row> {
  const { lives, guilty, follows = [], notes = [], shrunk, reproduced, versions } = failure
  for (const { life, text, op, site } of lives)
    yield [`life ${life}`, [text, op, site].filter((part) => part !== undefined).join('   ')]
  if (guilty !== undefined) yield ['guilty', guilty]
  if (follows.length > 0) yield ['skipped', `${follows.map(named).join(', ')}: they follow from it`]
  for (const note of notes) yield ['note', note]
  if (shrunk !== undefined) yield ['shrunk', shrunkText(shrunk)]
  if (reproduced !== undefined) yield ['seen', reproduced]
  yield ['', versionText(versions)]
  yield ['replay', `${failure.command ?? 'npx killpoint replay'} ${failure.token}`]
}

function named({
  invariant,
  verdict,
}: {
  readonly invariant: Invariant
  readonly verdict: Breach
}): string {
  return `${invariant} ${verdict}`
}

function shrunkText({ faults, steps, cases }: Shrunk): string {
  const change = ([before, after]: readonly [number, number], noun: string): string =>
    `${before} ${noun} -> ${after}`
  return `${change(faults, 'faults')}, ${change(steps, 'steps')}, in ${cases} cases; same failure each time`
}

function versionText({ killpoint, node, platform, git, profile }: Versions): string {
  const parts = [`killpoint ${killpoint}`, `node ${node}`, platform]
  if (git !== undefined) parts.push(`git ${git.head} (${git.isClean ? 'clean' : 'dirty'})`)
  return [...parts, `profile ${profile}`].join('  ')
}
