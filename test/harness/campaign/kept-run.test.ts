import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { workloadOfSeed, type Group } from '../../../harness/campaign/group.ts'
import { decodeRun, encodeRun } from '../../../harness/campaign/kept-run.ts'
import { runControl, runTrial } from '../../../harness/campaign/trial.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { readLedger } from '../../../harness/ledger.ts'
import type { CaseRun, LiveCase } from '../../../harness/live/case.ts'
import { openLive } from '../../../harness/live/engine.ts'
import { traceOfControl } from '../../../harness/report/result/told-trace.ts'
import { sitesUnder } from '../../../harness/report/sites.ts'
import { notebook, pages } from '../fixtures/notebook-project.ts'

const siteOf = sitesUnder(process.cwd())

/** As the journal has it. */
function stored(run: CaseRun): CaseRun {
  return decodeRun(JSON.parse(JSON.stringify(encodeRun(run, siteOf))), run.case)
}

const system = notebook()
const seed = 'abc'
const group: Group = {
  scenario: pages,
  system,
  seed,
  workload: workloadOfSeed(pages, system, seed),
}
const engine = await openLive(system, { codeCache: false })
afterAll(async () => await engine.close())

describe('a run that is kept', () => {
  it('a case comes back as it was, but for traces', async () => {
    const control = await runControl(engine, group)
    const plan = {
      schedule: parseSchedule('K8+,K3'),
      origin: { kind: 'class', name: 'kill' },
      name: '0',
    } as const
    const tried = await runTrial(engine, group, plan, control)
    if (tried.kind !== 'case') throw new Error(tried.why)
    expect(stored(tried.report.run)).toEqual(tried.report.run)
  })

  it('a control gives the same places for faults, and tells the same trace, without its bundle', async () => {
    const control = await runControl(engine, group)
    const kept = stored(control.report.run)
    const keeper = { ...engine, runCase: () => Promise.resolve(kept) }
    const again = await runControl(keeper, group)
    expect(again.control).toEqual(control.control)
    expect(again.history?.entries).toEqual(control.history?.entries)
    const told = traceOfControl(control.report, siteOf)
    expect(told.sites.length).toBeGreaterThan(0)
    expect(traceOfControl(again.report, () => undefined)).toEqual(told)
    expect(stored(kept)).toEqual(kept)
  })

  it('whatever a worker wrote', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.string({ unit: 'binary' }),
        (bytes, stderr) => {
          const ledger = Buffer.from(bytes)
          const life = { life: 1, pid: 7, verb: 'run', slot: 1, stderr: `${stderr}\ud800` }
          const run = {
            case: { id: 'a' } as unknown as LiveCase,
            ending: { kind: 'done' },
            ledger,
            entries: readLedger(ledger).entries,
            lives: [life],
            acts: [],
            orphans: [stderr],
          } as unknown as CaseRun
          expect(stored(run)).toEqual(run)
        },
      ),
      { numRuns: 30 },
    )
  })
})
