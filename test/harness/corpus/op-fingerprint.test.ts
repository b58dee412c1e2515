import { describe, expect, it } from 'vitest'
import {
  findOp,
  findOps,
  fingerprintOp,
  kindOfPath,
} from '../../../harness/corpus/op-fingerprint.ts'
import type { Op } from '../../../harness/op.ts'
import type { TracedOp } from '../../../harness/trace.ts'

let numbers = 0

function traced(op: Op, more: Partial<TracedOp> = {}): TracedOp {
  numbers += 1
  return {
    stream: '1',
    n: numbers,
    op,
    form: 'sync',
    frames: [],
    called: { position: 0, at: 0 },
    result: {},
    ...more,
  }
}

function trace(...make: readonly (() => TracedOp)[]): readonly TracedOp[] {
  numbers = 0
  return make.map((each) => each())
}

const sync =
  (path = 'run/000001.log', site?: string) =>
  (): TracedOp =>
    traced({ kind: 'datasync', path, node: 3 }, site === undefined ? {} : { frames: [site] })
const write = (): TracedOp =>
  traced({ kind: 'write', path: 'run/000001.log', node: 3, offset: 0, length: 9 })
const mark = (name: string, step?: string) => (): TracedOp => {
  const bytes = Buffer.from(JSON.stringify({ life: 1, mark: name, step }))
  return traced({ kind: 'mark', length: bytes.length }, { bytes })
}
const site = ([frame]: readonly string[]): string | undefined => frame

describe('op fingerprints: what an op is', () => {
  it.each([
    ['run/000001.log', 'run/#.log'],
    ['run/000001.2oafd4v2a6.tmp', 'run/#.#.tmp'],
    ['notes.jsonl', 'notes.jsonl'],
    ['.', '.'],
  ])('the kind of %s is %s', (path, kind) => {
    expect(kindOfPath(path)).toBe(kind)
  })

  it('a sync is the nth of its kind on its kind of file, and at its line where that is known', () => {
    const ops = trace(sync(), write, sync('run/000002.log', 'a.ts:7'), sync(undefined, 'a.ts:7'))
    expect(fingerprintOp(ops, 4, site)).toEqual([
      { like: 'datasync run/#.log at a.ts:7', nth: 2, of: 2 },
      { like: 'datasync run/#.log', nth: 3, of: 3 },
    ])
  })

  it('a mark is known by its step first', () => {
    const ops = trace(mark('effect', 's1'), mark('effect', 's2'), mark('done'))
    expect(fingerprintOp(ops, 2)).toEqual([
      { like: 'mark effect of s2', nth: 1, of: 1 },
      { like: 'mark effect', nth: 2, of: 2 },
    ])
    expect(fingerprintOp(ops, 3)).toEqual([{ like: 'mark done', nth: 1, of: 1 }])
  })

  it('a file is known by the name that it was published under', () => {
    const link = (): TracedOp =>
      traced({ kind: 'link', node: 3, from: 'run/x.tmp', to: 'run/000001.log' })
    const ops = trace(sync('run/x.tmp'), link)
    expect(fingerprintOp(ops, 1)?.[0]?.like).toBe('datasync run/#.log')
  })

  it('an op that is not there has none', () => {
    expect(fingerprintOp(trace(write), 2)).toBeUndefined()
  })
})

describe('op fingerprints: finding the op again', () => {
  const before = trace(mark('effect', 's1'), sync(), mark('effect', 's2'), write, sync())

  it.each([1, 2, 3, 4, 5])('op %i is itself in the same trace', (n) => {
    const fingerprint = fingerprintOp(before, n)
    expect(findOp(before, fingerprint ?? [])).toBe(n)
    expect(findOps(before, fingerprint ?? [])[0]).toBe(n)
  })

  it('follows the op when others come before it', () => {
    const after = trace(write, write, mark('effect', 's1'), sync(), mark('effect', 's2'), sync())
    expect(findOp(after, fingerprintOp(before, 5) ?? [])).toBe(6)
    expect(findOp(after, fingerprintOp(before, 3) ?? [])).toBe(5)
  })

  it('follows the mark by its order where the step has another id', () => {
    const after = trace(mark('effect', 't7'), write, mark('effect', 't9'))
    expect(findOp(after, fingerprintOp(before, 3) ?? [])).toBe(3)
  })

  it('asks from the end too where a shrink took ops away in front', () => {
    const after = trace(write, sync())
    const fingerprint = fingerprintOp(before, 5) ?? []
    expect(findOp(after, fingerprint)).toBeUndefined()
    expect(findOps(after, fingerprint)).toEqual([2])
  })
})
