/** Durable timers and signals: each fires once, is consumed once, and survives any downtime. */
import fc from 'fast-check'
import {
  actFromOutside,
  clockJump,
  killAtMark,
  killAtOp,
  killInRecovery,
} from '../harness/fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { consumedUnseen, signalSurvivedKill } from './sometimes/signals.ts'
import { overdueTimer } from './sometimes/time.ts'
import { anyStep, finish } from './workloads.ts'

const timer = fc
  .constantFrom(1, 5_000, 86_400_000, 2 ** 31 + 5)
  .map((afterMs): Task => ({ kind: 'timer', id: '', afterMs }))

// Two of one name, so that a signal that is taken twice is missed by the other wait.
const wait: Task = { kind: 'signal', id: '', name: 'go' }
const send = { kind: 'signal', name: 'go', payload: 'now', after: 's1' } as const

const waiting = fc
  .record({
    before: anyStep(),
    timers: fc.array(timer, { minLength: 1, maxLength: 2 }),
    after: anyStep(),
  })
  .map(({ before, timers, after }) =>
    finish(
      {
        kind: 'sequence',
        of: [before, ...timers, wait, wait, after],
      },
      { outside: [send, send] },
    ),
  )

export const waits: Scenario = {
  name: 'waits',
  title: 'timers fire once and signals are consumed once, over any downtime',
  needs: ['process', 'timer', 'signal'],
  workload: waiting,
  faults: [killAtOp, killAtMark, killInRecovery, clockJump, actFromOutside('signal')],
  sometimes: [overdueTimer, signalSurvivedKill, consumedUnseen],
  livesMax: 4,
}
