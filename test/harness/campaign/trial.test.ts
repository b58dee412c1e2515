import { expect, it } from 'vitest'
import { workloadOfSeed, type Group } from '../../../harness/campaign/group.ts'
import { runControl } from '../../../harness/campaign/trial.ts'
import { openLive } from '../../../harness/live/engine.ts'
import { notebook, pages } from '../fixtures/notebook-project.ts'

it('a control of which threads and children did everything has nowhere to put a fault, and says so', async () => {
  const system = notebook()
  const workload = workloadOfSeed(pages, system, 'abc')
  const group: Group = { scenario: pages, system, seed: 'abc', workload }
  const engine = await openLive(system, { codeCache: false })
  try {
    const own = await runControl(engine, group)
    expect(own.report).toMatchObject({ verdict: 'HOLDS' })
    const traces = new Map(
      [...(own.report.run.traces ?? [])].map(([life, streams]) => [
        life,
        streams.map((trace) => ({ ...trace, ops: [] })),
      ]),
    )
    expect(traces.size).toBe(1)
    const runCase = (): Promise<typeof own.report.run> =>
      Promise.resolve({ ...own.report.run, traces })
    const { report, control } = await runControl({ ...engine, runCase }, group)
    expect(control).toBeUndefined()
    expect(report).toMatchObject({ verdict: 'HARNESS_ERROR', trouble: { kind: 'unsupported' } })
    expect(report.trouble?.message).toContain('threads or children do it all')
  } finally {
    await engine.close()
  }
})
