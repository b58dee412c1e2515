import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { noCases } from '../../../../harness/report/result/case-columns.ts'
import { mergeResults } from '../../../../harness/report/result/merge.ts'
import {
  parseResult,
  splitToken,
  stringifyResult,
} from '../../../../harness/report/result/result.ts'
import { hostile, madeResult } from '../made-result.ts'
import { jsonSchemaText } from './json-schema.ts'

describe('result: the file', () => {
  it('reading what was written gives the same', () => {
    const result = madeResult({ text: hostile })
    expect(parseResult(stringifyResult(result), 'r')).toEqual(result)
  })

  it('the JSON Schema that ships is that of the source', async () => {
    const url = new URL('../../../../harness/report/result/result.schema.json', import.meta.url)
    expect(readFileSync(url, 'utf8')).toBe(await jsonSchemaText())
  })

  it.each([
    ['no JSON', '{', 'RESULT_INVALID'],
    ['another thing', '{"version":1}', 'RESULT_INVALID'],
    ['another version', '{"schema":"killpoint-result","version":9}', 'RESULT_VERSION'],
    [
      'a ragged column',
      stringifyResult({ ...madeResult(), cases: { ...madeResult().cases, lives: [] } }),
      'RESULT_INVALID',
    ],
    [
      'a place that is none',
      stringifyResult({ ...madeResult(), cases: { ...madeResult().cases, verdicts: [] } }),
      'RESULT_INVALID',
    ],
  ])('%s is refused', (_, text, code) => {
    expect(() => parseResult(text, 'r')).toThrow(expect.objectContaining({ code }))
  })

  it('a token comes apart before its schedule', () => {
    expect(splitToken('kp1:loop:./a=3Ab.ts:abc~0.1:posix:K3,P4')).toEqual([
      'kp1:loop:./a=3Ab.ts:abc~0.1:posix:',
      'K3,P4',
    ])
  })
})

describe('result: merging', () => {
  const shard = (index: number, of: number): ReturnType<typeof madeResult> => {
    const { cases, ...made } = madeResult({ fails: false })
    const slot = cases.slot.map((each) => each * of + index - 1)
    return { ...made, cases: { ...cases, slot }, shards: [{ seed: 'abc', index, of }] }
  }

  it('a part that is there twice is refused', () => {
    const twice = [shard(1, 2), shard(2, 2), shard(1, 2)]
    expect(() => mergeResults(twice)).toThrow(
      expect.objectContaining({
        code: 'RESULT_MISMATCH',
        message: expect.stringContaining(
          '40 of the 40 places of part 3 are those of an earlier part\n  hint: name each part once',
        ),
      }),
    )
  })

  it('a shard of an exploration that is there twice is refused', () => {
    const explored = (index: number): ReturnType<typeof madeResult> => ({
      ...shard(index, 2),
      command: 'explore',
      cases: noCases(),
    })
    expect(() => mergeResults([explored(1), explored(1)])).toThrow('repeat each other')
    expect(mergeResults([explored(1), explored(2)]).shards).toEqual([])
  })

  it('a shard that is missing makes the whole inconclusive', () => {
    const merged = mergeResults([shard(1, 3), shard(3, 3)])
    expect(merged.verdict).toBe('INCONCLUSIVE')
    expect(merged.inconclusive).toEqual(['shards are missing: 2 of 3 (seed abc)'])
  })

  it('points of a workload count once, cases of the parts add up', () => {
    const merged = mergeResults([shard(1, 2), shard(2, 2)])
    expect(merged.coverage[0]?.cases).toBe(80)
    expect(merged.coverage[0]?.workloads).toEqual(shard(1, 2).coverage[0]?.workloads)
    expect(merged.shards).toEqual([])
  })

  it('recoveries of the parts join to one sample, each life once', () => {
    const second = shard(2, 2)
    const later = (second.recoveries ?? []).map((each) => ({ ...each, life: 3 }))
    const merged = mergeResults([shard(1, 2), { ...second, recoveries: later }])
    expect(merged.recoveries).toHaveLength(16)
    const same = { ...second, cases: noCases() }
    expect(mergeResults([merged, same]).recoveries).toEqual(merged.recoveries)
  })

  it('results of other code or other scenarios are refused', () => {
    const other = madeResult()
    other.environment.git = '1234567 (clean)'
    expect(() => mergeResults([madeResult(), other])).toThrow(
      expect.objectContaining({ code: 'RESULT_MISMATCH' }),
    )
  })
})
