/** The table of mutants as a terminal shows it. */
import { plainTable } from '../report/tables.ts'
import type { MutantReport, Score } from './outcome.ts'
import { engineOf } from './mutant.ts'
import { killsText, verdictOf, wordOf } from './outcome.ts'

/** One line per mutant: what caught it, after how many cases and seconds, and the token of that case. */
export function mutantsTable(reports: readonly MutantReport[]): string {
  const table = plainTable(
    ['mutant', 'needs', 'engine', '', 'verdict', 'cases', 'SIGKILL only', 'seconds', 'token'],
    ['left', 'left', 'left', 'left', 'left', 'right', 'left', 'right', 'left'],
  )
  for (const { mutant, outcome, kills } of reports)
    table.push([
      mutant.id,
      mutant.needs,
      engineOf(mutant),
      wordOf(outcome),
      verdictOf(outcome) ?? '',
      casesOf(outcome),
      killsOnly(mutant, outcome, kills),
      'ms' in outcome ? (outcome.ms / 1000).toFixed(1) : '',
      'by' in outcome ? outcome.by.token : '',
    ])
  return table.toString()
}

/** What kills alone show: of a mutant that takes no more, what it was hunted with. */
export function killsOnly(
  { needs }: MutantReport['mutant'],
  outcome: MutantReport['outcome'],
  kills: MutantReport['kills'],
): string {
  return needs === 'kill' ? (verdictOf(outcome) ?? '') : killsText(kills)
}

/** One mutant as it comes in, for a log. */
export function mutantLine({ mutant, outcome, kills }: MutantReport): string {
  const word = wordOf(outcome)
  switch (outcome.kind) {
    case 'caught': {
      const { verdict, cases, origin } = outcome.by
      return `${mutant.id}  ${word}  ${verdict}  after ${plural(cases, 'case')}  ${origin}${kills === undefined ? '' : `  SIGKILL only: ${killsText(kills)}`}`
    }
    case 'caught-otherwise':
      return `${mutant.id}  ${word}  ${outcome.by.verdict} where ${mutant.verdicts.join(' or ')} is its own: ${outcome.by.finding.what}`
    case 'survived':
      return `${mutant.id}  ${word}  ${plural(outcome.cases, 'case')}${outcome.notes.map((note) => `\n  ${note}`).join('')}`
    case 'broken':
      return `${mutant.id}  ${word}  ${outcome.why}`
    case 'skipped':
      return `${mutant.id}  ${word}  ${outcome.why}`
  }
}

/** The last line: what all of it shows. */
export function scoreLine({ caught, escaped, broken, skipped }: Score): string {
  const hunted = caught + escaped + broken
  const rest = [
    ...(escaped > 0 ? [`${escaped} escaped`] : []),
    ...(broken > 0 ? [`${broken} broken`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ]
  return [`${caught} of ${plural(hunted, 'mutant')} caught by a verdict of its own`, ...rest].join(
    ', ',
  )
}

function casesOf(outcome: MutantReport['outcome']): string {
  switch (outcome.kind) {
    case 'caught':
      return String(outcome.by.cases)
    case 'caught-otherwise':
      return String(outcome.cases)
    case 'survived':
      return String(outcome.cases)
    case 'broken':
    case 'skipped':
      return ''
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
