import { describe, expect, it } from 'vitest'
import { planCases, type Group } from '../../harness/campaign/group.ts'
import { stringifySchedule } from '../../harness/fault-text.ts'
import type { Control, FaultClass } from '../../harness/scenario.ts'
import { random } from '../../harness/seed.ts'
import { killService, killServiceAndProcess } from '../../harness/service-fault-classes.ts'
import type { Service, System } from '../../harness/system.ts'
import { notebook, pages } from './fixtures/notebook-project.ts'

const workload: Control['workload'] = {
  root: { kind: 'step', id: 'only', effect: 'keyed' },
  inFlightMax: 1,
}
const control: Control = {
  workload,
  ops: [1, 2].map((n) => ({ n, op: { kind: 'mark', length: 10 }, mark: 'effect' })),
}
const marksOnly: Control = { ...control, afterOnly: true }

const listed = ({ all }: FaultClass, of = control): readonly string[] | undefined =>
  all?.(of).map(({ schedule }) => stringifySchedule(schedule))

/** Names of the first two cases. */
function classesOf(services: readonly Service[] | undefined): readonly string[] {
  const system: System = { ...notebook(), ...(services === undefined ? {} : { services }) }
  const scenario = { ...pages, faults: [killService, killServiceAndProcess], sometimes: [] }
  const group: Group = { scenario, system, seed: 'abc', workload }
  const names: string[] = []
  for (const { origin } of planCases(group, control)) {
    if (origin.kind === 'class') names.push(origin.name)
    if (names.length === 2) break
  }
  return names
}

function service(scope: Service['scope']): Service {
  return { name: 'store', scope, start: () => Promise.reject(new Error('not started here')) }
}

describe('fault classes of services', () => {
  it('the service dies before and after each op, alone or with the process behind it', () => {
    expect(listed(killService)).toEqual(['X1', 'X1+', 'X2', 'X2+'])
    expect(listed(killServiceAndProcess)).toEqual(['X1~K1+', 'X2~K2+'])
  })

  it('a program without hooks is stopped after its marks only', () => {
    expect(listed(killService, marksOnly)).toEqual(['X1+', 'X2+'])
    expect(listed(killServiceAndProcess, marksOnly)).toEqual([])
  })

  it.each([killService, killServiceAndProcess])('$name: what is drawn is of the list', (each) => {
    const drawn = each.draw(control, random('seed', 'schedule', 'test'))
    expect(listed(each)).toContain(stringifySchedule(drawn?.schedule ?? []))
    expect(each.draw({ workload, ops: [] }, random('seed', 'schedule', 'test'))).toBeUndefined()
  })

  it.each([
    ['a service of the case', [service('case')], ['kill-service', 'kill-service-and-process']],
    ['a service of the campaign', [service('campaign')], []],
    ['no service', undefined, []],
  ])('a system with %s', (_, services, expected) => {
    expect(classesOf(services)).toEqual(expected)
  })
})
