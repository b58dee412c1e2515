/** The crash map of each scenario: every op of the control's first life in order, and what came of crashing there. */
import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { cellKey, cellsOf, columns, type Cell, type Cells } from './crash-cells.ts'
import { lineOf, number, signs, toneOf, type Payload, type ShownCase } from './data.ts'
import { VirtualGrid } from './virtual-grid.tsx'

type Trace = Payload['traces'][number]

interface MapProps {
  readonly payload: Payload
  readonly onCase: (shown: ShownCase) => void
}

const rowHeight = 28
const titles = ['before', 'torn', 'after', 'power loss']

/** All maps, one at a time. */
export function CrashMaps({ payload, onCase }: MapProps): JSX.Element {
  const { traces } = payload
  const worst = useMemo(() => traces.findIndex((each) => hasFailed(payload, each)), [payload])
  const [chosen, choose] = useState(Math.max(0, worst))
  const trace = traces[chosen]
  return (
    <section id="crash-map" aria-labelledby="crash-map-title">
      <h2 id="crash-map-title">Crash map</h2>
      {trace === undefined ? (
        <p class="empty">No control was recorded, so there is no op to crash at.</p>
      ) : (
        <>
          <p class="lead">
            Every op of a run without a fault, in order. A cell tells what came of a crash before
            it, in the middle of it, behind it, and of a power failure there.
          </p>
          <label class="field">
            Scenario
            <select value={chosen} onChange={(event) => choose(Number(event.currentTarget.value))}>
              {traces.map((each, index) => (
                <option value={index}>
                  {hasFailed(payload, each) ? '✗ ' : ''}
                  {each.scenario} × {each.system}
                </option>
              ))}
            </select>
          </label>
          <CrashMap key={chosen} payload={payload} trace={trace} onCase={onCase} />
        </>
      )}
    </section>
  )
}

function hasFailed(payload: Payload, { scenario, system }: Trace): boolean {
  const isOwn = (each: { readonly scenario: string; readonly system: string }): boolean =>
    each.scenario === scenario && each.system === system
  return payload.failures.some(isOwn)
}

function CrashMap({ payload, trace, onCase }: MapProps & { readonly trace: Trace }): JSX.Element {
  const cells = useMemo(() => cellsOf(payload, trace), [payload, trace])
  const [goTo, setGoTo] = useState<{ row: number } | undefined>(() => firstBad(cells))
  const open = (row: number, column: number): void => {
    const at = columns[column - 3]
    if (at === undefined) return
    const cell = cells.get(cellKey(row + 1, at))
    if (cell !== undefined) onCase(shownCell(trace, row, titles[column - 3] ?? '', cell))
  }
  return (
    <>
      <Strip cells={cells} ops={trace.kind.length} onOp={(row) => setGoTo({ row })} />
      <Legend cells={cells} ops={trace.kind.length} />
      <VirtualGrid
        id="map"
        label={`Crash points of ${trace.scenario} over ${trace.system}`}
        columns={[
          { name: 'op', width: '3.6rem', isNumber: true },
          { name: 'what it does', width: 'minmax(12rem, 3fr)' },
          { name: 'line', width: 'minmax(8rem, 2fr)' },
          ...titles.map((name) => ({ name, width: '5.4rem' })),
        ]}
        count={trace.kind.length}
        rowHeight={rowHeight}
        rowsShown={16}
        goTo={goTo}
        onOpen={open}
        cell={(row, column) => {
          if (column === 0) return row + 1
          if (column === 1) return <span class="mono">{trace.text[row]}</span>
          if (column === 2) return <Site trace={trace} row={row} />
          const at = columns[column - 3]
          return <CellMark cell={at === undefined ? undefined : cells.get(cellKey(row + 1, at))} />
        }}
      />
    </>
  )
}

function Site({ trace, row }: { readonly trace: Trace; readonly row: number }): JSX.Element {
  const site = trace.sites[trace.site[row] ?? -1] ?? ''
  return (
    <span class="mono dim" title={site}>
      {lineOf(site)}
    </span>
  )
}

function CellMark({ cell }: { readonly cell: Cell | undefined }): JSX.Element {
  if (cell === undefined) return <span class="cell none">·</span>
  const tone = toneOf(cell.verdict)
  const count = cell.states + cell.kills
  return (
    <span class={`cell ${tone}`} title={`${cell.verdict}: ${told(cell)}`}>
      {signs[tone]} {count > 1 ? number(count) : ''}
    </span>
  )
}

function told({ states, kills }: Cell): string {
  return [
    ...(states > 0 ? [`${number(states)} crash ${states === 1 ? 'state' : 'states'}`] : []),
    ...(kills > 0 ? [`${number(kills)} ${kills === 1 ? 'process' : 'processes'} killed`] : []),
  ].join(', ')
}

function shownCell(trace: Trace, row: number, at: string, cell: Cell): ShownCase {
  return {
    token: cell.token,
    verdict: cell.verdict,
    lines: [
      ['scenario', `${trace.scenario} × ${trace.system}`],
      ['crash', at === 'power loss' ? at : `killed, ${at} op ${row + 1}`],
      ['op', `${row + 1}  ${trace.text[row] ?? ''}`],
      ['line', trace.sites[trace.site[row] ?? -1] ?? 'unknown'],
      ['seen', told(cell)],
    ],
  }
}

function firstBad(cells: Cells): { row: number } | undefined {
  const bad = [...cells]
    .filter(([, { verdict }]) => toneOf(verdict) !== 'good')
    .map(([key]) => Number(key.split(' ')[0]) - 1)
  return bad.length === 0 ? undefined : { row: Math.min(...bad) }
}

function Legend({ cells, ops }: { readonly cells: Cells; readonly ops: number }): JSX.Element {
  const tones = [...cells.values()].map(({ verdict }) => toneOf(verdict))
  const count = (tone: string): number => tones.filter((each) => each === tone).length
  return (
    <p class="legend">
      <span class="cell good">✓ {number(count('good'))} hold</span>
      <span class="cell bad">✗ {number(count('bad'))} broken</span>
      {count('doubt') + count('harness') > 0 ? (
        <span class="cell doubt">? {number(count('doubt') + count('harness'))} in doubt</span>
      ) : null}
      <span class="cell none">· {number(ops * columns.length - tones.length)} not tried</span>
    </p>
  )
}

const stripRow = 9

/** The whole trace at a glance: one column an op, one band a place. */
function Strip({
  cells,
  ops,
  onOp,
}: {
  readonly cells: Cells
  readonly ops: number
  readonly onOp: (row: number) => void
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const draw = (): void => {
      if (canvas.current !== null) drawStrip(canvas.current, cells, ops)
    }
    draw()
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    window.addEventListener('resize', draw)
    dark.addEventListener('change', draw)
    return () => {
      window.removeEventListener('resize', draw)
      dark.removeEventListener('change', draw)
    }
  }, [cells, ops])
  return (
    <canvas
      ref={canvas}
      class="strip"
      role="img"
      aria-label={`${ops} ops from left to right; from top to bottom: crash before, torn, after, power loss. The table below holds the same.`}
      onClick={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect()
        onOp(Math.floor(((event.clientX - left) / width) * ops))
      }}
    />
  )
}

function drawStrip(canvas: HTMLCanvasElement, cells: Cells, ops: number): void {
  const width = canvas.clientWidth
  const height = columns.length * (stripRow + 1)
  const ratio = window.devicePixelRatio
  canvas.width = Math.max(1, Math.round(width * ratio))
  canvas.height = Math.round(height * ratio)
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(ratio, ratio)
  const style = getComputedStyle(canvas)
  const color = (name: string): string => style.getPropertyValue(`--${name}`)
  const step = width / Math.max(1, ops)
  const bar = Math.max(1, step > 4 ? step - 1 : step)
  context.fillStyle = color('none')
  for (const band of columns.keys()) context.fillRect(0, band * (stripRow + 1), width, stripRow)
  // What is bad is drawn last: where several ops share a pixel, it shows.
  const order = ['good', 'doubt', 'harness', 'bad'] as const
  for (const tone of order) {
    context.fillStyle = color(tone)
    for (const [key, { verdict }] of cells) {
      if (toneOf(verdict) !== tone) continue
      const [op = '1', at = ''] = key.split(' ')
      const band = columns.findIndex((each) => each === at)
      context.fillRect((Number(op) - 1) * step, band * (stripRow + 1), bar, stripRow)
    }
  }
}
