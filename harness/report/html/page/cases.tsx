/** Every case that ran live, to filter and to look at. */
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import {
  caseAt,
  number,
  rankOf,
  signs,
  tokenAt,
  toneOf,
  type Payload,
  type ShownCase,
} from './data.ts'
import { VirtualGrid } from './virtual-grid.tsx'

const gridColumns = [
  { name: 'verdict', width: '11rem' },
  { name: 'scenario', width: 'minmax(8rem, 1fr)' },
  { name: 'system', width: 'minmax(6rem, 1fr)' },
  { name: 'schedule', width: 'minmax(9rem, 1.4fr)' },
  { name: 'came from', width: 'minmax(9rem, 1.4fr)' },
  { name: 'lives', width: '4rem', isNumber: true },
  { name: 'killed', width: '4.4rem', isNumber: true },
]

/** The section. */
export function Cases({
  payload,
  onCase,
}: {
  readonly payload: Payload
  readonly onCase: (shown: ShownCase) => void
}): JSX.Element {
  const { cases } = payload
  const [wanted, want] = useState(() =>
    cases.verdicts.some((each) => rankOf(each) > 0) ? 'no pass' : '',
  )
  const [scenario, chooseScenario] = useState('')
  const [text, search] = useState('')
  const rows = useMemo(
    () => filtered(cases, wanted, scenario, text.trim()),
    [cases, wanted, scenario, text],
  )
  const scenarios = [...new Set(cases.groups.map((each) => each.scenario))]
  return (
    <section id="cases" aria-labelledby="cases-title">
      <h2 id="cases-title">Cases</h2>
      <p class="lead">
        Every case with real processes. A token runs it again:{' '}
        <code>npx killpoint replay TOKEN</code>.
      </p>
      <div class="fields">
        <label class="field">
          Verdict
          <select value={wanted} onChange={(event) => want(event.currentTarget.value)}>
            <option value="">all</option>
            <option value="no pass">no pass</option>
            {cases.verdicts.map((each) => (
              <option value={each}>{each}</option>
            ))}
          </select>
        </label>
        <label class="field">
          Scenario
          <select value={scenario} onChange={(event) => chooseScenario(event.currentTarget.value)}>
            <option value="">all</option>
            {scenarios.map((each) => (
              <option value={each}>{each}</option>
            ))}
          </select>
        </label>
        <label class="field">
          Token contains
          <input
            type="search"
            value={text}
            onInput={(event) => search(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
        <output class="dim">
          {number(rows.length)} of {number(cases.group.length)}
        </output>
      </div>
      {rows.length === 0 ? (
        <p class="empty">No case matches.</p>
      ) : (
        <VirtualGrid
          id="case"
          label="Cases"
          columns={gridColumns}
          count={rows.length}
          rowHeight={28}
          rowsShown={16}
          onOpen={(row) => onCase(caseAt(payload, rows[row] ?? 0))}
          cell={(row, column) => cellOf(cases, rows[row] ?? 0, column)}
        />
      )}
    </section>
  )
}

function cellOf(cases: Payload['cases'], index: number, column: number): JSX.Element | string {
  const group = cases.groups[cases.group[index] ?? -1]
  const verdict = cases.verdicts[cases.verdict[index] ?? -1] ?? ''
  const tone = toneOf(verdict)
  if (column === 0)
    return (
      <span class={`tone ${tone}`}>
        {signs[tone]} {verdict}
      </span>
    )
  if (column === 1) return group?.scenario ?? ''
  if (column === 2) return group?.system ?? ''
  if (column === 3) return <span class="mono">{cases.schedule[index] ?? ''}</span>
  if (column === 4) return cases.origins[cases.origin[index] ?? -1] ?? ''
  return String((column === 5 ? cases.lives : cases.kills)[index] ?? 0)
}

function filtered(
  cases: Payload['cases'],
  wanted: string,
  scenario: string,
  text: string,
): readonly number[] {
  const verdicts = cases.verdicts.map(
    (each) => wanted === '' || each === wanted || (wanted === 'no pass' && rankOf(each) > 0),
  )
  const groups = cases.groups.map((each) => scenario === '' || each.scenario === scenario)
  const rows: number[] = []
  for (let index = 0; index < cases.group.length; index += 1)
    if (
      verdicts[cases.verdict[index] ?? -1] === true &&
      groups[cases.group[index] ?? -1] === true &&
      (text === '' || tokenAt(cases, index).includes(text))
    )
      rows.push(index)
  return rows
}
