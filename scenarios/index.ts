/** Every scenario that ships, in the order in which they run. */
import type { Scenario } from '../harness/scenario.ts'
import { budget, childBudget, roomyBudget } from './budget.ts'
import { cancel } from './cancel.ts'
import { concurrentResume } from './concurrent-resume.ts'
import { deadline } from './deadline.ts'
import { externalCommand } from './external-command.ts'
import { finishedRun } from './finished-run.ts'
import { largePayloads } from './large-payloads.ts'
import { liveOwner } from './live-owner.ts'
import { loop } from './loop.ts'
import { lostAnswers } from './lost-answers.ts'
import { mismatchedResume } from './mismatched-resume.ts'
import { poison, poisonSurvived } from './poison.ts'
import { recovery } from './recovery.ts'
import { serverDeath } from './server-death.ts'
import { supervisor } from './supervisor.ts'
import { toolBatch } from './tool-batch.ts'
import { timers, waits } from './waits.ts'
import { zombie } from './zombie.ts'

export const scenarios: readonly Scenario[] = [
  loop,
  toolBatch,
  supervisor,
  cancel,
  budget,
  roomyBudget,
  childBudget,
  deadline,
  waits,
  timers,
  largePayloads,
  finishedRun,
  mismatchedResume,
  concurrentResume,
  liveOwner,
  zombie,
  recovery,
  externalCommand,
  poison,
  poisonSurvived,
  lostAnswers,
  serverDeath,
]
