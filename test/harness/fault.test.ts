import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFaults, parsePosition, parseSchedule } from '../../harness/fault-parse.ts'
import {
  positionText,
  stringifyFault,
  stringifyFaults,
  stringifySchedule,
} from '../../harness/fault-text.ts'
import { position } from '../../harness/fault.ts'
import type { Fault } from '../../harness/fault.ts'
import { UsageError } from '../../harness/errors.ts'
import { schedules } from './arbitraries.ts'

const whole = { kind: 'whole' } as const
const inside17 = { kind: 'inside', bytes: 17 } as const

describe('schedule: each line of the table in docs/tokens.md', () => {
  test.each<readonly [string, Fault]>([
    ['K37', { kind: 'kill', at: position(37), lost: [] }],
    ['K37+', { kind: 'kill', at: position(37, 'after'), lost: [] }],
    ['K37/17', { kind: 'kill', at: position(37, inside17), lost: [] }],
    ['K1.2@37', { kind: 'kill', at: position(37, 'before', '1.2'), lost: [] }],
    [
      'K37=l38_39/17',
      {
        kind: 'kill',
        at: position(37),
        lost: [
          { stream: '1', op: 38, part: whole },
          { stream: '1', op: 39, part: { kind: 'prefix', bytes: 17, rest: 'absent' } },
        ],
      },
    ],
    ['P37', { kind: 'power-loss', at: position(37), base: 'lost', except: [] }],
    ['P37=l', { kind: 'power-loss', at: position(37), base: 'kept', except: [] }],
    [
      'P41+=k38/0z_39/17g_1.2@40/512-1024',
      {
        kind: 'power-loss',
        at: position(41, 'after'),
        base: 'lost',
        except: [
          { stream: '1', op: 38, part: { kind: 'prefix', bytes: 0, rest: 'zeros' } },
          { stream: '1', op: 39, part: { kind: 'prefix', bytes: 17, rest: 'garbage' } },
          { stream: '1.2', op: 40, part: { kind: 'range', from: 512, to: 1024 } },
        ],
      },
    ],
    [
      'P37=l38',
      {
        kind: 'power-loss',
        at: position(37),
        base: 'kept',
        except: [{ stream: '1', op: 38, part: whole }],
      },
    ],
    ['E37=ENOSPC', { kind: 'storage-error', at: position(37), errno: 'ENOSPC', mode: 'once' }],
    [
      'E37/17=EIO',
      { kind: 'storage-error', at: position(37, inside17), errno: 'EIO', mode: 'once' },
    ],
    ['E37=EIO.drop', { kind: 'storage-error', at: position(37), errno: 'EIO', mode: 'drop' }],
    ['E37=EIO.sticky', { kind: 'storage-error', at: position(37), errno: 'EIO', mode: 'sticky' }],
    ['Q4096', { kind: 'quota', bytes: 4096, errno: 'ENOSPC' }],
    ['Q4096=EDQUOT', { kind: 'quota', bytes: 4096, errno: 'EDQUOT' }],
    ['W37/17', { kind: 'short-write', at: position(37, inside17) }],
    ['L37', { kind: 'lying-sync', at: position(37), sticky: false }],
    ['L37=sticky', { kind: 'lying-sync', at: position(37), sticky: true }],
    ['S37=3', { kind: 'slow-sync', at: position(37), ops: 3 }],
    [
      'F9=EACCES',
      { kind: 'read-error', at: { stream: '1', op: 9 }, errno: 'EACCES', sticky: false },
    ],
    [
      'F1.2@9=EIO.sticky',
      { kind: 'read-error', at: { stream: '1.2', op: 9 }, errno: 'EIO', sticky: true },
    ],
    ['M37=cut', { kind: 'message', at: position(37), act: 'cut', turns: 0 }],
    ['M37+=reset', { kind: 'message', at: position(37, 'after'), act: 'reset', turns: 0 }],
    ['M37=refuse', { kind: 'message', at: position(37), act: 'refuse', turns: 0 }],
    ['M37=delay.250', { kind: 'message', at: position(37), act: 'delay', turns: 250 }],
    ['Z37=done', { kind: 'zombie', at: position(37), until: 'done' }],
    ['Z37=50+', { kind: 'zombie', at: position(37), until: position(50, 'after') }],
    ['T37', { kind: 'sigterm', at: position(37) }],
    ['V37=cancel', { kind: 'outside', at: position(37), verb: 'cancel', nth: 1 }],
    ['V37=signal.2', { kind: 'outside', at: position(37), verb: 'signal', nth: 2 }],
    ['X37', { kind: 'server-kill', at: position(37), nth: 1 }],
    ['X37=2', { kind: 'server-kill', at: position(37), nth: 2 }],
    ['H37', { kind: 'heap', at: position(37) }],
    ['C+3600000', { kind: 'clock', ms: 3_600_000 }],
    ['C-5000', { kind: 'clock', ms: -5000 }],
    ['R2=byte.117.1', { kind: 'rot', file: 2, damage: { kind: 'byte', offset: 117, xor: 1 } }],
    ['R2=nul.100-164', { kind: 'rot', file: 2, damage: { kind: 'nul', from: 100, to: 164 } }],
    ['R2=line.5', { kind: 'rot', file: 2, damage: { kind: 'line', line: 5 } }],
    ['R2=swap.3.5', { kind: 'rot', file: 2, damage: { kind: 'swap', line: 3, other: 5 } }],
    ['R2=cut.100', { kind: 'rot', file: 2, damage: { kind: 'cut', bytes: 100 } }],
    ['R2=gone', { kind: 'rot', file: 2, damage: { kind: 'gone' } }],
    ['R0=gone', { kind: 'rot', file: 0, damage: { kind: 'gone' } }],
    ['A37', { kind: 'rival', at: position(37) }],
    ['A37+', { kind: 'rival', at: position(37, 'after') }],
    ['I', { kind: 'pid-recycled' }],
    ['N3', { kind: 'resumers', count: 3 }],
    ['N3=5', { kind: 'resumers', count: 3, barrier: position(5) }],
  ])('%s', (text, fault) => {
    expect(parseFaults(text)).toEqual([fault])
    expect(stringifyFault(fault)).toBe(text)
  })
})

describe('schedule: lives and compounds', () => {
  test('no fault at all is a dash', () => {
    expect(stringifySchedule([])).toBe('-')
    expect(stringifySchedule([[], []])).toBe('-')
    expect(parseSchedule('-')).toEqual([])
  })

  test('a life without a fault keeps its place', () => {
    expect(parseSchedule('-,K3').map((life) => life.length)).toEqual([0, 1])
    expect(stringifySchedule([[], parseFaults('K3'), []])).toBe('-,K3')
  })

  test('one life carries several faults', () => {
    expect(parseSchedule('E37=ENOSPC~K41,C+5~N2~K1').map((life) => life.length)).toEqual([2, 3])
  })

  test('a schedule comes back from its text (law)', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        expect(parseSchedule(stringifySchedule(schedule))).toEqual(schedule)
      }),
      { seed: 11, numRuns: 500 },
    )
  })

  test('every text that parses is the text of its schedule (law)', () => {
    const noise = fc.stringMatching(/^[KPEZTN0-9+/=~,.@lk_-]{1,12}$/)
    fc.assert(
      fc.property(noise, (text) => {
        const schedule = tryParse(text)
        if (schedule !== undefined) expect(stringifySchedule(schedule)).toBe(text)
      }),
      { seed: 12, numRuns: 3000 },
    )
  })

  test('a cut or changed text parses to itself or is refused with a position (law)', () => {
    const changed = fc.tuple(schedules, fc.nat(), fc.constantFrom('', '0', 'K', '~', ',', '+', '='))
    fc.assert(
      fc.property(changed, ([schedule, place, insert]) => {
        const text = stringifySchedule(schedule)
        const at = place % (text.length + 1)
        const other = text.slice(0, at) + insert + text.slice(at + 1)
        const parsed = tryParse(other)
        if (parsed !== undefined) expect(stringifySchedule(parsed)).toBe(other)
      }),
      { seed: 13, numRuns: 2000 },
    )
  })

  test('a schedule has only characters that no shell looks at (law)', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        expect(stringifySchedule(schedule)).toMatch(/^[A-Za-z0-9._~/@+,=-]+$/)
      }),
      { seed: 14 },
    )
  })
})

describe('schedule: what cannot be', () => {
  test.each([
    ['', 0, 'a fault (KPEFQWLSMZTVAXHCRIN or -)', 'the end'],
    ['Kx7', 1, 'an op number', '"x"'],
    ['K0', 1, 'an op number from 1', '"0"'],
    ['K07', 1, 'an op number', '"0"'],
    ['K1@7', 1, 'an op number: stream 1 is not written', '"1"'],
    ['K3,', 3, 'a fault (KPEFQWLSMZTVAXHCRIN or -)', 'the end'],
    ['K3,-', 3, 'a fault: a schedule does not end with lives that have none', '"-"'],
    ['K3~K4', 3, '"," or the end: nothing follows K3', '"K"'],
    [
      'T3~C+5',
      3,
      'a fault that can follow T3 (order: one C, any R, one I, one N, then the faults of the life)',
      '"C"',
    ],
    ['W37', 1, 'a position inside an op', '"3"'],
    ['L37+', 1, 'a position before an op', '"3"'],
    ['T37/5', 1, 'a position before or after an op', '"3"'],
    ['K37/0', 4, 'a number of bytes from 1', '"0"'],
    ['P37=l38/0', 8, 'a number of bytes from 1', '"0"'],
    ['E37', 3, '"="', 'the end'],
    [
      'E37=EBADF',
      4,
      'an error code (EIO, ENOSPC, EDQUOT, EROFS, EINTR, EAGAIN, EMFILE, ENFILE, EACCES, EPERM)',
      '"E"',
    ],
    [
      'Q5=ENOSPC',
      3,
      'an error code (EIO, EDQUOT, EROFS, EINTR, EAGAIN, EMFILE, ENFILE, EACCES, EPERM)',
      '"E"',
    ],
    ['V37=signal.1', 11, 'a number from 2', '"1"'],
    ['C5', 1, '"+", "-"', '"5"'],
    ['C+0', 2, 'milliseconds from 1 to 3155760000000', '"0"'],
    ['R0=cut.5', 3, '"gone": file 0 is every file', '"c"'],
    ['R1=byte.0.0', 10, 'a value from 1 to 255', '"0"'],
    ['R1=byte.5.256', 10, 'a value from 1 to 255', '"2"'],
    ['R1=swap.5.3', 10, 'a line number from 6', '"3"'],
    ['N1', 1, 'a number of resumers from 2 to 64', '"1"'],
    ['constructor', 0, 'a fault (KPEFQWLSMZTVAXHCRIN or -)', '"c"'],
    ['K3 ', 2, '"," or "~" or the end', '" "'],
    ['N9999', 1, 'a number of resumers from 2 to 64', '"9"'],
    ['M3+=delay.1000001', 10, 'a number of turns from 1 to 1000000', '"1"'],
    ['C+3155760000001', 2, 'milliseconds from 1 to 3155760000000', '"3"'],
  ])('%j is refused at %i', (text, at, expected, found) => {
    const error = catching(() => parseSchedule(text))
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({
      code: 'FAULT_SYNTAX',
      details: { position: at, expected, found },
    })
  })

  test('the message shows the place', () => {
    expect(catching(() => parseSchedule('E37=ENOSPC~Kx7')).message).toBe(
      [
        'schedule: expected an op number, found "x" at character 13',
        '  E37=ENOSPC~Kx7',
        '              ^',
      ].join('\n'),
    )
  })
})

test('positions: text and back', () => {
  for (const text of ['37', '37+', '37/17', '1.2@37+'])
    expect(positionText(parsePosition(text))).toBe(text)
  expect(stringifyFaults([])).toBe('-')
})

function tryParse(text: string): ReturnType<typeof parseSchedule> | undefined {
  try {
    return parseSchedule(text)
  } catch (error) {
    expect(error).toMatchObject({ code: 'FAULT_SYNTAX' })
    return undefined
  }
}

function catching(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
