/**
 * A grid of any number of rows, of which those in sight are in the document. Arrow keys, Page Up and Down, Home and End move the
 * active cell, Enter opens it. Printed, it shows its first rows and says how many there are.
 */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** A column. */
export interface GridColumn {
  readonly name: string
  /** Width, as a track of a CSS grid. */
  readonly width: string
  readonly isNumber?: boolean
}

interface GridProps {
  readonly id: string
  readonly label: string
  readonly columns: readonly GridColumn[]
  readonly count: number
  readonly rowHeight: number
  readonly rowsShown: number
  readonly cell: (row: number, column: number) => ComponentChildren
  readonly onOpen: (row: number, column: number) => void
  /** Row to bring into sight; a new object each time. */
  readonly goTo?: { readonly row: number } | undefined
}

const overscan = 8
const printedMax = 200
/** Browsers give up on elements that are much taller. */
const heightMax = 12_000_000

/** The grid. */
export function VirtualGrid(props: GridProps): JSX.Element {
  const { id, label, columns, count, rowHeight, rowsShown, cell, onOpen, goTo } = props
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [active, setActive] = useState({ row: 0, column: 0 })
  const [isPrinting, setPrinting] = useState(false)
  const viewHeight = Math.min(count, rowsShown) * rowHeight
  const height = Math.min(count * rowHeight, heightMax)
  // Beyond the tallest element a row of scrolling stands for several.
  const scale = height <= viewHeight ? 1 : (count * rowHeight - viewHeight) / (height - viewHeight)
  const offset = top * scale
  const first = isPrinting ? 0 : Math.max(0, Math.floor(offset / rowHeight) - overscan)
  const shown = isPrinting ? printedMax : rowsShown + 2 * overscan
  const last = Math.min(count, first + shown)

  const reveal = (row: number): void => {
    const element = box.current
    if (element === null) return
    const from = element.scrollTop * scale
    if (row * rowHeight < from) element.scrollTop = (row * rowHeight) / scale
    else if ((row + 1) * rowHeight > from + viewHeight)
      element.scrollTop = ((row + 1) * rowHeight - viewHeight) / scale
  }
  useEffect(() => {
    const begin = (): void => setPrinting(true)
    const end = (): void => setPrinting(false)
    window.addEventListener('beforeprint', begin)
    window.addEventListener('afterprint', end)
    return () => {
      window.removeEventListener('beforeprint', begin)
      window.removeEventListener('afterprint', end)
    }
  }, [])
  useEffect(() => {
    if (goTo === undefined) return
    setActive(({ column }) => ({ row: goTo.row, column }))
    const element = box.current
    if (element !== null)
      element.scrollTop = Math.max(0, goTo.row * rowHeight - viewHeight / 2) / scale
  }, [goTo])
  useEffect(() => {
    if (active.row >= count) setActive({ row: Math.max(0, count - 1), column: active.column })
  }, [count])

  const move = (row: number, column: number): void => {
    const next = {
      row: Math.min(count - 1, Math.max(0, row)),
      column: Math.min(columns.length - 1, Math.max(0, column)),
    }
    setActive(next)
    reveal(next.row)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const { row, column } = active
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + rowsShown, column],
      PageUp: [row - rowsShown, column],
      Home: [0, column],
      End: [count - 1, column],
    }
    const to = moves[event.key]
    if (to !== undefined) move(...to)
    else if (event.key === 'Enter' || event.key === ' ') onOpen(row, column)
    else return
    event.preventDefault()
  }
  const template = columns.map(({ width }) => width).join(' ')
  const cellId = (row: number, column: number): string => `${id}-${row}-${column}`
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index)
  return (
    <div class="grid-frame">
      <div
        ref={box}
        class="grid"
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={count + 1}
        aria-colcount={columns.length}
        {...(count > 0 && active.row >= first && active.row < last
          ? { 'aria-activedescendant': cellId(active.row, active.column) }
          : {})}
        style={{ height: isPrinting ? 'auto' : `${viewHeight + headHeight}px` }}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
      >
        <div
          class="grid-head"
          role="row"
          aria-rowindex={1}
          style={{ gridTemplateColumns: template }}
        >
          {columns.map(({ name, isNumber }) => (
            <div role="columnheader" class={isNumber === true ? 'number' : ''}>
              {name}
            </div>
          ))}
        </div>
        <div
          role="presentation"
          class="grid-body"
          style={{ height: isPrinting ? 'auto' : `${height}px` }}
        >
          <div
            role="presentation"
            style={
              isPrinting ? {} : { transform: `translateY(${top + first * rowHeight - offset}px)` }
            }
          >
            {rows.map((row) => (
              <div
                key={row}
                role="row"
                aria-rowindex={row + 2}
                class={row === active.row ? 'grid-row active' : 'grid-row'}
                style={{ gridTemplateColumns: template, height: `${rowHeight}px` }}
              >
                {columns.map(({ isNumber }, column) => (
                  <div
                    id={cellId(row, column)}
                    role="gridcell"
                    class={[
                      isNumber === true ? 'number' : '',
                      row === active.row && column === active.column ? 'here' : '',
                    ].join(' ')}
                    onClick={() => {
                      setActive({ row, column })
                      onOpen(row, column)
                    }}
                  >
                    {cell(row, column)}
                  </div>
                ))}
              </div>
            ))}
          </div>
        </div>
      </div>
      {isPrinting && count > printedMax ? (
        <p>
          {printedMax} of {count} rows
        </p>
      ) : null}
    </div>
  )
}

const headHeight = 30
