import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DirectoryImage } from '../../../harness/directory-image.ts'
import { DiskModel } from '../../../harness/disk-model/model.ts'
import { whole, type Chosen } from '../../../harness/disk-model/part.ts'
import type { ProfileName } from '../../../harness/disk-model/profile.ts'
import {
  applyFault,
  boundsDefaults,
  isPromised,
  killStates,
  powerLossStates,
} from '../../../harness/disk-model/states.ts'
import { stringifyFault } from '../../../harness/fault-text.ts'
import { parseFaults } from '../../../harness/fault-parse.ts'
import { position } from '../../../harness/fault.ts'
import type { Trace } from '../../../harness/trace.ts'
import { handTrace } from './hand-trace.ts'

const bounds = { ...boundsDefaults, seed: 'abc' }
const untorn = { grain: Infinity, everyByte: false }
const nothing = { initial: new Map() }

function modelOf(lines: readonly string[], profile: ProfileName = 'posix'): DiskModel {
  return modelOfTrace(handTrace(lines), profile)
}

function modelOfTrace(trace: Trace, profile: ProfileName = 'posix'): DiskModel {
  return new DiskModel(trace, nothing, profile, 'abc')
}

/** The same, where the ops from one to another were made by one asynchronous call, told behind the call of op `behind`. */
function asOneCall(trace: Trace, from: number, to: number, behind: number): Trace {
  const told = (trace.ops[behind - 1]?.called.position ?? Infinity) + 0.9
  const ops = trace.ops.map((traced) =>
    traced.n < from || traced.n > to ? traced : { ...traced, form: 'promise' as const, told },
  )
  return { ...trace, ops }
}

function text(image: DirectoryImage): string {
  return [...image]
    .map(([path, entry]) =>
      entry.kind === 'file'
        ? `${path}=${Buffer.from(entry.bytes).toString('latin1').replaceAll('\0', '0')}`
        : path,
    )
    .sort()
    .join(' ')
}

/** What a power loss after the last op may leave. */
function lossesOf(lines: readonly string[], profile: ProfileName = 'posix'): string[] {
  const model = modelOf(lines, profile)
  const point = model.pointAt(position(lines.length, 'after'))
  if (point === undefined) throw new Error('no such point')
  return [
    ...new Set([...powerLossStates(model, point, bounds).states].map((s) => text(s.image.entries))),
  ].sort()
}

describe('crash states: what no completed sync covers may be lost', () => {
  test('a file whose entry is not synced may be gone with all its synced data', () => {
    expect(lossesOf(['create a', 'write a x', 'sync a'])).toEqual(['', 'a=x'])
  })

  test('a synced entry of a file whose data is not synced may be empty', () => {
    expect(lossesOf(['create a', 'sync-dir .', 'write a x'])).toContain('a=')
  })

  test('what a completed sync covers is there in every state', () => {
    expect(lossesOf(['create a', 'write a x', 'sync a', 'sync-dir .'])).toEqual(['a=x'])
  })

  test('a synced write is there in every state once its caller knew', () => {
    const lines = ['create a', 'sync-dir .', 'write-synced a x', 'mark ack']
    expect(lossesOf(lines)).toEqual(['a=x'])
    expect(lossesOf(lines, 'ext4')).toEqual(['a=x'])
  })

  test('a synced write may be absent or torn before its caller knew', () => {
    const model = modelOf(['create a', 'sync-dir .', 'write-synced a xyz', 'mark ack'])
    const told = [...model.points()].flatMap((point) => {
      const { position: at, marks } = point
      const { states } = powerLossStates(model, point, bounds)
      const texts = new Set([...states].map((state) => text(state.image.entries)))
      return texts.has('a=x') ? [{ op: at.op, phase: at.phase.kind, marks, texts }] : []
    })
    expect(told).toMatchObject([{ op: 3, phase: 'after', marks: 0 }])
    expect([...(told[0]?.texts ?? [])]).toEqual(expect.arrayContaining(['a=', 'a=x', 'a=xyz']))
    expect(applyFault(model, parseOne('P3+=k3')) as object).toMatchObject({ missing: [] })
    expect(applyFault(model, parseOne('P4=l3'))).toBe('op 3 cannot be lost at op 4')
  })

  test('a synced write covers no other write of its file, and every truncation before it', () => {
    const begin = ['create a', 'sync-dir .', 'write a x', 'write-synced a y']
    expect(lossesOf([...begin, 'mark ack'])).toEqual(expect.arrayContaining(['a=0y', 'a=xy']))
    const shorter = ['create a', 'sync-dir .', 'write-synced a xyz', 'truncate a 1']
    expect(lossesOf(shorter)).toContain('a=xyz')
    expect(lossesOf([...shorter, 'write-synced a b', 'mark ack'])).toEqual(['a=xb'])
  })

  test('a synced write covers its name where a sync does: under ext4', () => {
    const lines = ['create a', 'write-synced a x', 'mark ack']
    expect(lossesOf(lines)).toEqual(['', 'a=x'])
    expect(lossesOf(lines, 'ext4')).toEqual(['a=x'])
  })

  test('a synced write of a killed life may be lost where its caller never knew', () => {
    const trace = handTrace(['create a', 'sync-dir .', 'write-synced a x', 'mark ack'])
    const lossesBehind = (kill: string): readonly string[] => {
      const fault = parseOne(kill)
      if (fault.kind !== 'kill') throw new Error('no kill')
      const before = { initial: new Map(), past: [{ trace, kill: fault }] }
      const model = new DiskModel(handTrace(['mark ack'], 2), before, 'posix', 'abc')
      const point = model.pointAt(position(1, 'after'))
      if (point === undefined) throw new Error('no such point')
      const { states } = powerLossStates(model, point, bounds)
      return [...new Set([...states].map((state) => text(state.image.entries)))].sort()
    }
    expect(lossesBehind('K4')).toEqual(['a=x'])
    expect(lossesBehind('K3+')).toEqual(expect.arrayContaining(['a=', 'a=x']))
  })

  test('a later write may be there without an earlier one: a hole of zeros', () => {
    expect(lossesOf(['create a', 'sync-dir .', 'write a x', 'write a y'])).toContain('a=0y')
  })

  test('under ext4 a size may be ahead of its data, which is zeros then', () => {
    const lines = ['create a', 'sync-dir .', 'write a x', 'write a y']
    const states = ['a=', 'a=0', 'a=00', 'a=0y', 'a=x', 'a=x0', 'a=xy']
    expect(lossesOf(lines, 'ext4')).toEqual(states)
  })

  test('a truncation that is lost may have cleared the rest of its block', () => {
    const lines = ['create a', 'sync-dir .', 'write a xyz', 'sync a', 'truncate a 1']
    expect(lossesOf(lines)).toEqual(['a=x', 'a=x00', 'a=xyz'])
    expect(lossesOf(lines, 'ext4')).toEqual(['a=x', 'a=x00', 'a=xyz'])
  })

  test('a rename is never half', () => {
    const lines = ['create a', 'write a x', 'sync a', 'sync-dir .', 'rename a b']
    expect(lossesOf(lines)).toEqual(['a=x', 'b=x'])
  })

  test('a rename may be durable before the data of the file that it names', () => {
    const lines = ['create a', 'sync-dir .', 'write a x', 'rename a b', 'sync-dir .']
    expect(lossesOf(lines)).toContain('b=')
  })

  test('a write is torn at every sector and inside, with what fills the rest', () => {
    const found = lossesOf(['create a', 'sync-dir .', 'write a abcd'])
    expect(found).toEqual(
      expect.arrayContaining(['a=', 'a=a', 'a=ab', 'a=abc', 'a=abcd', 'a=ab00']),
    )
  })
})

describe('crash states: a machine that goes on holds what a killed life did not sync', () => {
  const first = handTrace(['create a', 'sync-dir .', 'write a x'])
  const kill = { kind: 'kill', at: position(3, 'after'), lost: [] } as const
  const model = new DiskModel(
    handTrace(['create b', 'sync-dir .'], 2),
    { initial: new Map(), past: [{ trace: first, kill }] },
    'posix',
    'abc',
  )

  test('the next life finds it', () => {
    const point = model.pointAt(position(1))
    expect(point && text(model.imageAt(point, [], []).entries)).toBe('a=x')
  })

  test('a power loss in the next life takes it, and its fault names the op of that life', () => {
    const point = model.pointAt(position(2, 'after'))
    if (point === undefined) throw new Error('no such point')
    const states = [...powerLossStates(model, point, bounds).states]
    expect(states.map((state) => text(state.image.entries))).toContain('a= b=')
    const kept = states.find((state) => text(state.image.entries) === 'a=x b=')
    expect(kept && stringifyFault(kept.fault)).toBe('P2+=l')
    const named = applyFault(model, { ...parseOne('P2+=k0.1@3') })
    expect(typeof named === 'string' ? named : text(named.image.entries)).toBe('a=x b=')
  })
})

describe('crash states: the ops of one call', () => {
  const begin = ['create a', 'write a xyz', 'sync a', 'sync-dir .']
  const lines = [...begin, 'truncate a 0', 'write a b', 'mark ack']
  const model = modelOfTrace(asOneCall(handTrace(lines), 5, 6, 7))

  test('a kill before it is told leaves the first of them: never a later one alone', () => {
    const point = model.pointAt(position(7))
    if (point === undefined) throw new Error('no such point')
    const { exists, states } = killStates(model, point, bounds)
    const found = [...states].map(({ image }) => text(image.entries)).sort()
    expect([exists, found]).toEqual([3, ['a=', 'a=b', 'a=xyz']])
    expect(applyFault(model, parseOne('K7=l5'))).toBe('op 5 was done before the rest of its call')
  })

  test('a sync behind the call covers them all', () => {
    const synced = [...lines.slice(0, -1), 'sync a', 'mark ack']
    const behind = modelOfTrace(asOneCall(handTrace(synced), 5, 6, 6))
    const point = behind.pointAt(position(8))
    if (point === undefined) throw new Error('no such point')
    expect(behind.stateAt(point)).toMatchObject({ pending: [], underWay: [] })
  })
})

describe('crash states: what names none', () => {
  const truncated = ['create a', 'sync-dir .', 'write a xyz', 'truncate a 1', 'mark ack']

  test.each([
    ['K3/4', 'op 3 writes 3 bytes'],
    ['P5=k3/4', 'op 3 cannot be left in this part'],
    ['P5=k3/1-4', 'op 3 cannot be left in this part'],
    ['P5=k3/1c', 'op 3 cannot be left in this part'],
    ['P5=k4/1', 'op 4 cannot be left in this part'],
    ['P5=k4/3c', 'op 4 cannot be left in this part'],
  ])('%s: %s', (line, why) => {
    expect(applyFault(modelOf(truncated), parseOne(line))).toBe(why)
  })

  test('what a profile promises is there: garbage, and a rename without what it names, are no states of ext4', () => {
    const lines = ['create a', 'create b', 'sync-dir .', 'write a xy', 'rename a b', 'mark ack']
    const told = (profile: ProfileName): unknown[] =>
      ['P6=k4/1g', 'P6=k5'].map((line) => {
        const state = applyFault(modelOf(lines, profile), parseOne(line))
        return typeof state === 'string' ? state : 'a state'
      })
    expect(told('posix')).toEqual(['a state', 'a state'])
    expect(told('ext4')).toEqual([
      'op 4 cannot be left in this part',
      'the profile ext4 leaves no such state',
    ])
  })
})

describe('crash states: laws', () => {
  const step = fc.constantFrom(
    'create a',
    'create b',
    'write a xy',
    'write b z',
    'write-synced a uv',
    'sync a',
    'sync b',
    'sync-dir .',
    'rename a b',
  )
  /** A rename over a file, with data that it waits for. */
  const over = ['create a', 'create b', 'sync-dir .', 'write a xy', 'rename a b']
  const program = fc.array(step, { minLength: 1, maxLength: 8 }).map(runnable)

  test('no state is built twice, nor more of them than exist (E2)', () => {
    fc.assert(
      fc.property(
        program,
        fc.constantFrom<ProfileName>('posix', 'ext4'),
        fc.nat(7),
        (lines, profile, last) => {
          const model = modelOfTrace(asOneCall(handTrace(lines), last, last + 1, last + 2), profile)
          for (const point of model.points())
            for (const enumerate of [killStates, powerLossStates]) {
              const { exists, states } = enumerate(model, point, bounds)
              const faults = [...states].map(({ fault }) => stringifyFault(fault))
              expect(faults).toHaveLength(new Set(faults).size)
              expect(faults.length).toBeLessThanOrEqual(exists)
            }
        },
      ),
      { seed: 7, numRuns: 60 },
    )
  })

  test('of a power loss so many states exist as there are choices that the profile allows (E2)', () => {
    fc.assert(
      fc.property(program, fc.constantFrom<ProfileName>('posix', 'ext4'), (lines, profile) => {
        const model = modelOf(lines, profile)
        for (const point of model.points()) {
          const { exists } = powerLossStates(model, point, { ...bounds, tears: untorn })
          const { pending } = model.stateAt(point)
          const all = choicesOf(pending.length)
          expect(exists).toBe(
            all.filter((choices) => isPromised(pending, choices, model.profile)).length,
          )
        }
      }),
      { seed: 7, numRuns: 60, examples: [[over, 'ext4']] },
    )
  })

  test('a state is its fault, and a fault its state (E3), in text too', () => {
    fc.assert(
      fc.property(program, fc.constantFrom<ProfileName>('posix', 'ext4'), (lines, profile) => {
        const model = modelOf(lines, profile)
        for (const point of model.points())
          for (const state of [
            ...powerLossStates(model, point, bounds).states,
            ...killStates(model, point, bounds).states,
          ]) {
            const [again] = parseFaults(stringifyFault(state.fault))
            if (again?.kind !== 'kill' && again?.kind !== 'power-loss') throw new Error('no crash')
            const applied = applyFault(model, again)
            expect(typeof applied === 'string' ? applied : applied.image.hash).toBe(
              state.image.hash,
            )
          }
      }),
      { seed: 7, numRuns: 60 },
    )
  })

  test('one more sync never adds a state, and ext4 leaves no state that posix does not', () => {
    fc.assert(
      fc.property(program, (lines) => {
        const exhaustive = { ...bounds, exhaustiveMax: 12, samples: 0 }
        const all = (each: readonly string[], profile: ProfileName): Set<string> => {
          const model = modelOf(each, profile)
          const point = model.pointAt(position(each.length, 'after'))
          if (point === undefined) throw new Error('no such point')
          const { states } = powerLossStates(model, point, { ...exhaustive, tears: untorn })
          return new Set([...states].map(({ image }) => image.hash))
        }
        const before = all(lines, 'posix')
        for (const hash of all([...lines, 'sync-dir .'], 'posix')) expect(before).toContain(hash)
        for (const hash of all(lines, 'ext4')) expect(before).toContain(hash)
      }),
      { seed: 7, numRuns: 60 },
    )
  })
})

/** Every choice of whole units. */
function choicesOf(count: number): readonly (readonly Chosen[])[] {
  if (count === 0) return [[]]
  return choicesOf(count - 1).flatMap((others) => [
    [...others, whole],
    [...others, 'lost'],
  ])
}

function parseOne(line: string): Parameters<typeof applyFault>[1] {
  const [fault] = parseFaults(line)
  if (fault?.kind !== 'power-loss' && fault?.kind !== 'kill') throw new Error('no crash')
  return fault
}

/** Leaves out what could not have been done: a file is created once, and written or renamed while it is there. */
function runnable(lines: readonly string[]): readonly string[] {
  const there = new Set<string>()
  const kept = lines.filter((line) => {
    const [verb = '', path = ''] = line.split(' ')
    if (verb === 'sync-dir') return true
    if (verb === 'create') return !there.has(path) && Boolean(there.add(path))
    if (!there.has(path)) return false
    if (verb === 'rename') {
      there.delete(path)
      there.add('b')
    }
    return true
  })
  return kept.length > 0 ? kept : ['create a']
}
