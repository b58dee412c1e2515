import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ledgerLine, parseLedger, readLedger } from '../../harness/ledger.ts'
import type { Mark } from '../../harness/mark.ts'

/** One mark of every kind. */
const marks: readonly Mark[] = [
  { life: 1, mark: 'life', pid: 7, verb: 'run', takeover: 'if-dead', clockMs: 5, realMs: 0.5 },
  { life: 1, mark: 'begin' },
  { life: 1, mark: 'resolved', epoch: 1 },
  { life: 1, mark: 'recovered', epoch: 1, hashes: [] },
  { life: 1, mark: 'appending', epoch: 1, hashes: ['a'] },
  { life: 1, mark: 'ack', epoch: 1, hashes: ['a'] },
  { life: 1, mark: 'refused', at: 'append', epoch: 1, code: 'FENCED', message: 'm' },
  { life: 1, mark: 'refused', at: 'open', code: 'RUN_OWNED' },
  {
    life: 1,
    mark: 'effect',
    step: 's',
    effect: 'once',
    key: 'k',
    args: '',
    nonce: 'n',
    epoch: 1,
    attempt: 1,
  },
  { life: 1, mark: 'observed', step: 's', nonce: '', state: 'unknown' },
  { life: 1, mark: 'timer', step: 't', phase: 'armed', due: 9, at: 4 },
  { life: 1, mark: 'signal-acked', name: 'go', message: 'm1' },
  { life: 1, mark: 'consumed', step: 'w', name: 'go', message: 'm1' },
  { life: 1, mark: 'cancel-acked', won: true },
  { life: 1, mark: 'spawn', child: 'c', parent: 'root' },
  { life: 1, mark: 'settle', child: 'c', status: 'done' },
  { life: 1, mark: 'reserve', step: 's', amount: 0.25 },
  { life: 1, mark: 'spend', step: 's', amount: 0 },
  { life: 1, mark: 'model-request', step: 'm', format: 'anthropic', messages: [{ a: null }] },
  { life: 1, mark: 'done', status: 'failed', outcome: { s: 'unknown' }, code: 'BUDGET' },
  { life: 1, mark: 'fault', fault: 'K37', stream: '1', op: 37 },
  { life: 1, mark: 'exit', code: null, signal: 'SIGKILL', realMs: 1 },
  { life: 1, mark: 'stopped' },
  { life: 1, mark: 'continued' },
  { life: 1, mark: 'wedged', quietMs: 5, confirmed: false },
  { life: 1, mark: 'note', text: 'any "text"\n' },
]

function problems(text: string | Uint8Array): readonly string[] {
  return readLedger(Buffer.from(text)).problems.map(
    ({ line, kind, message }) => `${line} ${kind}: ${message}`,
  )
}

const begin = '{"life":1,"mark":"begin"}\n'

describe('ledger', () => {
  test('every mark comes back from its line', () => {
    const bytes = Buffer.concat(marks.map(ledgerLine))
    expect(parseLedger(bytes).map(({ mark }) => mark)).toEqual(marks)
    expect(parseLedger(bytes).map(({ line }) => line)).toEqual(marks.map((_, index) => index + 1))
  })

  test('an empty ledger is a ledger', () => {
    expect(parseLedger(Buffer.alloc(0))).toEqual([])
  })

  test.each([
    ['hello\n', '1 garbage: expected JSON, found "hello"'],
    [`${begin}\n${begin}`, '2 garbage: expected JSON, found ""'],
    [`${begin}{"life":1,"ma`, '2 torn: the last line has no newline: "{\\"life\\":1,\\"ma"'],
    [begin.trim(), '1 torn: the last line has no newline: "{\\"life\\":1,\\"mark\\":\\"begin\\"}"'],
    ['[]\n', '1 schema: expected an object, found object'],
    ['null\n', '1 schema: expected an object, found null'],
    ['7\n', '1 schema: expected an object, found number'],
    ['{"life":1}\n', '1 schema: "mark" is missing; known are begin, resolved'],
    ['{"life":1,"mark":"constructor"}\n', '1 schema: "mark" is "constructor"; known are begin'],
    ['{"life":1,"mark":7}\n', '1 schema: "mark" is 7; known are begin'],
    ['{"mark":"begin"}\n', '1 schema: begin.life: Invalid key: Expected "life"'],
    ['{"life":"1","mark":"begin"}\n', '1 schema: begin.life: Invalid type: Expected number'],
    ['{"life":0,"mark":"begin"}\n', '1 schema: begin.life: Invalid value: Expected >=1'],
    ['{"life":1.5,"mark":"begin"}\n', '1 schema: begin.life: Invalid safe integer'],
    ['{"life":1,"mark":"begin","x":1}\n', '1 schema: begin.x: Invalid key: Expected never'],
    ['{"life":1,"mark":"begin","__proto__":{}}\n', '1 schema: the member .__proto__ would change'],
    [
      '{"life":1,"mark":"done","status":"done","outcome":{"a":1}}\n',
      '1 schema: done.outcome: expected an object of texts',
    ],
    [
      '{"life":1,"mark":"done","status":"done","outcome":{"__proto__":"x"}}\n',
      '1 schema: the member .outcome.__proto__ would change',
    ],
    [
      '{"life":1,"mark":"model-request","step":"m","format":"gemini","messages":[{"__proto__":1}]}\n',
      '1 schema: the member .messages.0.__proto__ would change',
    ],
    [
      '{"life":1,"mark":"ack","epoch":1,"hashes":["a",null]}\n',
      '1 schema: ack.hashes.1: Invalid type: Expected string',
    ],
    [
      '{"life":1,"mark":"exit","code":0,"realMs":1}\n',
      '1 schema: exit.signal: Invalid key: Expected "signal"',
    ],
  ])('%j is a problem with its line', (text, expected) => {
    expect(problems(text).at(-1)).toContain(expected)
    expect(() => parseLedger(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'LEDGER_MALFORMED' }),
    )
  })

  test('a line over the limit is a problem, one below it is none', () => {
    const note = (length: number): string =>
      `{"life":1,"mark":"note","text":"${'x'.repeat(length)}"}\n`
    const over = 2 ** 20 - note(0).length
    expect(problems(note(over))).toEqual([])
    expect(problems(note(over + 1))).toEqual([
      '1 oversized: 1048576 bytes; a line holds at most 1048575',
    ])
  })

  test('bytes that are no UTF-8 are garbage', () => {
    expect(problems(Buffer.concat([Buffer.from(begin), Buffer.from([0xff, 0x0a])]))[0]).toMatch(
      /^2 garbage/,
    )
  })

  test('the rest of a line in front of the exit of a killed life is torn, elsewhere it is garbage', () => {
    const killed = ledgerLine({ life: 1, mark: 'exit', code: null, signal: 'SIGKILL', realMs: 1 })
    const ended = ledgerLine({ life: 1, mark: 'exit', code: 1, signal: null, realMs: 1 })
    expect(problems(`{"lif\n${killed.toString()}`)[0]).toMatch(/^1 torn/)
    expect(problems(`{"lif\n${ended.toString()}`)[0]).toMatch(/^1 garbage/)
    expect(problems(`{"lif\n${begin}${killed.toString()}`)[0]).toMatch(/^1 garbage/)
  })

  test('all other lines of a bad ledger are read', () => {
    const { entries, problems } = readLedger(Buffer.from(`${begin}x\n${begin}`))
    expect(entries.map(({ line }) => line)).toEqual([1, 3])
    expect(problems).toHaveLength(1)
  })

  test('any bytes at all give entries and problems, one for each line, and never an exception (law)', () => {
    const line = fc.oneof(
      fc.string().map((text) => text.replaceAll('\n', '')),
      fc.json(),
      fc.constantFrom(...marks).map((mark) => JSON.stringify(mark)),
      fc
        .record({ life: fc.nat(2), mark: fc.constantFrom('begin', 'ack', 'done') })
        .map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const ledger = readLedger(Buffer.from(lines.map((each) => `${each}\n`).join('')))
        expect(ledger.entries.length + ledger.problems.length).toBe(lines.length)
      }),
      { seed: 31, numRuns: 500 },
    )
  })

  test('the writer refuses what the reader would refuse', () => {
    expect(() => ledgerLine({ life: 0, mark: 'begin' })).toThrow(
      expect.objectContaining({ code: 'LEDGER_WRITE' }),
    )
  })
})
