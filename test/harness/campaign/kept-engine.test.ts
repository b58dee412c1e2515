import { describe, expect, it } from 'vitest'
import { CampaignJournal, type KeptRecord } from '../../../harness/campaign/campaign-journal.ts'
import { keptEngine, type KeptEngine } from '../../../harness/campaign/kept-engine.ts'
import type { CaseRun, Ending, LiveCase } from '../../../harness/live/case.ts'
import type { LiveEngine } from '../../../harness/live/engine.ts'
import { stoppedTrouble } from '../../../harness/live/trouble.ts'
import { notebook } from '../fixtures/notebook-project.ts'

const asked = (id: string): LiveCase => ({
  id,
  runId: 'run',
  workload: { root: { kind: 'step', id: 's', effect: 'none' }, inFlightMax: 1 },
  seed: 'abc',
  schedule: [],
})

/** Processes of one campaign over an engine that starts nothing: `ran` are the cases that it was asked for. */
class Campaigns {
  readonly ran: string[] = []
  readonly unseen: string[] = []
  readonly stop = new AbortController()
  ending: Ending = { kind: 'done' }
  sources = 'one'
  readonly #committed: KeptRecord[] = []

  async next(): Promise<KeptEngine> {
    const journal = new CampaignJournal({
      recovered: this.#committed.map((body) => ({ body })),
      append: (bodies) => Promise.resolve(this.#committed.push(...bodies)),
      close: () => Promise.resolve(),
    })
    await journal.begin({ seeds: ['abc'], parts: {} })
    const { signal: stop } = this.stop
    return await keptEngine(this.#engine(), { journal, siteOf: () => undefined, jobs: 2, stop })
  }

  #engine(): LiveEngine {
    const runCase = async (each: LiveCase): Promise<CaseRun> => {
      this.ran.push(each.id)
      const nothing = { ledger: Buffer.from(''), entries: [], lives: [], acts: [], orphans: [] }
      const unseen = each.id === 'marks' ? { unseen: 'it writes below' } : {}
      return await Promise.resolve({ ...nothing, ...unseen, case: each, ending: this.ending })
    }
    return {
      system: notebook(),
      sources: this.sources,
      knowUnseen: (_, { unseen }) => void (unseen !== undefined && this.unseen.push(unseen)),
      runCase,
      runCases: () => {
        throw new Error('the kept engine has its own order')
      },
      close: () => Promise.resolve(),
    }
  }
}

async function runAll(engine: KeptEngine, ids: readonly string[]): Promise<readonly string[]> {
  const came: string[] = []
  for await (const run of engine.runCases(ids.map(asked))) came.push(run.case.id)
  return came
}

describe('an engine that keeps what its cases give', () => {
  it('gives kept cases and others in the order of what is asked, and runs the others only', async () => {
    const campaigns = new Campaigns()
    await runAll(await campaigns.next(), ['b', 'd'])
    const second = await campaigns.next()
    expect(['a', 'b', 'c', 'd'].map((id) => second.isKept(asked(id)))).toEqual([
      false,
      true,
      false,
      true,
    ])
    expect(await runAll(second, ['a', 'b', 'c', 'd', 'e'])).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(campaigns.ran).toEqual(['b', 'd', 'a', 'c', 'e'])
  })

  it('trouble is not kept, and neither is what was under way at a stop', async () => {
    const campaigns = new Campaigns()
    campaigns.ending = { kind: 'trouble', trouble: stoppedTrouble }
    await runAll(await campaigns.next(), ['a'])
    campaigns.ending = { kind: 'done' }
    await runAll(await campaigns.next(), ['a'])
    campaigns.stop.abort()
    await runAll(await campaigns.next(), ['a', 'b'])
    expect((await campaigns.next()).isKept(asked('b'))).toBe(false)
    expect(campaigns.ran).toEqual(['a', 'a', 'b'])
  })

  it('tells the engine which workload is driven by its marks, when it was seen by another process', async () => {
    const campaigns = new Campaigns()
    await runAll(await campaigns.next(), ['marks'])
    campaigns.unseen.length = 0
    await runAll(await campaigns.next(), ['marks'])
    expect(campaigns.unseen).toEqual(['it writes below'])
  })

  it('refuses a program whose sources are others', async () => {
    const campaigns = new Campaigns()
    await campaigns.next()
    campaigns.sources = 'two'
    await expect(campaigns.next()).rejects.toMatchObject({ code: 'CAMPAIGN_MISMATCH' })
    await expect(campaigns.next()).rejects.toThrow('the program of notebook is not what it was')
  })
})
