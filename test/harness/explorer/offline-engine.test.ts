/** Cases between whose lives the disk is changed, asked and answered like live ones. */
import { expect, it } from 'vitest'
import { OfflineEngine } from '../../../harness/explorer/offline-engine.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import type { SourceTransform } from '../../../harness/live/bundle.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'
import type { Workload } from '../../../harness/workload.ts'

const workload: Workload = {
  root: { kind: 'sequence', of: [{ kind: 'step', id: 'a', effect: 'keyed' }] },
  inFlightMax: 1,
}

it('lives behind a power loss leave their last words, the one that it ended none', async () => {
  const transform: SourceTransform = (path, text) =>
    path.endsWith('src/checksum.ts')
      ? `console.error('life ' + process.env.KILLPOINT_LIFE)
         if (process.env.KILLPOINT_LIFE !== '1') throw new Error('it is damaged')
         ${text}`
      : undefined
  const engine = new OfflineEngine(fileSystemUnderTest(), { transform }, 'posix')
  try {
    const schedule = parseSchedule('P10')
    const run = await engine.runCase({
      id: 'case',
      runId: 'run',
      workload,
      seed: 'words',
      schedule,
    })
    const [first, ...others] = run.lives
    expect(first).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    expect(others.length).toBeGreaterThan(0)
    for (const { life, code, stderr } of others) {
      expect(code).toBe(1)
      expect(stderr).toContain(`life ${life}\n`)
      expect(stderr).toContain('Error: it is damaged')
    }
  } finally {
    await engine.close()
  }
})

it('what a power loss took is told by source lines, also when the bundle is gone', async () => {
  const engine = new OfflineEngine(fileSystemUnderTest(), {}, 'posix')
  try {
    const run = await engine.runCase({
      id: 'case',
      runId: 'run',
      workload,
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
