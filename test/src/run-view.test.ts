import { describe, expect, it } from 'vitest'
import type { PlacedRecord, RunRecord } from '../../src/records.ts'
import { findScope, openKeys, viewRun } from '../../src/run-view.ts'

const args = 'h'
const begin: RunRecord = { type: 'begin', version: 1, at: 0, nonce: 'n' }
const settle = (key: string, value = 'v'): RunRecord => ({
  type: 'settle',
  key,
  args,
  kind: 'step',
  status: 'done',
  value,
})
const intent = (key: string): RunRecord => ({
  type: 'intent',
  key,
  args,
  kind: 'step',
  effect: 'once',
})
const spawn = (key: string): RunRecord => ({ type: 'spawn', key, args, driver: 'd' })
const iterate = (key: string, index: number, done = false): RunRecord => ({
  type: 'iterate',
  key,
  args,
  index,
  state: index,
  done,
})
const end: RunRecord = { type: 'end', status: 'done' }

function view(
  ...records: readonly (RunRecord | [number, RunRecord])[]
): ReturnType<typeof viewRun> {
  return viewRun(
    records.map((each, index): PlacedRecord => {
      const [epoch, record] = Array.isArray(each) ? each : [1, each]
      return { seq: index + 1, epoch, record }
    }),
  )
}

describe('the run as its records tell it', () => {
  it('keeps settlements in journal order, and the first of a key', () => {
    const { root, kept } = view(begin, settle('b'), settle('a', 'first'), settle('a', 'second'))
    expect([...root.settled.keys()]).toEqual(['b', 'a'])
    expect(root.settled.get('a')).toMatchObject({ seq: 3, record: { value: 'first' } })
    expect(kept).toBe(2)
  })

  it('keeps every intent of what is not settled, and none of what is', () => {
    const { root } = view(begin, intent('a'), intent('a'), intent('b'), settle('b'))
    expect(root.intents.get('a')).toHaveLength(2)
    expect([...openKeys(root)]).toEqual(['a'])
  })

  it('finds what an unfinished child and an unfinished iteration hold', () => {
    const { root } = view(
      begin,
      spawn('c'),
      settle('c/x'),
      settle('l/0/y'),
      spawn('c/d'),
      settle('c/d/z'),
    )
    expect([...(findScope(root, 'c')?.settled.keys() ?? [])]).toEqual(['c/x'])
    expect([...(findScope(root, 'c/d')?.settled.keys() ?? [])]).toEqual(['c/d/z'])
    expect([...(findScope(root, 'l/0')?.settled.keys() ?? [])]).toEqual(['l/0/y'])
    expect(findScope(root, 'c/x')).toBeUndefined()
    expect([...openKeys(root)].sort()).toEqual(['c', 'l'])
  })

  it('drops what a settled child and a committed iteration hold', () => {
    const { root } = view(
      begin,
      spawn('c'),
      settle('c/x'),
      settle('c'),
      settle('l/0/y'),
      iterate('l', 0),
      settle('l/1/y'),
    )
    expect(findScope(root, 'c')).toBeUndefined()
    expect(findScope(root, 'l/0')).toBeUndefined()
    expect(findScope(root, 'l/1')?.settled.size).toBe(1)
    expect(root.iterated.get('l')?.index).toBe(0)
  })

  it('a loop that is done is settled, and counted once', () => {
    const { root, kept } = view(begin, iterate('l', 0), iterate('l', 1, true))
    expect(root.settled.get('l')?.record).toMatchObject({ type: 'iterate', index: 1 })
    expect(root.iterated.size).toBe(0)
    expect(kept).toBe(2)
  })

  it('intents and spawns are no progress, everything else is', () => {
    expect(view(begin, [2, intent('a')], [3, spawn('c')]).progressEpoch).toBe(1)
    expect(view(begin, [4, settle('a')]).progressEpoch).toBe(4)
    expect(view(begin, [5, iterate('l', 0)]).progressEpoch).toBe(5)
  })

  it('nothing after the end counts', () => {
    const { root, end: ended } = view(begin, end, settle('a'), { type: 'end', status: 'failed' })
    expect(root.settled.size).toBe(0)
    expect(ended?.status).toBe('done')
  })

  it('knows every message that a record names', () => {
    const consumed: RunRecord = { ...settle('s'), kind: 'signal', message: 'm1' } as RunRecord
    expect([
      ...view(begin, consumed, { type: 'end', status: 'cancelled', message: 'm2' }).consumed,
    ]).toEqual(['m1', 'm2'])
  })

  it('the note of the root driver is no unit', () => {
    const { driver, root } = view(begin, spawn(''))
    expect(driver?.driver).toBe('d')
    expect(openKeys(root).size).toBe(0)
  })

  it('a long run with many open scopes is folded in linear time', () => {
    const records: PlacedRecord[] = [{ seq: 1, epoch: 1, record: begin }]
    for (let index = 0; index < 20_000; index++) {
      records.push({ seq: 0, epoch: 1, record: spawn(`open${index}`) })
      records.push({ seq: 0, epoch: 1, record: settle(`open${index}/x`) })
      records.push({ seq: 0, epoch: 1, record: iterate('l', index) })
    }
    // Quadratic work would be some 10^9 comparisons here, and reach the test's own limit.
    expect(viewRun(records).root.below.size).toBe(20_000)
  })
})
