import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hookVariables, systemVariables } from '../../../harness/life.ts'
import {
  baseEnvironment,
  lifeEnvironment,
  markerVariable,
} from '../../../harness/live/environment.ts'
import { toy } from './toy.ts'

beforeEach(() => {
  process.env['KILLPOINT_TEST_SECRET'] = 'secret'
  process.env['NODE_OPTIONS_OF_TEST'] = 'x'
})
afterEach(() => {
  delete process.env['KILLPOINT_TEST_SECRET']
  delete process.env['NODE_OPTIONS_OF_TEST']
})

const told = {
  verb: 'run',
  runId: 'r',
  seed: 's',
  workload: '/w',
  directory: '/d',
  clockMs: 5,
  takeover: 'always',
  life: 2,
  ledger: '/l',
  identity: '{}',
  lane: 'plain',
  order: 'serial',
  faults: '',
  stream: '1',
} as const

describe('environment', () => {
  it('inherits nothing of the harness but what a program cannot do without', () => {
    const base = baseEnvironment(toy('x'))
    expect(base['PATH']).toBe(process.env['PATH'])
    expect(base['TOY']).toBe('x')
    for (const name of ['KILLPOINT_TEST_SECRET', 'NODE_OPTIONS_OF_TEST', 'NODE_EXTRA_CA_CERTS'])
      expect(base[name]).toBeUndefined()
  })

  it('inherits what the system names', () => {
    const base = baseEnvironment({ ...toy(), inherit: ['KILLPOINT_TEST_SECRET', 'NOT_SET'] })
    expect(base['KILLPOINT_TEST_SECRET']).toBe('secret')
    expect('NOT_SET' in base).toBe(false)
  })

  it('tells a life all that the contract has, and leaves out what does not concern it', () => {
    const environment = lifeEnvironment({ A: '1' }, told, 'campaign/case')
    const { signal: _signal, ...always } = systemVariables
    for (const name of Object.values(always)) expect(environment[name]).toBeDefined()
    expect(environment).toMatchObject({
      A: '1',
      [markerVariable]: 'campaign/case',
      [systemVariables.life]: '2',
      [systemVariables.clockMs]: '5',
    })
    for (const name of [systemVariables.signal, hookVariables.faults, hookVariables.traceDirectory])
      expect(name in environment).toBe(false)
  })
})
