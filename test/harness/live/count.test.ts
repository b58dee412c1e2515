import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { countFilePath, readCount } from '../../../harness/live/count.ts'

let directory = ''
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'killpoint-count-'))))
afterEach(() => rmSync(directory, { recursive: true }))

function count(...phases: readonly number[]): ReturnType<typeof readCount> {
  const bytes = Buffer.alloc(4 * phases.length)
  phases.forEach((phase, index) => bytes.writeUInt32LE(phase, 4 * index))
  writeFileSync(countFilePath(directory), bytes)
  return readCount(countFilePath(directory))
}

describe('count', () => {
  it.each([
    ['nothing', [], { begun: 0, open: [] }],
    ['an op that began', [2], { begun: 1, open: [1] }],
    ['an op that was completed', [2, 3], { begun: 1, open: [] }],
    ['the second op under way', [2, 3, 4], { begun: 2, open: [2] }],
    ['overlapping ops', [2, 4, 5, 6], { begun: 3, open: [1, 3] }],
  ] as const)('tells %s', (_, phases, expected) => {
    expect(count(...phases)).toEqual(expected)
  })

  it('takes a number that the kill tore for an op that had not begun', () => {
    writeFileSync(countFilePath(directory), Buffer.from([2, 0, 0, 0, 3, 0, 0, 0, 4, 0]))
    expect(readCount(countFilePath(directory))).toEqual({ begun: 1, open: [] })
  })

  it('tells a file that is not there from an empty one', () => {
    expect(readCount(join(directory, 'none'))).toBeUndefined()
  })
})
