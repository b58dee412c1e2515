/**
 * Schedules from text: the reading half of the grammar in `docs/tokens.md`.
 *
 * Texts are canonical: `parseSchedule(stringifySchedule(s))` equals `s` for every schedule without trailing fault-free lives,
 * and `stringifySchedule(parseSchedule(t))` equals `t` for every text that parses. What does not parse is refused with the
 * position, what was expected there and what came.
 */
import { stringifyFault } from './fault-text.ts'
import {
  betweenLives,
  clockMsMax,
  endsLife,
  errnoNames,
  messageActs,
  resumersMax,
  turnsMax,
} from './fault.ts'
import type {
  Errno,
  Fault,
  LifeFaults,
  OpPart,
  OpReference,
  Part,
  Phase,
  Position,
  Schedule,
} from './fault.ts'
import { readRot } from './rot-parse.ts'
import { TextCursor } from './text-cursor.ts'

/** Reads a schedule; throws UsageError `FAULT_SYNTAX` with the position, what was expected and what came. */
export function parseSchedule(text: string): Schedule {
  const cursor = new TextCursor(text, 'schedule', 'FAULT_SYNTAX')
  const schedule = readSchedule(cursor)
  if (!cursor.ended) throw cursor.refuse('"," or "~" or the end')
  return schedule
}

/** Reads the faults of one life; throws UsageError `FAULT_SYNTAX`. */
export function parseFaults(text: string): LifeFaults {
  const cursor = new TextCursor(text, 'faults of a life', 'FAULT_SYNTAX')
  const faults = readFaults(cursor)
  if (!cursor.ended) throw cursor.refuse('"~" or the end')
  return faults
}

/** Reads a position such as `37`, `37+`, `37/17`, `1.2@37`; throws UsageError `FAULT_SYNTAX`. */
export function parsePosition(text: string): Position {
  const cursor = new TextCursor(text, 'position', 'FAULT_SYNTAX')
  const at = readPosition(cursor)
  if (!cursor.ended) throw cursor.refuse('the end')
  return at
}

/** Reads a schedule from where a cursor stands, as far as it goes. */
export function readSchedule(cursor: TextCursor): Schedule {
  const lives: LifeFaults[] = [readFaults(cursor)]
  while (cursor.takes(',')) lives.push(readFaults(cursor))
  if (lives.length === 1 && lives[0]?.length === 0) return []
  if (lives.at(-1)?.length === 0)
    throw cursor.refuse('a fault: a schedule does not end with lives that have none', cursor.at - 1)
  return lives
}

function readFaults(cursor: TextCursor): LifeFaults {
  if (cursor.takes('-')) return []
  const faults: Fault[] = []
  do {
    const start = cursor.at
    const fault = readFault(cursor)
    const wrong = misplaced(faults, fault)
    if (wrong !== undefined) throw cursor.refuse(wrong, start)
    faults.push(fault)
  } while (cursor.takes('~'))
  return faults
}

const ranks: Partial<Record<Fault['kind'], number>> = {
  clock: 0,
  rot: 1,
  'pid-recycled': 2,
  resumers: 3,
}

/** What would have to stand here instead of `fault`, if it cannot follow what is there. */
function misplaced(before: readonly Fault[], fault: Fault): string | undefined {
  const last = before.at(-1)
  if (last === undefined) return undefined
  if (endsLife(last)) return `"," or the end: nothing follows ${stringifyFault(last)}`
  if (!betweenLives.has(fault.kind)) return undefined
  const rank = ranks[fault.kind] ?? 0
  const lastRank = ranks[last.kind] ?? 4
  if (rank > lastRank || (rank === lastRank && fault.kind === 'rot')) return undefined
  return `a fault that can follow ${stringifyFault(last)} (order: one C, any R, one I, one N, then the faults of the life)`
}

type Reader = (cursor: TextCursor) => Fault

const readers: Readonly<Record<string, Reader>> = {
  K: readKill,
  P: readPowerLoss,
  E: readStorageError,
  F: (cursor) => {
    const at = readOp(cursor)
    cursor.expect('=')
    const errno = readErrno(cursor)
    const sticky = cursor.takes('.')
    if (sticky) cursor.expect('sticky')
    return { kind: 'read-error', at, errno, sticky }
  },
  Q: (cursor) => ({
    kind: 'quota',
    bytes: cursor.number('a number of bytes'),
    errno: cursor.takes('=') ? readErrno(cursor, 'ENOSPC') : 'ENOSPC',
  }),
  W: (cursor) => ({ kind: 'short-write', at: readPositionIn(cursor, ['inside']) }),
  L: (cursor) => {
    const at = readPositionIn(cursor, ['before'])
    const sticky = cursor.takes('=')
    if (sticky) cursor.expect('sticky')
    return { kind: 'lying-sync', at, sticky }
  },
  S: (cursor) => ({
    kind: 'slow-sync',
    at: readPositionIn(cursor, ['before']),
    ops: readOps(cursor),
  }),
  M: readMessage,
  Z: (cursor) => {
    const at = readPositionIn(cursor, ['before', 'after'])
    cursor.expect('=')
    return {
      kind: 'zombie',
      at,
      until: cursor.takes('done') ? 'done' : readPositionIn(cursor, ['before', 'after']),
    }
  },
  T: (cursor) => ({ kind: 'sigterm', at: readPositionIn(cursor, ['before', 'after']) }),
  V: (cursor) => {
    const at = readPositionIn(cursor, ['before', 'after'])
    cursor.expect('=')
    const verb = cursor.word(['signal', 'cancel'])
    return { kind: 'outside', at, verb, nth: readNth(cursor, '.') }
  },
  A: (cursor) => ({ kind: 'rival', at: readPositionIn(cursor, ['before', 'after']) }),
  X: (cursor) => {
    const at = readPositionIn(cursor, ['before', 'after'])
    return { kind: 'server-kill', at, nth: readNth(cursor, '=') }
  },
  H: (cursor) => ({ kind: 'heap', at: readPositionIn(cursor, ['before', 'after']) }),
  C: (cursor) => {
    const sign = cursor.word(['+', '-'])
    const ms = cursor.number('milliseconds', 1, clockMsMax)
    return { kind: 'clock', ms: sign === '-' ? -ms : ms }
  },
  R: readRot,
  I: () => ({ kind: 'pid-recycled' }),
  N: (cursor) => {
    const count = cursor.number('a number of resumers', 2, resumersMax)
    if (!cursor.takes('=')) return { kind: 'resumers', count }
    return { kind: 'resumers', count, barrier: readPositionIn(cursor, ['before', 'after']) }
  },
}

function readFault(cursor: TextCursor): Fault {
  const letter = cursor.text.charAt(cursor.at)
  const reader = Object.hasOwn(readers, letter) ? readers[letter] : undefined
  if (reader === undefined) throw cursor.refuse(`a fault (${Object.keys(readers).join('')} or -)`)
  cursor.at += 1
  return reader(cursor)
}

function readKill(cursor: TextCursor): Fault {
  const at = readPosition(cursor)
  if (!cursor.takes('=')) return { kind: 'kill', at, lost: [] }
  cursor.expect('l')
  return { kind: 'kill', at, lost: readParts(cursor) }
}

function readPowerLoss(cursor: TextCursor): Fault {
  const at = readPosition(cursor)
  if (!cursor.takes('=')) return { kind: 'power-loss', at, base: 'lost', except: [] }
  if (cursor.takes('k')) return { kind: 'power-loss', at, base: 'lost', except: readParts(cursor) }
  cursor.expect('l')
  const some = !cursor.ended && !cursor.sees(',') && !cursor.sees('~')
  return { kind: 'power-loss', at, base: 'kept', except: some ? readParts(cursor) : [] }
}

function readStorageError(cursor: TextCursor): Fault {
  const at = readPositionIn(cursor, ['before', 'inside'])
  cursor.expect('=')
  const errno = readErrno(cursor)
  const mode = cursor.takes('.') ? cursor.word(['drop', 'sticky']) : 'once'
  return { kind: 'storage-error', at, errno, mode }
}

function readMessage(cursor: TextCursor): Fault {
  const at = readPosition(cursor)
  cursor.expect('=')
  const act = cursor.word(messageActs)
  return { kind: 'message', at, act, turns: act === 'delay' ? readTurns(cursor) : 0 }
}

function readParts(cursor: TextCursor): readonly OpPart[] {
  const list: OpPart[] = []
  do list.push({ ...readOp(cursor), part: readPart(cursor) })
  while (cursor.takes('_'))
  return list
}

function readPart(cursor: TextCursor): Part {
  if (!cursor.takes('/')) return { kind: 'whole' }
  const start = cursor.at
  const bytes = cursor.number('a number of bytes')
  if (cursor.takes('-'))
    return { kind: 'range', from: bytes, to: cursor.number('an offset', bytes + 1) }
  if (cursor.takes('z')) return { kind: 'prefix', bytes, rest: 'zeros' }
  if (cursor.takes('g')) return { kind: 'prefix', bytes, rest: 'garbage' }
  if (bytes === 0) throw cursor.refuse('a number of bytes from 1', start)
  if (cursor.takes('c')) return { kind: 'cleared', bytes }
  return { kind: 'prefix', bytes, rest: 'absent' }
}

function readPosition(cursor: TextCursor): Position {
  const op = readOp(cursor)
  if (cursor.takes('+')) return { ...op, phase: { kind: 'after' } }
  if (!cursor.takes('/')) return { ...op, phase: { kind: 'before' } }
  return { ...op, phase: { kind: 'inside', bytes: cursor.number('a number of bytes', 1) } }
}

function readPositionIn(cursor: TextCursor, phases: readonly Phase['kind'][]): Position {
  const start = cursor.at
  const at = readPosition(cursor)
  if (phases.includes(at.phase.kind)) return at
  throw cursor.refuse(`a position ${phases.join(' or ')} an op`, start)
}

function readOp(cursor: TextCursor): OpReference {
  const start = cursor.at
  const stream = cursor.tryRead(/(?:0\.)?[1-9]\d{0,8}(?:\.[1-9]\d{0,8})*@/y)?.slice(0, -1) ?? '1'
  if (stream === '1' && cursor.at > start)
    throw cursor.refuse('an op number: stream 1 is not written', start)
  return { stream, op: cursor.number('an op number', 1) }
}

function readErrno(cursor: TextCursor, notWritten?: Errno): Errno {
  const start = cursor.at
  const word = cursor.read(/[A-Z]+/y, 'an error code')
  const errno = errnoNames.find((name) => name === word && name !== notWritten)
  if (errno === undefined)
    throw cursor.refuse(
      `an error code (${errnoNames.filter((name) => name !== notWritten).join(', ')})`,
      start,
    )
  return errno
}

function readOps(cursor: TextCursor): number {
  cursor.expect('=')
  return cursor.number('a number of ops', 1)
}

function readTurns(cursor: TextCursor): number {
  cursor.expect('.')
  return cursor.number('a number of turns', 1, turnsMax)
}

/** `1` is not written: there is one text for one fault. */
function readNth(cursor: TextCursor, before: string): number {
  return cursor.takes(before) ? cursor.number('a number', 2) : 1
}
