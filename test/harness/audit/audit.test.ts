/** What an audit says of each sync: those of the reference runtime are needed, one too many is not; what it finds replays. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { audit } from '../../../harness/audit/audit.ts'
import { replayCommand } from '../../../harness/commands/replay.ts'
import type { SourceTransform } from '../../../harness/live/bundle.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import type { Scenario } from '../../../harness/scenario.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'
import { recovery } from '../../../scenarios/recovery.ts'
import { waits } from '../../../scenarios/waits.ts'
import { workloadOf } from '../../../scenarios/workloads.ts'
import { waiting } from '../explorer/explored.ts'

const system = fileSystemUnderTest()

/** One step: every sync of the runtime is called, and few more. */
const short: Scenario = {
  ...recovery,
  workload: workloadOf(fc.constant({ kind: 'step', id: '', effect: 'keyed' })),
}

/** One sync more, when nothing is pending that a state could lose. */
const oneTooMany: SourceTransform = (path, text) =>
  path.endsWith('segment-writer.ts')
    ? text.replace('await this.#at.file.close()', 'await this.#at.file.sync(); $&')
    : undefined

it('each sync of the reference runtime is needed, and what breaks without it replays; one too many is not', async () => {
  const { sites, skipped } = await audit({
    seed: 'audit',
    scenarios: [short],
    system,
    profile: 'posix',
    jobs: 2,
    root: process.cwd(),
    transform: oneTooMany,
  })
  expect(skipped).toEqual([])
  const needed = sites.filter(({ fate }) => fate === 'needed')
  expect(needed).toHaveLength(5)
  expect(sites.flatMap(({ fate }) => (fate === 'needed' ? [] : [fate]))).toEqual(['redundant'])
  expect(await replayed(needed[0]?.breach?.token, true)).toBe(1)
  // Elsewhere the disk is to blame.
  expect(await replayed(needed[0]?.breach?.token, false)).toBe(0)
})

it('of a run that waits for others the syncs of what they send are needed too', async () => {
  const { sites, skipped } = await audit({
    seed: 'audit',
    scenarios: [{ ...waits, workload: fc.constant(waiting) }],
    system,
    profile: 'posix',
    jobs: 2,
    root: process.cwd(),
  })
  expect(skipped).toEqual([])
  expect(sites.filter(({ fate }) => fate !== 'needed')).toEqual([])
  expect(sites.filter(({ site }) => site.includes('file-inbox')).length).toBeGreaterThan(1)
})

async function replayed(token: string | undefined, unexcused: boolean): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-audit-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const [corpus, records] = [join(directory, 'corpus'), join(directory, 'records')]
  const project = { directory, corpus, records, scenarios: [short], systems: [system] }
  return replayCommand(project, token ?? '', { times: 1, unexcused }, keptOutput())
}
