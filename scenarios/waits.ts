/** Durable timers and signals: each fires once, is consumed once, and survives any downtime; and timers alone, for which nobody is waited. */
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

const resting = fc
  .array(fc.tuple(timer, anyStep()), { minLength: 1, maxLength: 3 })
  .map((rests) => finish({ kind: 'sequence', of: rests.flat() }))

/** Nothing acts on it from outside: each state that a power loss leaves of it can be explored. */
export const timers: Scenario = {
  name: 'timers',
  title: 'a timer fires once, when it is due or as soon as somebody is there again',
  needs: ['process', 'timer'],
  workload: resting,
  faults: [killAtOp, killInRecovery, clockJump],
  sometimes: [overdueTimer],
  livesMax: 3,
}

export const waits: Scenario = {
  name: 'waits',
  title: 'timers fire once and signals are consumed once, over any downtime',
  needs: ['process', 'timer', 'signal'],
  workload: waiting,
  faults: [killAtOp, killAtMark, killInRecovery, clockJump, actFromOutside('signal')],
  sometimes: [overdueTimer, signalSurvivedKill, consumedUnseen],
  livesMax: 4,
}
