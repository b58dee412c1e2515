/** Recovery time and bytes against the length of the journal. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { number, type Payload } from './data.ts'
import { Section, Table } from './tables.tsx'

type Cost = NonNullable<Payload['costs']>[number]

/** The section. */
export function Costs({ payload }: { readonly payload: Payload }): JSX.Element {
  const costs = payload.costs ?? []
  return (
    <Section id="costs" title="Cost against journal length">
      {costs.length === 0 ? (
        <p class="empty">Not measured: this result holds no costs.</p>
      ) : (
        <>
          <div class="plots">
            <Plot costs={costs} title="Recovery, ms" of={({ recoveryMs }) => recoveryMs} />
            <Plot
              costs={costs}
              title="Bytes written a record"
              of={({ bytesPerRecord }) => bytesPerRecord}
            />
          </div>
          <Table
            caption="Costs by system and journal length"
            head={['system', 'records', 'bytes a record', 'syncs a record', 'recovery, ms']}
            numbers={[1, 2, 3, 4]}
            rows={costs.map((each) => [
              each.system,
              number(each.records),
              each.bytesPerRecord.toFixed(0),
              each.syncsPerRecord.toFixed(2),
              each.recoveryMs.toFixed(1),
            ])}
          />
        </>
      )}
    </Section>
  )
}

const height = 220

function Plot({
  costs,
  title,
  of,
}: {
  readonly costs: readonly Cost[]
  readonly title: string
  readonly of: (cost: Cost) => number
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    let plot: UPlot | undefined
    const draw = (): void => {
      plot?.destroy()
      plot = drawPlot(element, costs, of)
    }
    draw()
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    window.addEventListener('resize', draw)
    dark.addEventListener('change', draw)
    return () => {
      window.removeEventListener('resize', draw)
      dark.removeEventListener('change', draw)
      plot?.destroy()
    }
  }, [costs])
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div
        ref={box}
        role="img"
        aria-label={`${title}, by records in the journal; the table below holds the numbers`}
      />
    </figure>
  )
}

function drawPlot(element: HTMLElement, costs: readonly Cost[], of: (cost: Cost) => number): UPlot {
  const style = getComputedStyle(element)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const lengths = [...new Set(costs.map(({ records }) => records))].sort((a, b) => a - b)
  const systems = [...new Set(costs.map(({ system }) => system))]
  const strokes = ['accent', 'bad', 'doubt', 'good'].map(color)
  const axis = {
    stroke: color('dim'),
    grid: { stroke: color('line') },
    ticks: { stroke: color('line') },
  }
  return new UPlot(
    {
      width: Math.max(260, element.clientWidth),
      height,
      scales: {
        x: { time: false, distr: 3 },
        y: { range: { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.15 } } },
      },
      axes: [{ ...axis, label: 'records' }, axis],
      cursor: { show: false },
      series: [
        { label: 'records' },
        ...systems.map((label, index) => ({
          label,
          stroke: strokes[index % strokes.length] ?? 'gray',
          width: 2,
          points: { show: true, size: 7 },
        })),
      ],
    },
    [
      lengths,
      ...systems.map((system) =>
        lengths.map((records) => {
          const found = costs.find((each) => each.system === system && each.records === records)
          return found === undefined ? null : of(found)
        }),
      ),
    ],
    element,
  )
}
