/** The lives of a failing case, or of an inspected run, side by side: a lane each, in the order in which things happened. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { lineOf, type Payload } from './data.ts'

type Timeline = NonNullable<Payload['failures'][number]['timeline']>
type Row = Timeline['rows'][number]

/** What a flag means to a reader. */
const flagWords: Readonly<Record<string, string>> = {
  crash: 'the crash',
  guilty: 'guilty',
  gone: 'lost by the crash',
  lost: 'acked, and gone',
  survived: 'survived',
  again: 'ran again',
  broken: 'here it shows',
  relied: 'relied on',
  undecided: 'undecided',
  unread: 'not read',
}

/** The timeline. */
export function TimelineView({ timeline }: { readonly timeline: Timeline }): JSX.Element {
  const [isWhole, setWhole] = useState(false)
  const { lives, rows, left } = timeline
  const shown = isWhole ? rows.map((row) => ({ row, hidden: 0 })) : folded(rows)
  const lane = new Map(lives.map(({ life }, index) => [life, index + 1]))
  const lanes = Math.max(1, lives.length)
  // Heads and rows are two grids: lanes of one width, whatever stands in them, keep them in line.
  const grid = {
    gridTemplateColumns: `repeat(${lanes}, minmax(0, 1fr))`,
    width: `max(100%, ${lanes * laneRem}rem)`,
  }
  return (
    <div class="timeline">
      {rows.some(({ kind }) => kind === 'op') ? (
        <label class="check">
          <input
            type="checkbox"
            checked={isWhole}
            onChange={(event) => setWhole(event.currentTarget.checked)}
          />
          all ops
        </label>
      ) : null}
      <div class="lanes" tabIndex={0} role="region" aria-label="Timeline of the lives">
        <div class="lane-heads" style={grid} aria-hidden="true">
          {lives.map(({ life, faults, end }) => (
            <div class="lane-head">
              <strong>life {life}</strong> <span class="dim">{end}</span>
              {faults === '' ? null : <div class="fault-words">{faults}</div>}
            </div>
          ))}
        </div>
        <ol class="lane-rows" style={grid}>
          {shown.map(({ row, hidden }) => (
            <li
              class={`event ${row.kind} ${row.flags.join(' ')}`}
              style={{ gridColumn: lane.get(row.life) ?? 1 }}
            >
              {hidden > 0 ? (
                <span class="dim">… {hidden === 1 ? '1 op' : `${hidden} ops`}</span>
              ) : (
                <RowText row={row} />
              )}
            </li>
          ))}
        </ol>
      </div>
      {left > 0 ? <p class="dim">{left} rows in the middle are left out.</p> : null}
    </div>
  )
}

function RowText({ row }: { readonly row: Row }): JSX.Element {
  const { op, text, site, records, flags, life } = row
  return (
    <>
      <span class="visually-hidden">life {life}: </span>
      {op === undefined ? null : <span class="op-number">{op}</span>}
      <span class="event-text">{text}</span>
      {flags.map((flag) => (
        <span class={`flag ${flag}`}>{flagWords[flag] ?? flag}</span>
      ))}
      {records === undefined || records.length === 0 || records.length > recordsShown ? null : (
        <span class="records">
          {records.map((hash) => (
            <span class="record">{hash.slice(0, 6)}</span>
          ))}
        </span>
      )}
      {site === undefined || flags.length === 0 ? null : (
        <span class="event-site" title={site}>
          {lineOf(site)}
        </span>
      )}
    </>
  )
}

const recordsShown = 12

/** Least width of a lane. */
const laneRem = 16

/** Ops that nothing is said of, folded into one row; a few at the crash stay. */
function folded(rows: readonly Row[]): readonly { row: Row; hidden: number }[] {
  const shown: { row: Row; hidden: number }[] = []
  for (const row of rows) {
    const last = shown.at(-1)
    if (row.kind !== 'op' || row.flags.length > 0) shown.push({ row, hidden: 0 })
    else if (last !== undefined && last.hidden > 0 && last.row.life === row.life) last.hidden += 1
    else shown.push({ row, hidden: 1 })
  }
  return shown
}
