/** The server behind the store dies and comes back, alone or with the process that waits for it. */
import fc from 'fast-check'
import type { Scenario } from '../harness/scenario.ts'
import { killService, killServiceAndProcess } from '../harness/service-fault-classes.ts'
import {
  killServiceAtMessage,
  killServiceThenProcess,
} from '../harness/service-message-fault-classes.ts'
import type { Task } from '../harness/workload.ts'
import { bothSidesKilled, serverKilledInAppend } from './sometimes/servers.ts'
import { anyStep, workloadOf } from './workloads.ts'

export const serverDeath: Scenario = {
  name: 'server-death',
  title: 'a server that dies takes nothing along that it had acknowledged',
  needs: ['process', 'loop', 'server'],
  workload: workloadOf(
    fc
      .array(anyStep(), { minLength: 1, maxLength: 3 })
      .map((iterations): Task => ({ kind: 'loop', id: '', iterations })),
  ),
  faults: [killServiceAtMessage, killService, killServiceThenProcess, killServiceAndProcess],
  sometimes: [serverKilledInAppend, bothSidesKilled],
  livesMax: 3,
}
