import { describe, expect, it } from 'vitest'
import { historyOfMarks } from '../../../harness/history.ts'
import { confirmAll, strikesAtRead } from '../../../harness/explorer/confirm-findings.ts'
import type { CrashBench } from '../../../harness/explorer/crash-bench.ts'
import type { ShardFinding } from '../../../harness/explorer/job.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'
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

async function confirmed(
  schedule: string,
): Promise<readonly [missed: number, confirmed: readonly boolean[]]> {
  const workload = { root: { kind: 'sequence', of: [] }, inFlightMax: 1 } as const
  const order = { profile: 'posix' }
  const recorded = { order, control: historyOfMarks([]) } as never
  const group = { scenario: loop, seed: 'abc', workload }
  const { missed, findings } = await confirmAll(bench, group, recorded, [finding(schedule)])
  return [missed, findings.map(({ isConfirmed }) => isConfirmed)]
}

describe('confirming what lives in memory showed', () => {
  it.each(['P107', 'E3=EIO,P4', 'K5+,P6'])(
    '%s that no process shows is an unconfirmed finding',
    async (schedule) => {
      expect(await confirmed(schedule)).toEqual([0, [false]])
    },
  )

  it.each(['F37=EACCES', 'F37=EACCES~P107=l87', 'K5+,F2=EIO.sticky'])(
    '%s, at a read, is a fault that did not fire',
    async (schedule) => {
      expect(strikesAtRead(parseSchedule(schedule))).toBe(true)
      expect(await confirmed(schedule)).toEqual([1, []])
    },
  )
})
