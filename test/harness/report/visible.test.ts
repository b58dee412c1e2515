import { expect, it } from 'vitest'
import { quoted } from '../../../harness/report/visible.ts'

it('lines of somebody else begin no command in a log, colour nothing and turn nothing around', () => {
  expect(quoted(['::error file=a.ts::x', '\u001b[31mred', 'a\u202eb'])).toEqual([
    '| ::error file=a.ts::x',
    String.raw`| \u001b[31mred`,
    String.raw`| a\u202eb`,
  ])
})
