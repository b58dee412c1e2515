import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CampaignIdentity } from '../../../harness/campaign/campaign-identity.ts'
import {
  CampaignJournal,
  type KeptRecord,
  type Records,
  type Unit,
} from '../../../harness/campaign/campaign-journal.ts'

const identity: CampaignIdentity = { seeds: ['abc'], parts: { seed: 'abc' } }

/** A journal in memory: `committed` is what the next process will find. */
class Committed {
  readonly all: KeptRecord[] = []
  /** Appends that are under way, by what ends each. */
  readonly underWay: { readonly commit: () => void; readonly fail: (error: Error) => void }[] = []
  /** Whether appends wait until they are told what comes of them. */
  holds = false

  open(): Records {
    return {
      recovered: this.all.map((body) => ({ body: JSON.parse(JSON.stringify(body)) as unknown })),
      append: async (bodies) => {
        if (this.holds)
          await new Promise<void>((commit, fail) => this.underWay.push({ commit, fail }))
        this.all.push(...bodies)
      },
      close: () => Promise.resolve(),
    }
  }
}

/** The next process of the campaign. */
async function next(committed: Committed, now?: () => number): Promise<CampaignJournal> {
  const journal = new CampaignJournal(committed.open(), now)
  await journal.begin(identity)
  return journal
}

function unit(name: string, give: () => unknown, asked: unknown = name): Unit<unknown> {
  return {
    name,
    asked,
    run: () => Promise.resolve(give()),
    encode: (value) => value,
    decode: (kept) => kept,
  }
}

const never = (): never => {
  throw new Error('it ran again')
}

describe('campaign journal', () => {
  it('C2: a value is given out when its record is committed, and not before', async () => {
    const committed = new Committed()
    const journal = await next(committed)
    committed.holds = true
    const seen: unknown[] = []
    const counted = journal.once(unit('a', () => 1)).then((value) => seen.push(value))
    await expect.poll(() => committed.underWay.length).toBe(1)
    expect(seen).toEqual([])
    committed.underWay[0]?.commit()
    await counted
    expect(seen).toEqual([1])
  })

  it('C2: an append that fails gives nothing out, then or later, and runs nothing any more', async () => {
    const committed = new Committed()
    const journal = await next(committed)
    committed.holds = true
    const first = journal.once(unit('a', () => 1))
    await expect.poll(() => committed.underWay.length).toBe(1)
    committed.underWay[0]?.fail(new Error('the disk is full'))
    await expect(first).rejects.toThrow('the disk is full')
    await expect(journal.once(unit('b', never))).rejects.toThrow('the disk is full')
    expect(committed.all).toHaveLength(1)
  })

  it('C3: killed after any number of commits, any number of times, each unit runs once and comes to the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(8), { maxLength: 6 }),
        async (names, lives) => {
          const committed = new Committed()
          const runs: string[] = []
          const live = async (from: number): Promise<readonly unknown[]> => {
            const journal = await next(committed)
            const values: unknown[] = []
            for (const name of names.slice(0, from))
              values.push(await journal.once(unit(name, () => runs.push(name))))
            return values
          }
          for (const length of lives) await live(length)
          const values = await live(names.length)
          expect(runs).toEqual(names)
          expect(values).toEqual(names.map((_, place) => place + 1))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('C3: a unit that says nothing is not kept, and one whose record is of no use runs again', async () => {
    const committed = new Committed()
    const first = await next(committed)
    await first.once({ ...unit('stopped', () => 1), isKept: () => false })
    await first.once(unit('gone', () => 'old'))
    const second = await next(committed)
    expect(second.has('stopped')).toBe(false)
    expect(await second.once(unit('stopped', () => 2))).toBe(2)
    expect(await second.once({ ...unit('gone', () => 'new'), isUsable: () => false })).toBe('new')
    const third = await next(committed)
    expect(await third.once(unit('gone', never))).toBe('new')
  })

  it('C4: another unit under the same name is refused', async () => {
    const committed = new Committed()
    const before = await next(committed)
    await before.once(unit('a', () => 1, { schedule: 'K1' }))
    const journal = await next(committed)
    const asked = journal.once(unit('a', never, { schedule: 'K2' }))
    await expect(asked).rejects.toMatchObject({ code: 'CAMPAIGN_MISMATCH', details: { unit: 'a' } })
  })

  it('C1: the first record says which campaign it is, and another one is refused', async () => {
    const committed = new Committed()
    const first = new CampaignJournal(committed.open())
    expect(first.seeds).toBeUndefined()
    await first.begin(identity)
    const second = new CampaignJournal(committed.open())
    expect(second.seeds).toEqual(['abc'])
    await expect(second.once(unit('a', never))).rejects.toThrow('which it is before anything')
    await second.begin(identity)
    const other = { seeds: ['def'], parts: { seed: 'def' } }
    await expect(second.begin(other)).rejects.toThrow('  seed: abc / def')
    expect(committed.all).toHaveLength(1)
  })

  it('C1: what is no journal of a campaign is refused', () => {
    const committed = new Committed()
    committed.all.push({ type: 'run' } as unknown as KeptRecord)
    expect(() => new CampaignJournal(committed.open())).toThrow('this is no journal of a campaign')
  })

  it('C5: every process counts on from the time of the last record', async () => {
    const committed = new Committed()
    let now = 100
    const first = await next(committed, () => now)
    now = 350
    await first.once(unit('a', () => 1))
    now = 9_000
    const second = await next(committed, () => now)
    expect(second.spentBeforeMs).toBe(250)
    now = 9_100
    expect(second.spentMs).toBe(350)
  })

  it('what is left is known, so that no budget ends before it is counted', async () => {
    const committed = new Committed()
    const before = await next(committed)
    await before.once(unit('a', () => 1))
    const journal = await next(committed)
    expect([journal.hasMore, journal.has('a'), journal.recovered]).toEqual([true, true, 1])
    await journal.once(unit('a', never))
    expect([journal.hasMore, journal.has('a')]).toEqual([false, false])
    await expect(journal.once(unit('a', never))).rejects.toThrow('asked for twice')
  })
})
