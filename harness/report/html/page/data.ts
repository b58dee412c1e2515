/** What the page is made from, and the questions that its parts ask of it. */
import type { Payload } from '../payload.ts'

export type { Payload }

/** How a verdict is shown. */
export type Tone = 'good' | 'doubt' | 'harness' | 'bad'

/** The tone of a verdict. */
export function toneOf(verdict: string): Tone {
  if (verdict === 'HOLDS' || verdict === 'REFUSED' || verdict === 'SKIPPED') return 'good'
  if (verdict === 'INCONCLUSIVE') return 'doubt'
  return verdict === 'HARNESS_ERROR' ? 'harness' : 'bad'
}

/** A sign that needs no colour. */
export const signs: Readonly<Record<Tone, string>> = {
  good: '✓',
  doubt: '?',
  harness: '!',
  bad: '✗',
}

const ranks: Readonly<Record<Tone, number>> = { good: 0, doubt: 1, harness: 2, bad: 3 }

/** How bad a verdict is. */
export function rankOf(verdict: string): number {
  return ranks[toneOf(verdict)]
}

/** The result that stands in this document. */
export function readPayload(): Payload {
  const text = document.getElementById('result')?.textContent ?? '{}'
  return JSON.parse(text) as Payload
}

/** The case that is looked at. */
export interface ShownCase {
  readonly token: string
  readonly verdict: string
  readonly lines: readonly (readonly [label: string, text: string])[]
}

/** Case `index`. */
export function caseAt({ cases, invariants }: Payload, index: number): ShownCase {
  const group = cases.groups[cases.group[index] ?? -1]
  const verdict = cases.verdicts[cases.verdict[index] ?? -1] ?? ''
  const finding = cases.findings[cases.finding[index] ?? -1]
  const title = finding === undefined ? '' : (invariants[finding.invariant] ?? '')
  return {
    token: tokenAt(cases, index),
    verdict,
    lines: [
      ['scenario', `${group?.scenario ?? ''} × ${group?.system ?? ''}`],
      ['came from', cases.origins[cases.origin[index] ?? -1] ?? ''],
      ...(finding === undefined
        ? []
        : ([
            ['invariant', `${finding.invariant} ${title}`],
            ['broken by', finding.what],
          ] as const)),
      ['processes', `${cases.lives[index] ?? 0} lives, ${cases.kills[index] ?? 0} killed`],
    ],
  }
}

/** Token of case `index`. */
export function tokenAt(cases: Payload['cases'], index: number): string {
  return `${cases.groups[cases.group[index] ?? -1]?.prefix ?? ''}${cases.schedule[index] ?? ''}`
}

/** A number for a reader. */
export function number(value: number): string {
  return value < 1e9 ? value.toLocaleString('en') : value.toExponential(1)
}

/** Of the chain of lines that led to an op the one that says most: not the port that all ops go through. */
export function lineOf(site: string): string {
  const lines = site.split(' < ')
  return lines.find((line) => !/harness\/worker\.[jt]s:\d+$/.test(line)) ?? lines[0] ?? ''
}
