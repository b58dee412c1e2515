import { describe, expect, it } from 'vitest'
import { stringifySchedule } from '../../harness/fault-text.ts'
import {
  cutMessage,
  cutThenKill,
  killAtMessage,
  lateAnswer,
  refuseConnection,
} from '../../harness/message-fault-classes.ts'
import type { Control, FaultClass } from '../../harness/scenario.ts'
import { random } from '../../harness/seed.ts'

const workload: Control['workload'] = {
  root: { kind: 'step', id: 'only', effect: 'keyed' },
  inFlightMax: 1,
}
const control: Control = {
  workload,
  ops: [],
  messages: [
    { m: 1, kind: 'connect', bytes: 0, op: 0 },
    { m: 2, kind: 'send', bytes: 40, op: 3 },
  ],
}
const silent: Control = { workload, ops: [] }
const classes = [killAtMessage, cutMessage, cutThenKill, refuseConnection, lateAnswer]

const listed = ({ all }: FaultClass): readonly string[] | undefined =>
  all?.(control).map(({ schedule }) => stringifySchedule(schedule))

describe('fault classes of connections', () => {
  it('every message is killed at, before, after and when answered', () => {
    expect(listed(killAtMessage)).toEqual([
      'M1=kill',
      'M1+=kill',
      'M1+=kill-answered',
      'M2=kill',
      'M2+=kill',
      'M2+=kill-answered',
    ])
  })

  it('only what was sent can be cut, only a connecting be refused', () => {
    expect(listed(cutMessage)).toEqual(['M1=reset', 'M2+=reset', 'M2+=cut', 'M2=reset', 'M2=cut'])
    expect(listed(refuseConnection)).toEqual(['M1=refuse'])
    expect(listed(lateAnswer)).toEqual(['M1+=delay.200', 'M2+=delay.200'])
  })

  it('a lost answer is followed by a kill at one of the next four messages', () => {
    const plan = cutThenKill.draw(control, random('seed', 'schedule', 'test'))
    expect(stringifySchedule(plan?.schedule ?? [])).toMatch(/^M2\+=reset~M[3-6]\+=kill$/)
  })

  it.each(classes)(
    '$name: asked only of who claims connections, and silent without messages',
    (each) => {
      expect(each.needs).toEqual(['wire'])
      expect(each.draw(silent, random('seed', 'schedule', 'test'))).toBeUndefined()
      expect(each.all?.(silent) ?? []).toEqual([])
    },
  )
})
