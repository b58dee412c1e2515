/**
 * Driver programs as data: what a test asks the runtime to do, and the arbitrary that draws them.
 *
 * Every unit has an id, unique in its program; with the indices of the iterations around it, that is the identity by which
 * the ledger counts effects, whatever keys the runtime derives.
 */
import fc from 'fast-check'
import type { Effect } from '../../../src/records.ts'

export interface StepPart {
  readonly kind: 'step'
  readonly id: string
  readonly effect: Effect
  /** Attempts that fail before one succeeds, or before all are used up. */
  readonly fails: number
  readonly attempts: number
  /** Money that each attempt reserves and spends; 0 for none. */
  readonly cost: number
  /** Gates that the body passes. */
  readonly waits: number
}

export type Part =
  | StepPart
  | { readonly kind: 'sequence'; readonly of: readonly Part[] }
  | { readonly kind: 'parallel'; readonly of: readonly Part[] }
  /** The first of them decides the name of a further step; the others are left under way. */
  | { readonly kind: 'race'; readonly id: string; readonly of: readonly StepPart[] }
  | { readonly kind: 'loop'; readonly id: string; readonly count: number; readonly of: Part }
  | { readonly kind: 'child'; readonly id: string; readonly of: Part; readonly budget?: number }
  /** Children that are awaited with `next`, in the order in which they settle. */
  | { readonly kind: 'group'; readonly id: string; readonly of: readonly Part[] }
  | { readonly kind: 'timer'; readonly id: string; readonly ms: number }
  | { readonly kind: 'signal'; readonly id: string; readonly name: string }
  /** A child that is cancelled as soon as the step beside it is done. */
  | { readonly kind: 'cancelled'; readonly id: string; readonly of: Part; readonly when: StepPart }
  /** The same name again and again, in sequence. */
  | { readonly kind: 'again'; readonly id: string; readonly count: number }

export interface Program {
  readonly root: Part
  readonly budget?: number
}

export interface Allowed {
  readonly effects: readonly Effect[]
  /** Whether steps may fail for good. */
  readonly failures: boolean
  /** Whether different lives may rightly come to different ends. */
  readonly races: boolean
  readonly budget: boolean
  readonly signals: boolean
}

export const everything: Allowed = {
  effects: ['none', 'keyed', 'once'],
  failures: true,
  races: true,
  budget: true,
  signals: true,
}

/** Whatever is allowed here ends in one way only. */
export const deterministic: Allowed = {
  effects: ['none', 'keyed'],
  failures: false,
  races: false,
  budget: false,
  signals: false,
}

/** Programs; ids are given by position, so that shrinking keeps them unique. */
export function programs(allowed: Allowed): fc.Arbitrary<Program> {
  const { tree } = fc.letrec<{ tree: Part }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true, maxDepth: 3 },
      { weight: 4, arbitrary: steps(allowed) },
      { weight: 1, arbitrary: timer },
      { weight: 1, arbitrary: again },
      ...(allowed.signals ? [{ weight: 1, arbitrary: signal }] : []),
      ...(allowed.races ? [{ weight: 1, arbitrary: race(allowed) }] : []),
      { weight: 3, arbitrary: many('sequence', tie('tree')) },
      { weight: 3, arbitrary: many('parallel', tie('tree')) },
      { weight: 2, arbitrary: looped(tie('tree')) },
      { weight: 2, arbitrary: child(tie('tree'), allowed) },
      ...(allowed.races
        ? [
            { weight: 1, arbitrary: group(tie('tree')) },
            { weight: 1, arbitrary: cancelled(tie('tree'), allowed) },
          ]
        : []),
    ),
  }))
  const budget = allowed.budget ? fc.option(fc.integer({ min: 0, max: 20 })) : fc.constant(null)
  return fc.record({ root: tree, budget }).map(({ root, budget: limit }) => ({
    root: numbered(root),
    ...(limit === null ? {} : { budget: limit }),
  }))
}

function steps({ effects, budget, failures }: Allowed): fc.Arbitrary<StepPart> {
  return fc
    .record({
      kind: fc.constant('step' as const),
      id: fc.constant(''),
      effect: fc.constantFrom(...effects),
      fails: fc.constantFrom(0, 0, 0, 1, 2),
      attempts: fc.constantFrom(1, 1, 2, 3),
      cost: budget ? fc.constantFrom(0, 0, 1, 3) : fc.constant(0),
      waits: fc.constantFrom(0, 1, 2),
    })
    .map((part) =>
      failures ? part : { ...part, attempts: Math.max(part.attempts, part.fails + 1) },
    )
}

const timer: fc.Arbitrary<Part> = fc.record({
  kind: fc.constant('timer' as const),
  id: fc.constant(''),
  ms: fc.constantFrom(0, 5, 1000, 2 ** 33),
})

const again: fc.Arbitrary<Part> = fc.record({
  kind: fc.constant('again' as const),
  id: fc.constant(''),
  count: fc.integer({ min: 2, max: 3 }),
})

const signal: fc.Arbitrary<Part> = fc.record({
  kind: fc.constant('signal' as const),
  id: fc.constant(''),
  name: fc.constantFrom('approve', 'input'),
})

function race(allowed: Allowed): fc.Arbitrary<Part> {
  return fc.record({
    kind: fc.constant('race' as const),
    id: fc.constant(''),
    of: fc.array(steps(allowed), { minLength: 2, maxLength: 3 }),
  })
}

function many(kind: 'sequence' | 'parallel', part: fc.Arbitrary<Part>): fc.Arbitrary<Part> {
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((of) => ({ kind, of }))
}

function looped(part: fc.Arbitrary<Part>): fc.Arbitrary<Part> {
  return fc.record({
    kind: fc.constant('loop' as const),
    id: fc.constant(''),
    count: fc.integer({ min: 1, max: 3 }),
    of: part,
  })
}

function child(part: fc.Arbitrary<Part>, { budget }: Allowed): fc.Arbitrary<Part> {
  const limit = budget ? fc.option(fc.integer({ min: 0, max: 8 })) : fc.constant(null)
  return fc.record({ of: part, limit }).map(({ of, limit: money }) => ({
    kind: 'child',
    id: '',
    of,
    ...(money === null ? {} : { budget: money }),
  }))
}

function group(part: fc.Arbitrary<Part>): fc.Arbitrary<Part> {
  return fc.record({
    kind: fc.constant('group' as const),
    id: fc.constant(''),
    of: fc.array(part, { minLength: 1, maxLength: 3 }),
  })
}

function cancelled(part: fc.Arbitrary<Part>, allowed: Allowed): fc.Arbitrary<Part> {
  return fc.record({
    kind: fc.constant('cancelled' as const),
    id: fc.constant(''),
    of: part,
    when: steps(allowed),
  })
}

function numbered(part: Part): Part {
  let count = 0
  const visit = <P extends Part>(each: P): P => {
    const id = 'id' in each ? { id: `${each.kind[0] ?? ''}${(count += 1)}` } : {}
    const when = 'when' in each ? { when: visit(each.when) } : {}
    if (!('of' in each)) return { ...each, ...id }
    const of = Array.isArray(each.of)
      ? (each.of as readonly Part[]).map(visit)
      : visit(each.of as Part)
    return { ...each, ...id, ...when, of }
  }
  return visit(part)
}

/** All parts, the whole one first. */
export function partsOf(part: Part): readonly Part[] {
  const of = 'of' in part ? (Array.isArray(part.of) ? part.of : [part.of]) : []
  const when = 'when' in part ? [part.when] : []
  return [part, ...[...(of as readonly Part[]), ...when].flatMap(partsOf)]
}
