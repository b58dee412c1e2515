/** Marks of lives in memory: what is remembered of lines never says anything else than the ledger reader does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MarkReader } from '../../../harness/explorer/mark-reader.ts'
import { readLedger, whyNoLedger } from '../../../harness/ledger.ts'

const lines = [
  '{"life":1,"mark":"begin"}\n',
  '{"life":2,"mark":"begin"}\n',
  '{"life":1,"mark":"resolved","epoch":3}\n',
  '{"life":1,"mark":"settle","child":"a","status":"done"}\n',
]
/** What is no line, or no mark, or more than one of them. */
const others = ['{"life":1,"mark":"be', 'gin"}\n', '{"mark":"begin"}\n', 'x\n', '', lines.join('')]

test('it reads whatever lives write as the ledger reader reads it, in any order of lives', () => {
  const write = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...lines) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
  const lives = fc.array(fc.array(write, { maxLength: 8 }), { maxLength: 6 })
  fc.assert(
    fc.property(lives, (all) => {
      const reader = new MarkReader()
      for (const writes of all) {
        const { entries, problems } = readLedger(Buffer.from(writes.join('')))
        const { marks, why } = reader.read(writes)
        expect(marks).toEqual(entries.map(({ mark }) => mark))
        expect(why).toBe(whyNoLedger(problems))
      }
    }),
  )
})
