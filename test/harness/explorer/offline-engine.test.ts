/** Cases between whose lives the disk is changed, asked and answered like live ones. */
import { expect, it } from 'vitest'
import { OfflineEngine } from '../../../harness/explorer/offline-engine.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'

it('what a power loss took is told by source lines, also when the bundle is gone', async () => {
  const engine = new OfflineEngine(fileSystemUnderTest(), {}, 'posix')
  try {
    const run = await engine.runCase({
      id: 'case',
      runId: 'run',
      workload: {
        root: { kind: 'sequence', of: [{ kind: 'step', id: 'a', effect: 'keyed' }] },
        inFlightMax: 1,
      },
      seed: 'lines',
      // Between the first write to the first segment and its sync.
      schedule: parseSchedule('P10'),
    })
    const taken = run.missing?.get(1) ?? []
    expect(taken.length).toBeGreaterThan(0)
    for (const { frames } of taken) expect(frames[0]).toMatch(/src[\\/]file-system\.ts:\d+:\d+$/)
  } finally {
    await engine.close()
  }
})
