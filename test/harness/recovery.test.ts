import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptMax, RecoverySample, sizeOf, type RecoveryPoint } from '../../harness/recovery.ts'

const point: fc.Arbitrary<RecoveryPoint> = fc.record({
  scenario: fc.constantFrom('loop', 'tree'),
  system: fc.constantFrom('file', 'sqlite'),
  engine: fc.constantFrom('explorer', 'live'),
  token: fc.nat(200).map((op) => `kp1:loop:file:abc:posix:K${op}`),
  life: fc.constantFrom(2, 3),
  bytes: fc.nat(70),
})

/** A token and a life name one life, as in a campaign. */
const points = fc.uniqueArray(point, {
  selector: ({ token, life }) => `${token} ${life}`,
  maxLength: 150,
})

function sampled(...parts: readonly (readonly RecoveryPoint[])[]): readonly RecoveryPoint[] {
  const sample = new RecoverySample()
  for (const each of parts.flat()) sample.add(each)
  return sample.list()
}

describe('recoveries: a sample', () => {
  it('is the same in whatever order lives came, and however often', () => {
    fc.assert(
      fc.property(points, (all) => {
        expect(sampled(all.toReversed(), all)).toEqual(sampled(all))
      }),
    )
  })

  it('of parts joins to that of the whole, however the lives were dealt', () => {
    fc.assert(
      fc.property(points, fc.array(fc.nat(2), { minLength: 1 }), (all, deal) => {
        const part = (number: number): readonly RecoveryPoint[] =>
          sampled(all.filter((_, index) => deal[index % deal.length] === number))
        expect(sampled(part(2), part(0), part(1))).toEqual(sampled(all))
      }),
    )
  })

  it('holds a few of each system, engine and size, of any number of lives', () => {
    const lives = Array.from({ length: 20_000 }, (_, index) => ({
      scenario: 'loop',
      system: index % 2 === 0 ? 'file' : 'sqlite',
      engine: 'explorer' as const,
      token: `kp1:loop:file:abc:posix:K${index}`,
      life: 2,
      bytes: 64 + (index % 192),
    }))
    const kept = sampled(lives)
    expect(kept).toHaveLength(2 * 2 * keptMax)
    expect(new Set(kept.map(({ bytes }) => sizeOf(bytes)))).toEqual(new Set([6, 7]))
  })

  it('leaves out lives that found nothing', () => {
    const nothing = { scenario: 'loop', system: 'file', token: 't', life: 2, bytes: 0 } as const
    expect(sampled([{ ...nothing, engine: 'live' }])).toEqual([])
  })
})
