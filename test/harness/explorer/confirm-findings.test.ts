import { describe, expect, it } from 'vitest'
import { historyOfMarks } from '../../../harness/history.ts'
import { confirm, verdictOfFindings } from '../../../harness/explorer/confirm-findings.ts'
import { exploreScenario } from '../../../harness/explorer/explore.ts'
import type { CrashBench } from '../../../harness/explorer/crash-bench.ts'
import type { ShardFinding } from '../../../harness/explorer/job.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'
import type { Trace } from '../../../harness/trace.ts'
import type { Verdict } from '../../../harness/verdict.ts'
import { loop } from '../../../scenarios/loop.ts'

const never = { why: 'the life has no op 107', life: 1 }

/** A bench whose processes never reach the fault. */
const bench = {
  system: fileSystemUnderTest(),
  judge: () => Promise.resolve(never),
} as unknown as CrashBench

function finding(schedule: string): ShardFinding {
  const what = { what: 'lost', details: [], op: 1, missing: 1, fingerprint: schedule, count: 1 }
  return { ...what, schedule, verdict: 'LOST_COMMIT', invariant: 'S1' }
}

async function verdictOf(schedule: string, trace?: Partial<Trace>): Promise<Verdict> {
  const workload = { root: { kind: 'sequence', of: [] }, inFlightMax: 1 } as const
  const recorded = { order: { profile: 'posix' }, control: historyOfMarks([]), trace } as never
  const group = { scenario: loop, seed: 'abc', workload }
  const confirmed = await confirm(bench, group, recorded, finding(schedule))
  expect(confirmed).toMatchObject({ isConfirmed: false, confirmed: never.why })
  return verdictOfFindings([confirmed])
}

it('a finding that was not looked at again, for everything was stopped, is told with its token', async () => {
  const workload = { root: { kind: 'sequence', of: [] }, inFlightMax: 1 } as const
  const recorded = { order: { profile: 'posix' }, control: historyOfMarks([]) } as never
  const group = { scenario: loop, seed: 'abc', workload }
  const isStopped = (): boolean => true
  const untold = await confirm(bench, group, recorded, finding('P107'), { isStopped })
  expect(untold).toMatchObject({ isConfirmed: false, confirmed: 'not looked at again' })
  expect(untold.token).toMatch(/^kp1:loop:.*:P107$/)
  expect(verdictOfFindings([untold])).toBe('INCONCLUSIVE')
})

it('of a shard that a stop ended, the findings are told that its progress had named', async () => {
  const found = [finding('P4')]
  const progress = { through: 'damages', done: 1, of: 2, checked: 7, findings: 1, found }
  const dying = {
    system: fileSystemUnderTest(),
    record: () =>
      Promise.resolve({
        order: { profile: 'posix', seed: 'abc', workload: {}, system: fileSystemUnderTest() },
        judgement: { verdict: 'HOLDS', reasons: [] },
      }),
    livesInProcesses: () => false,
    runShard: async (_: unknown, onProgress: (told: unknown) => void) => {
      onProgress(progress)
      await Promise.reject(new Error('a shard died'))
    },
  } as unknown as CrashBench
  const options = { seed: 'abc', scenarios: [loop], systems: [], jobs: 1 }
  const stopped = exploreScenario(dying, { ...options, isStopped: () => true }, loop)
  expect(await stopped).toMatchObject({
    verdict: 'INCONCLUSIVE',
    counts: { checked: 7 },
    findings: [{ schedule: 'P4', confirmed: 'not looked at again' }],
  })
  await expect(exploreScenario(dying, options, loop)).rejects.toThrow('a shard died')
})

describe('what lives in memory showed, and no process does', () => {
  it.each(['P107', 'E3=EIO,P4', 'K5+,P6'])('%s is a fault of the harness', async (schedule) => {
    expect(await verdictOf(schedule)).toBe('HARNESS_ERROR')
  })

  it.each(['F37=EACCES', 'F37=EACCES~P107=l87', 'K5+,F2=EIO.sticky'])(
    '%s, at a read, is not known, and no pass',
    async (schedule) => {
      expect(await verdictOf(schedule)).toBe('INCONCLUSIVE')
    },
  )

  it('beside a child that tells something is not known, and no pass', async () => {
    const childMarks = [{ line: '{}', op: 1, at: 2.75 }]
    expect(await verdictOf('P107', { childMarks })).toBe('INCONCLUSIVE')
  })

  it('is outweighed by a finding that processes show', () => {
    const confirmed = { isConfirmed: true, confirmed: 'LOST_COMMIT S1', mayDiffer: false }
    const shown = { ...finding('P4'), ...confirmed, token: '' }
    const missed = { ...shown, schedule: 'F2=EIO', isConfirmed: false, mayDiffer: true }
    expect(verdictOfFindings([missed, shown])).toBe('LOST_COMMIT')
  })
})
