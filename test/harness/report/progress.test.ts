import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { explorationLine } from '../../../harness/report/progress-line.ts'
import { progressOn } from '../../../harness/report/progress.ts'

/** A stream that keeps what is written to it; `text` gives what came since it was last asked. */
function stream(isTTY: boolean): { readonly out: NodeJS.WriteStream; readonly text: () => string } {
  let kept = ''
  const writable = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      kept += chunk.toString()
      done()
    },
  })
  const out = Object.assign(writable, { isTTY, columns: 80, rows: 24 })
  const text = (): string => {
    const said = kept
    kept = ''
    return said
  }
  return { out: out as unknown as NodeJS.WriteStream, text }
}

it('progress: a log gets the first line, every hundredth, and all that stays', () => {
  const { out, text } = stream(false)
  const progress = progressOn(out)
  for (let count = 1; count <= 250; count++) progress.update(`${count} cases`)
  progress.print('✗ LOST_COMMIT')
  progress.end()
  expect(text()).toBe('1 cases\n100 cases\n200 cases\n✗ LOST_COMMIT\n')
})

it('progress: a terminal gets one line that is rewritten, and taken away at the end', () => {
  const { out, text } = stream(true)
  const progress = progressOn(out)
  progress.update('1 cases')
  progress.update('2 cases')
  expect(text()).toContain('\u001b[2K')
  progress.print('✗ LOST_COMMIT')
  expect(text()).toMatch(/✗ LOST_COMMIT\n$/)
  progress.update('3 cases')
  text()
  progress.end()
  expect(text()).toContain('\u001b[2K')
})

it('progress: none at all where a machine reads', () => {
  const { out, text } = stream(true)
  const progress = progressOn(out, true)
  progress.update('1 cases')
  progress.print('✗ LOST_COMMIT')
  progress.end()
  expect(text()).toBe('')
})

it('progress: of an exploration, what was checked, what is left, and where', () => {
  const told = { through: 'crash points', done: 20, of: 60, checked: 400, findings: 1 } as const
  const where = { scenario: 'loop', system: 'file', scenariosLeft: 3 }
  expect(explorationLine({ ...told, ...where, elapsedMs: 10_000 })).toBe(
    '400 cases checked  findings 1  40/s  20/60 crash points  ~800 cases left there  ~20 s left  scenarios to come 3  loop × file',
  )
  expect(explorationLine({ ...told, ...where, elapsedMs: 10_000, leftMs: 5_000 })).toContain(
    '~5 s left',
  )
  const errors = { ...told, ...where, through: 'storage errors' } as const
  expect(explorationLine({ ...errors, elapsedMs: 900 })).toBe(
    '400 cases checked  findings 1  20/60 storage errors  scenarios to come 3  loop × file',
  )
})
