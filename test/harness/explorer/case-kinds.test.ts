import { describe, expect, it } from 'vitest'
import { kindOfError, kindOfState } from '../../../harness/explorer/case-kinds.ts'
import { damagesOf } from '../../../harness/explorer/damages.ts'
import type { CrashState } from '../../../harness/disk-model/states.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import type { Op } from '../../../harness/op.ts'

const kinds = ['opening: mkdir run', 'running: write run/#.log', 'running: datasync run/#.log']

const write = (path: string): Op => ({ kind: 'write', path, node: 3, offset: 0, length: 4 })

function state(schedule: string, ...missing: readonly Op[]): CrashState {
  const fault = parseSchedule(schedule)[0]?.[0]
  return { fault, missing: missing.map((op) => ({ traced: { op } })) } as unknown as CrashState
}

describe('the kind of a crash state', () => {
  it('is the crash, the kind of op where it strikes, and the kind of what is missing', () => {
    expect(kindOfState(kinds, state('K2+'))).toBe('kill | after | running: write run/#.log |  ')
    expect(kindOfState(kinds, state('P3=l2', write('run/000001.log')))).toBe(
      'power-loss | before | running: datasync run/#.log | write run/#.log whole',
    )
  })

  it('tells one kind that is missing, several, and all', () => {
    const [one, other] = [write('run/000001.log'), write('run/000002.log')]
    const blob = write('blobs/00')
    const told = (schedule: string, ...missing: readonly Op[]): string =>
      kindOfState(kinds, state(schedule, ...missing))
    expect(told('P3=l1_2', one, other)).toBe(told('P3=l2_1', other, one))
    expect(told('P3=l1_2', one, blob)).toContain('several')
    expect(told('P3', one, blob)).toContain('all')
  })

  it('tells how an op is torn', () => {
    const torn = ['P3=k2/3', 'P3=k2/3z', 'P3=k2/3g'].map((each) => kindOfState(kinds, state(each)))
    expect(new Set(torn).size).toBe(3)
  })
})

describe('the kind of a storage error', () => {
  const reads = [
    { stream: '1', r: 1, kind: 'open', path: 'run/000001.log' },
    { stream: '1', r: 2, kind: 'open', path: 'run/000002.log' },
    { stream: '1', r: 3, kind: 'read', path: 'run/000002.log' },
  ] as const
  const told = (schedule: string, op?: number, isFirst = true): string => {
    const [fault] = parseSchedule(schedule)[0] ?? []
    if (fault === undefined) throw new Error(schedule)
    return kindOfError(kinds, { reads }, op === undefined ? { fault } : { fault, op }, isFirst)
  }

  it('is its op and how it fails, whichever error code it is', () => {
    expect(told('E2=EIO', 2)).toBe(told('E2=ENOSPC', 2))
    expect(told('E2=EIO.sticky', 2)).not.toBe(told('E2=EIO', 2))
    expect(told('E2/3=EIO', 2)).not.toBe(told('E2=EIO', 2))
    expect(told('E2=EIO', 2)).not.toBe(told('E2=EIO', 2, false))
  })

  it('of a read is what is read of which kind of file', () => {
    expect(told('F1=EIO')).toBe(told('F2=EACCES'))
    expect(told('F3=EIO')).not.toBe(told('F1=EIO'))
  })
})

it('a damage is told by its file, the newest of its kind or an earlier one, and by its line', () => {
  const bytes = Buffer.from('one\ntwo\nthree\nfour\n')
  const image = new Map(
    ['000001.log', '000002.log', '000003.log'].map(
      (name) => [name, { kind: 'file', bytes }] as const,
    ),
  )
  const kindsOf = (file: number): readonly string[] =>
    damagesOf(image)
      .filter(({ fault }) => fault.file === file)
      .map(({ kind }) => kind)
  expect(kindsOf(1)).toEqual(kindsOf(2))
  expect(kindsOf(3).some((kind) => kindsOf(1).includes(kind))).toBe(false)
  expect(kindsOf(1)).toContain('#.log | earlier | swap | line 3')
  // A byte of the second line is like that byte of the third.
  expect(new Set(kindsOf(1)).size).toBeLessThan(kindsOf(1).length)
})

it('no line is taken out of a file in which lines are no records', () => {
  const kindsOf = (text: string): ReadonlySet<string> => {
    const bytes = Buffer.from(text, 'latin1')
    const damages = damagesOf(new Map([['a', { kind: 'file', bytes }]]))
    return new Set(damages.map(({ fault: { damage } }) => damage.kind))
  }
  expect(kindsOf('one\ntwo\nthree\n')).toEqual(new Set(['byte', 'nul', 'line', 'swap']))
  for (const other of ['KJ\0\0\x0bone\nKJ\0\0\x0btwo\nKJ\0', '{"all":"of it"}'])
    expect(kindsOf(other)).toEqual(new Set(['byte', 'nul']))
})
