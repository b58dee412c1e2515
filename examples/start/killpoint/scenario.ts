/**
 * A scenario: what the system is asked to do, what is done to it meanwhile, and what must have happened in some case, or the
 * campaign has shown nothing.
 */
import { killAtOp, killAtRandom, killInRecovery, type Scenario } from 'killpoint'
import {
  anyStep,
  atOnce,
  effectWithoutCommit,
  inOrder,
  resumedAfterCommit,
  workloadOf,
} from 'killpoint/scenarios'
import fc from 'fast-check'

export const orders: Scenario = {
  name: 'orders',
  title: 'an order that was killed goes on, and no step of it is done twice',
  // Systems that do not claim all of these are skipped, with the reason.
  needs: ['process', 'parallel'],
  // Two to five steps one after the other, some of them several at once; everything is drawn from the seed.
  workload: workloadOf(inOrder(fc.oneof(anyStep(), atOnce(3)), 2, 5)),
  // Real SIGKILLs: before, after and inside any file operation, again inside recovery, and at random times.
  faults: [killAtOp, killInRecovery, killAtRandom],
  sometimes: [resumedAfterCommit, effectWithoutCommit],
  // Without further faults the run must end within so many lives.
  livesMax: 2,
}
