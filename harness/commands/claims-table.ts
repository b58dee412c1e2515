/** The laws and the claims of a system and what became of them, as one table. */
import { claimMeanings } from '../system.ts'
import { lawReason, type ToldLaw } from '../report/laws.ts'
import { plainTable } from '../report/tables.ts'
import type { ClaimOutcome } from './claim-outcomes.ts'

/** What the laws say of a system that is no journal, or why they were not asked; or each of them. */
export type LawsTold = readonly ToldLaw[] | { readonly skipped: string }

/** One line per law and per claim; what is broken comes with the line that shows it. */
export function claimsTable(claims: readonly ClaimOutcome[], laws: LawsTold): string {
  const table = plainTable(['claim', 'outcome', ''])
  for (const row of lawRows(laws)) table.push([...row])
  for (const each of claims) table.push([each.claim, outcomeText(each), detail(each)])
  return table.toString()
}

type Row = readonly [name: string, outcome: string, detail: string]

/** Laws of one number share a row; what is broken in it, or was not judged, is told. */
function lawRows(laws: LawsTold): readonly Row[] {
  if ('skipped' in laws) return [['laws', 'skipped', laws.skipped]]
  return [...new Set(laws.map(({ law }) => law))].map((name) =>
    lawRow(
      name,
      laws.filter(({ law }) => law === name),
    ),
  )
}

function lawRow(name: string, laws: readonly ToldLaw[]): Row {
  const of = (kind: string): readonly ToldLaw[] =>
    laws.filter(({ outcome }) => outcome.kind === kind)
  const [broken] = of('broken')
  if (broken !== undefined)
    return [name, `BROKEN ${String(broken.outcome['verdict'])}`, broken.again ?? '']
  const held = of('held').map(({ title }) => title)
  const left = laws.filter(({ outcome }) => outcome.kind !== 'held')
  const reasons = [...new Set(left.map(lawReason))].join('; ')
  if (held.length === 0)
    return [name, of('skipped').length > 0 ? 'skipped' : 'not claimed', reasons]
  const more = reasons === '' ? '' : ` (${left.length} more not judged: ${reasons})`
  return [name, 'held', `${held.join('; ')}${more}`]
}

function outcomeText({ outcome }: ClaimOutcome): string {
  switch (outcome.kind) {
    case 'held':
      return `held in ${outcome.cases} cases`
    case 'held-states':
      return `held in ${outcome.states} crash states`
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
      return outcome.again
    case 'not-shown':
      return outcome.why
    case 'held':
    case 'held-states':
    case 'not-claimed':
      return claimMeanings[claim]
  }
}
