/** Arbitraries that several tests of the pure half share. */
import * as fc from 'fast-check'
import { errnoNames, messageActs } from '../../harness/fault.ts'
import type { Damage, Fault, LifeFaults, OpPart, Phase, Position } from '../../harness/fault.ts'

const op = fc.integer({ min: 1, max: 5000 })
const count = fc.integer({ min: 1, max: 100_000 })
const offset = fc.nat(100_000)
const stream = fc.oneof(
  { weight: 3, arbitrary: fc.constant('1') },
  fc
    .array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 })
    .map((numbers) => numbers.join('.')),
)

const before: fc.Arbitrary<Phase> = fc.constant({ kind: 'before' })
const after: fc.Arbitrary<Phase> = fc.constant({ kind: 'after' })
const inside: fc.Arbitrary<Phase> = count.map((bytes) => ({ kind: 'inside', bytes }))

function at(...phases: readonly fc.Arbitrary<Phase>[]): fc.Arbitrary<Position> {
  return fc.record({ stream, op, phase: fc.oneof(...phases) })
}

const span = fc.tuple(offset, count).map(([from, length]) => ({ from, to: from + length }) as const)

const opPart: fc.Arbitrary<OpPart> = fc.record({
  stream,
  op,
  part: fc.oneof(
    fc.constant({ kind: 'whole' } as const),
    count.map((bytes) => ({ kind: 'prefix', bytes, rest: 'absent' }) as const),
    fc
      .tuple(offset, fc.constantFrom('zeros', 'garbage'))
      .map(([bytes, rest]) => ({ kind: 'prefix', bytes, rest }) as const),
    count.map((bytes) => ({ kind: 'cleared', bytes }) as const),
    span.map((range) => ({ kind: 'range', ...range }) as const),
  ),
})
const someParts = fc.array(opPart, { minLength: 1, maxLength: 4 })

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc
    .tuple(offset, fc.integer({ min: 1, max: 255 }))
    .map(([place, xor]) => ({ kind: 'byte', offset: place, xor }) as const),
  span.map((range) => ({ kind: 'nul', ...range }) as const),
  count.map((line) => ({ kind: 'line', line }) as const),
  fc
    .tuple(count, count)
    .map(([line, further]) => ({ kind: 'swap', line, other: line + further }) as const),
  offset.map((bytes) => ({ kind: 'cut', bytes }) as const),
  fc.constant({ kind: 'gone' } as const),
)

const clock: fc.Arbitrary<Fault> = fc
  .tuple(count, fc.constantFrom(1, -1))
  .map(([ms, sign]) => ({ kind: 'clock', ms: ms * sign }))
const rot: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('rot' as const), file: fc.integer({ min: 1, max: 40 }), damage }),
  fc.constant({ kind: 'rot', file: 0, damage: { kind: 'gone' } } as const),
)
const pidRecycled: fc.Arbitrary<Fault> = fc.constant({ kind: 'pid-recycled' })
const resumers: fc.Arbitrary<Fault> = fc
  .tuple(fc.integer({ min: 2, max: 12 }), fc.option(at(before, after), { nil: undefined }))
  .map(([number, barrier]) =>
    barrier === undefined
      ? { kind: 'resumers', count: number }
      : { kind: 'resumers', count: number, barrier },
  )

const killingActs = ['kill', 'kill-answered'] as const
const harmlessActs = messageActs.filter((act) => act !== 'kill' && act !== 'kill-answered')

const ending: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constant('kill' as const),
    at: at(before, after, inside),
    lost: fc.array(opPart, { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('power-loss' as const),
    at: at(before, after, inside),
    base: fc.constantFrom('lost' as const, 'kept' as const),
    except: fc.oneof(fc.constant([]), someParts),
  }),
  fc.record({ kind: fc.constant('heap' as const), at: at(before, after) }),
  fc.record({
    kind: fc.constant('message' as const),
    at: at(before, after),
    act: fc.constantFrom(...killingActs),
    turns: fc.constant(0),
  }),
)

const during: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constant('storage-error' as const),
    at: at(before, inside),
    errno: fc.constantFrom(...errnoNames),
    mode: fc.constantFrom('once' as const, 'drop' as const, 'sticky' as const),
  }),
  fc.record({
    kind: fc.constant('quota' as const),
    bytes: offset,
    errno: fc.constantFrom(...errnoNames),
  }),
  fc.record({ kind: fc.constant('short-write' as const), at: at(inside) }),
  fc.record({
    kind: fc.constant('lying-sync' as const),
    at: at(before),
    sticky: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('slow-sync' as const), at: at(before), ops: count }),
  fc.record({
    kind: fc.constant('read-error' as const),
    at: fc.record({ stream, op }),
    errno: fc.constantFrom(...errnoNames),
    sticky: fc.boolean(),
  }),
  fc
    .tuple(at(before, after, inside), fc.constantFrom(...harmlessActs), count)
    .map(
      ([where, act, turns]) =>
        ({ kind: 'message', at: where, act, turns: act === 'delay' ? turns : 0 }) as const,
    ),
  fc.record({
    kind: fc.constant('zombie' as const),
    at: at(before, after),
    until: fc.oneof(fc.constant('done' as const), at(before, after)),
  }),
  fc.record({ kind: fc.constant('sigterm' as const), at: at(before, after) }),
  fc.record({
    kind: fc.constant('outside' as const),
    at: at(before, after),
    verb: fc.constantFrom('signal' as const, 'cancel' as const),
    nth: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ kind: fc.constant('rival' as const), at: at(before, after) }),
  fc.record({
    kind: fc.constant('server-kill' as const),
    at: at(before, after),
    nth: fc.integer({ min: 1, max: 9 }),
  }),
)

/** The faults of one life, in an order that the grammar allows. */
export const lifeFaults: fc.Arbitrary<LifeFaults> = fc
  .tuple(
    fc.array(clock, { maxLength: 1 }),
    fc.array(rot, { maxLength: 2 }),
    fc.array(pidRecycled, { maxLength: 1 }),
    fc.array(resumers, { maxLength: 1 }),
    fc.array(during, { maxLength: 3 }),
    fc.array(ending, { maxLength: 1 }),
  )
  .map((groups) => groups.flat())

/** Schedules without trailing lives that have no fault. */
export const schedules: fc.Arbitrary<readonly LifeFaults[]> = fc
  .array(lifeFaults, { maxLength: 5 })
  .map((lives) => lives.slice(0, lives.findLastIndex((faults) => faults.length > 0) + 1))
