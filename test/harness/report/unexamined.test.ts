/** A pass says which claims nothing has examined. */
import { expect, it } from 'vitest'
import { sayResult } from '../../../harness/commands/result.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import type { Result } from '../../../harness/report/result/result.ts'
import { summary } from '../../../harness/report/summary.ts'
import { madeResult } from './made-result.ts'

const made = { ...madeResult({ fails: false }), failures: [], untold: 0 }
const why = 'no two lives of it are the same (claim serial)'
const skipped = made.explored.map((each) => ({
  ...each,
  counts: { ...each.counts, checked: 0 },
  skipped: why,
}))
const part = '✓ what was looked at holds; the rest is not known'
const told = 'power of file: no crash state of it was explored'

function claiming(...claims: readonly string[]): Result['systems'] {
  return made.systems.map((each) => ({ ...each, claims: [...claims] }))
}

it.each<readonly [string, Partial<Result>, readonly string[]]>([
  ['power, and crash states were explored', {}, ['✓ all of it holds']],
  ['power, and was skipped', { explored: skipped }, [`not examined: ${told}: ${why}`, part]],
  ['power, and nothing was explored', { explored: [] }, [`not examined: ${told}`, part]],
  [
    'no power, and nothing was explored',
    { explored: [], systems: claiming('process') },
    ['✓ all of it holds'],
  ],
])('a system that claims %s: the last lines say so', (_, more, lines) => {
  const result = { ...made, ...more }
  const output = keptOutput()
  sayResult(result, output)
  expect(output.lines.slice(-lines.length)).toEqual(lines)
  expect(output.lines.filter((line) => line.startsWith('not examined'))).toHaveLength(
    lines.length - 1,
  )
  expect(summary(result).includes('**Not examined**')).toBe(lines.length > 1)
})
