import { describe, expect, it } from 'vitest'
import { FormatVersionError, JournalCorruptError } from '../../src/errors.ts'
import type { JsonValue } from '../../src/json.ts'
import { decodeRecords } from '../../src/records.ts'

const decode = (body: JsonValue): unknown => decodeRecords([{ seq: 7, epoch: 2, body }])[0]
const settle = { type: 'settle', key: 'a', args: 'h', kind: 'step', status: 'done' }

describe('records', () => {
  it('a record keeps its place and members that a later version may add', () => {
    const record = { ...settle, extra: 1 }
    expect(decode(record)).toEqual({ seq: 7, epoch: 2, record })
  })

  it.each([
    ['nothing', null],
    ['a list', []],
    ['a text', 'settle'],
    ['no type', {}],
    ['an unknown type', { type: 'checkpoint' }],
    ['the name of a member of every object', { type: 'constructor' }],
    ['another name of that kind', { type: '__proto__' }],
    ['a type that is no text', { type: 5 }],
    ['a settle record without a key', { ...settle, key: null }],
    ['a settle record whose key is a number', { ...settle, key: 5 }],
    [
      'an iteration without a state',
      { type: 'iterate', key: 'a', args: 'h', index: 0, done: false },
    ],
    [
      'an iteration whose index is a text',
      { type: 'iterate', key: 'a', args: 'h', index: '0', state: 1, done: false },
    ],
    ['an end without a status', { type: 'end' }],
  ])('%s is damage, with its seq', (_, body) => {
    expect(() => decode(body)).toThrow(JournalCorruptError)
    expect(() => decode(body)).toThrow(/at seq 7/)
  })

  it('a run of another format version is refused as such', () => {
    const begin = { type: 'begin', version: 2, at: 1, nonce: 'n' }
    expect(() => decode(begin)).toThrow(FormatVersionError)
    expect(() => decode({ ...begin, nonce: 5, version: 1 })).toThrow(JournalCorruptError)
  })
})
