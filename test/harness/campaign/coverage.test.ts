import { describe, expect, it } from 'vitest'
import {
  addCase,
  addPoints,
  emptyCoverage,
  plainCoverage,
  type Points,
  pointsStruck,
} from '../../../harness/campaign/coverage.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import type { Scenario } from '../../../harness/scenario.ts'
import type { System } from '../../../harness/system.ts'
import { loop } from '../../../scenarios/loop.ts'
import { lostAnswers } from '../../../scenarios/lost-answers.ts'
import { Story } from '../history-builder.ts'

const system: System = {
  kind: 'command',
  name: 'any',
  claims: ['process', 'loop', 'wire'],
  takeoverMsMax: 0,
  program: { kind: 'executable', file: 'any' },
}
const control: Points = {
  ops: [{ n: 1, op: { kind: 'mark', length: 9 }, mark: 'effect' }],
  messages: [
    { m: 1, kind: 'connect', bytes: 0, op: 0 },
    { m: 2, kind: 'send', bytes: 40, op: 1 },
    { m: 3, kind: 'send', bytes: 40, op: 1 },
  ],
}

function covered(scenario: Scenario, ...schedules: readonly string[]): object | undefined {
  const coverage = emptyCoverage(scenario, system)
  addPoints(coverage, 'seed', pointsStruck({ scenario, system }, control))
  for (const text of schedules) {
    const schedule = parseSchedule(text)
    const history = new Story().history()
    addCase(coverage, scenario, 'seed', {
      token: '',
      schedule,
      points: control,
      history,
      done: true,
    })
  }
  return plainCoverage(coverage).workloads[0]
}

describe('coverage', () => {
  it('where messages are killed at, they are the crash points', () => {
    expect(covered(lostAnswers, 'M2=kill', 'M2+=kill', 'M3+=reset', 'M1+=kill-answered')).toEqual({
      seed: 'seed',
      points: { 'message connect': 1, 'message send': 2 },
      killedAt: ['M2=kill', 'M2+=kill', 'M1+=kill-answered'],
      killed: { 'message send': [2], 'message connect': [1] },
    })
  })

  it('where ops are killed at, messages are none', () => {
    expect(covered(loop, 'K1', 'K1+')).toEqual({
      seed: 'seed',
      points: { 'mark effect': 1 },
      killedAt: ['K1', 'K1+'],
      killed: { 'mark effect': [1] },
    })
  })
})
