/** The connection to the store breaks, or the process dies between a message and its answer. */
import fc from 'fast-check'
import {
  cutMessage,
  cutThenKill,
  killAtMessage,
  lateAnswer,
  refuseConnection,
} from '../harness/message-fault-classes.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Task } from '../harness/workload.ts'
import { commitUnanswered, killedUnanswered } from './sometimes/answers.ts'
import { anyStep, workloadOf } from './workloads.ts'

export const lostAnswers: Scenario = {
  name: 'lost-answers',
  title: 'a commit whose answer never came is found out, neither lost nor done again',
  needs: ['process', 'loop', 'wire'],
  workload: workloadOf(
    fc
      .array(anyStep(), { minLength: 1, maxLength: 3 })
      .map((iterations): Task => ({ kind: 'loop', id: '', iterations })),
  ),
  faults: [killAtMessage, cutMessage, cutThenKill, refuseConnection, lateAnswer],
  sometimes: [commitUnanswered, killedUnanswered],
  livesMax: 3,
}
