import { describe, expect, it } from 'vitest'
import { stringifySchedule } from '../../harness/fault-text.ts'
import type { Control } from '../../harness/scenario.ts'
import { random } from '../../harness/seed.ts'
import {
  killServiceAtMessage,
  killServiceThenProcess,
} from '../../harness/service-message-fault-classes.ts'
import { systemMistakes } from '../../harness/system.ts'
import { postgresSystem } from '../../harness/systems/databases.ts'

const workload: Control['workload'] = {
  root: { kind: 'step', id: 'only', effect: 'keyed' },
  inFlightMax: 1,
}
const control: Control = {
  workload,
  ops: [],
  messages: [
    { m: 1, kind: 'connect', bytes: 0, op: 0 },
    { m: 2, kind: 'send', bytes: 40, op: 0 },
  ],
}
const nowhere = { name: 'server', start: () => Promise.reject(new Error('not asked for')) }
const draw = random('seed', 'schedule', 'test')

describe('fault classes of a server and its messages', () => {
  it('it is killed with every message under way, or not yet sent', () => {
    const listed = killServiceAtMessage
      .all?.(control)
      .map(({ schedule }) => stringifySchedule(schedule))
    expect(listed).toEqual(['M2+=server-kill', 'M2=server-kill'])
  })

  it('both sides: the process dies at one of the next six messages', () => {
    const plan = killServiceThenProcess.draw(control, draw)
    expect(stringifySchedule(plan?.schedule ?? [])).toMatch(/^M2\+=server-kill~M[3-8]\+?=kill$/)
  })

  it.each([killServiceAtMessage, killServiceThenProcess])(
    '$name: asked only of who has connections and a server of its own, silent without messages',
    (each) => {
      expect(each.draw({ workload, ops: [] }, draw)).toBeUndefined()
      expect([each.needs, each.needsService]).toEqual([['wire'], true])
    },
  )

  it('only who has a server for each case can claim that it may be killed', () => {
    const campaign = postgresSystem({ service: { ...nowhere, scope: 'campaign' } })
    expect(campaign.claims).not.toContain('server')
    expect(systemMistakes({ ...campaign, claims: ['server'] })).toEqual([
      expect.stringContaining('claim "server": expected its first service to be of scope case'),
    ])
    const own = postgresSystem({ service: { ...nowhere, scope: 'case' } })
    expect(own.claims).toContain('server')
    expect(systemMistakes(own)).toEqual([])
  })
})
