/** The claims of a system and what became of them, as a table. */
import type { ClaimOutcome } from './claim-outcomes.ts'
import { claimMeanings } from '../system.ts'
import { plainTable } from '../report/tables.ts'

/** One line per claim; what is broken comes with the line that shows it. */
export function claimsTable(claims: readonly ClaimOutcome[]): string {
  const table = plainTable(['claim', 'outcome', ''])
  for (const each of claims) table.push([each.claim, outcomeText(each), detail(each)])
  return table.toString()
}

function outcomeText({ outcome }: ClaimOutcome): string {
  switch (outcome.kind) {
    case 'held':
      return `held in ${outcome.cases} cases`
    case 'broken':
      return `BROKEN ${outcome.verdict}`
    case 'not-claimed':
      return 'not claimed'
    case 'not-shown':
      return 'not shown'
  }
}

function detail({ claim, outcome }: ClaimOutcome): string {
  switch (outcome.kind) {
    case 'broken':
      return `npx killpoint replay ${outcome.replay}`
    case 'not-shown':
      return outcome.why
    case 'held':
    case 'not-claimed':
      return claimMeanings[claim]
  }
}
