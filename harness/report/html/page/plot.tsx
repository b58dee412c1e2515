/** A plot of points against a length on a logarithmic axis. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

/** The points of one colour. */
export interface Series {
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** What is drawn. */
export interface PlotOptions {
  readonly title: string
  /** Of the x axis. */
  readonly against: string
  /** True where what is measured starts with something that has nothing to do with the length, and small differences count. */
  readonly isLinear?: boolean
  readonly series: readonly Series[]
}

const height = 240

/** The plot; numbers for whoever cannot see it stand in a table beside it. */
export function Plot(options: PlotOptions): JSX.Element {
  const { title, against, series } = options
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    let plot: UPlot | undefined
    const draw = (): void => {
      plot?.destroy()
      plot = drawPlot(element, options)
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
  }, [series])
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div
        ref={box}
        role="img"
        aria-label={`${title}, against ${against}; the table below holds the numbers`}
      />
    </figure>
  )
}

function drawPlot(element: HTMLElement, { against, series, isLinear = false }: PlotOptions): UPlot {
  const style = getComputedStyle(element)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const strokes = ['accent', 'bad', 'doubt', 'good', 'harness'].map(color)
  const dots = series
    .flatMap(({ points }, of) => points.map(([x, y]) => ({ of, x, y })))
    .toSorted((left, right) => left.x - right.x)
  const lines = { stroke: color('line'), width: 1, filter: decades }
  const everyMark = {
    filter: all,
    grid: { ...lines, filter: all },
    ticks: { ...lines, filter: all },
  }
  const axis = { stroke: color('dim'), filter: decades, grid: lines, ticks: lines }
  return new UPlot(
    {
      width: Math.max(260, element.clientWidth),
      height,
      scales: { x: { time: false, distr: 3 }, y: isLinear ? fromZero : { distr: 3 } },
      axes: [
        { ...axis, label: against },
        isLinear ? { ...axis, ...everyMark, size: 64 } : { ...axis, size: 64 },
      ],
      cursor: { show: false },
      legend: { live: false },
      series: [
        { label: against },
        ...series.map(({ label }, index) => {
          const stroke = strokes[index % strokes.length] ?? 'gray'
          return {
            label,
            stroke,
            // Lives are points; what lies between two of them nobody saw.
            paths: () => null,
            points: { show: true, size: 7, fill: stroke },
          }
        }),
      ],
    },
    [
      dots.map(({ x }) => x),
      ...series.map((_, index) => dots.map(({ of, y }) => (of === index ? y : null))),
    ],
    element,
  )
}

const fromZero: UPlot.Scale = { range: { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.15 } } }

function all(_: UPlot, marks: readonly number[]): number[] {
  return [...marks]
}

/** Of the marks on a logarithmic axis those that are powers of ten: the others would fill the plot. */
function decades(_: UPlot, marks: readonly number[]): (number | null)[] {
  return marks.map((mark) => (Number.isInteger(Math.log10(mark)) ? mark : null))
}
