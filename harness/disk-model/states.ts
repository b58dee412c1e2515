/**
 * Crash states: every image that a crash at a point may leave, as far as the stated bound goes, each with the fault that names it.
 *
 *  E1  Bound: all choices of whole units where at most `exhaustiveMax` are pending; otherwise everything lost, everything kept,
 *      every single loss, every single keep, every prefix. Always: all tears of the last pending write, and of the last pending truncation,
 *      with the others kept, with the others lost, and with the later ones lost. Then `samples` draws over everything that exists.
 *  E2  `exists` counts what the grain and the profile allow, `states` what was built: nothing is cut silently.
 *      A kill leaves of the ops of one call the first ones.
 *  E3  `faultOf` and `applyFault` are inverse: a state is its token, and a token its state.
 */
import type { Fault, OpPart, Part } from '../fault.ts'
import { random } from '../seed.ts'
import type { CrashImage } from './image.ts'
import type { CrashPoint, DiskModel } from './model.ts'
import {
  chosenKey,
  cutsOf,
  isPartOf,
  isWhole,
  tearDefaults,
  tearsOf,
  whole,
  type Chosen,
  type TearOptions,
} from './part.ts'
import type { Profile } from './profile.ts'
import type { LosableUnit } from './units.ts'

/** One crash state. */
export interface CrashState {
  readonly point: CrashPoint
  /** Names it in the schedule grammar. */
  readonly fault: Extract<Fault, { kind: 'kill' | 'power-loss' }>
  readonly image: CrashImage
  /** What is not there, or only in part. */
  readonly missing: readonly LosableUnit[]
}

/** How far the enumeration goes. */
export interface StateBounds {
  readonly tears: TearOptions
  /** Pending units up to which every choice of whole ones is built. */
  readonly exhaustiveMax: number
  /** Draws per point beyond it. */
  readonly samples: number
  /** Source of the draws. */
  readonly seed: string
}

/** Defaults of the exploration. */
export const boundsDefaults: Omit<StateBounds, 'seed'> = {
  tears: tearDefaults,
  exhaustiveMax: 5,
  samples: 4,
}

/** The same behind a first crash, or behind a storage error: what can be lost then is lost whole or kept. */
export const laterBounds: Omit<StateBounds, 'seed'> = {
  tears: { grain: Infinity, everyByte: false },
  exhaustiveMax: 3,
  samples: 1,
}

/** The states of one point, and how many there are. */
export interface PointStates {
  /** States that exist under the grain and the profile; exact where numbers are below 2^53. */
  readonly exists: number
  readonly states: Generator<CrashState>
}

/** What a death of the process at a point may leave: what is under way is absent, whole or in part. */
export function killStates(model: DiskModel, point: CrashPoint, bounds: StateBounds): PointStates {
  const { underWay } = model.stateAt(point)
  const own = insideOf(model, point)
  const cuts = own === undefined ? [] : cutsOf(own.offset, own.bytes.length, bounds.tears)
  const options = underWay.map((unit) => tearsOf(unit, bounds.tears, []))
  const exists = countKills(underWay, options) + cuts.length
  return { exists, states: states() }

  function* states(): Generator<CrashState> {
    const seen = new Set<string>()
    for (const drawn of candidates(underWay, options, bounds, `kill ${key(point)}`)) {
      const choices = begun(underWay, drawn)
      const text = choices.map(chosenKey).join()
      if (seen.has(text)) continue
      seen.add(text)
      const lost = partsOf(underWay, choices, 'kept')
      const fault = { kind: 'kill', at: point.position, lost } as const
      const missing = missingOf(underWay, choices)
      yield stateOf({ point, fault, missing }, () => model.imageAt(point, underWay, choices))
    }
    if (own === undefined) return
    for (const bytes of cuts) yield killInside(model, point, own, bytes)
  }
}

/** What a power loss at a point may leave. */
export function powerLossStates(
  model: DiskModel,
  point: CrashPoint,
  bounds: StateBounds,
): PointStates {
  const { pending } = model.stateAt(point)
  const options = pending.map((unit) => tearsOf(unit, bounds.tears, model.profile.unwritten))
  return { exists: countPowerLoss(pending, options, model.profile), states: states() }

  function* states(): Generator<CrashState> {
    const seen = new Set<string>()
    for (const drawn of candidates(pending, options, bounds, `power ${key(point)}`)) {
      const choices = allowed(pending, drawn, model.profile)
      const text = choices.map(chosenKey).join()
      if (seen.has(text)) continue
      seen.add(text)
      const fault = faultOf(point, pending, choices)
      const missing = missingOf(pending, choices)
      yield stateOf({ point, fault, missing }, () => model.imageAt(point, pending, choices))
    }
  }
}

/** The power loss that leaves `choices` of the pending units: told from the side that needs fewer words. */
export function faultOf(
  point: CrashPoint,
  pending: readonly LosableUnit[],
  choices: readonly Chosen[],
): Extract<Fault, { kind: 'power-loss' }> {
  const kept = partsOf(pending, choices, 'kept')
  const lost = partsOf(pending, choices, 'lost')
  const at = point.position
  return kept.length < lost.length
    ? { kind: 'power-loss', at, base: 'kept', except: kept }
    : { kind: 'power-loss', at, base: 'lost', except: lost }
}

/**
 * The state that a fault names: the inverse of enumeration.
 *
 * @returns a sentence where the life has no such state: the token is of another life, or another version of the code
 */
export function applyFault(
  model: DiskModel,
  fault: Extract<Fault, { kind: 'kill' | 'power-loss' }>,
): CrashState | string {
  const point = model.pointAt(fault.at)
  if (point === undefined) return `the life has no op ${fault.at.op} in stream ${fault.at.stream}`
  if (fault.kind === 'kill' && fault.at.phase.kind === 'inside') {
    const own = insideOf(model, point)
    if (own === undefined) return `op ${fault.at.op} is no write`
    if (fault.at.phase.bytes > own.bytes.length)
      return `op ${fault.at.op} writes ${own.bytes.length} bytes`
    return killInside(model, point, own, fault.at.phase.bytes)
  }
  const { pending, underWay } = model.stateAt(point)
  const units = fault.kind === 'kill' ? underWay : pending
  const parts = fault.kind === 'kill' ? fault.lost : fault.except
  const base = fault.kind === 'kill' ? 'kept' : fault.base
  const stray = parts.find((part) => units.every((unit) => !isOf(part, unit)))
  if (stray !== undefined) return `op ${stray.op} cannot be lost at op ${fault.at.op}`
  const unwritten = fault.kind === 'kill' ? [] : model.profile.unwritten
  const odd = parts.find((part) =>
    units.some((unit) => isOf(part, unit) && !isPartOf(unit, part.part, unwritten)),
  )
  if (odd !== undefined) return `op ${odd.op} cannot be left in this part`
  const choices = units.map((unit) => choiceOf(unit, parts, base))
  const early = fault.kind === 'kill' ? firstOther(choices, begun(units, choices)) : undefined
  if (early !== undefined)
    return `op ${units[early]?.traced.n ?? 0} was done before the rest of its call`
  if (fault.kind === 'power-loss' && !isPromised(units, choices, model.profile))
    return `the profile ${model.profile.name} leaves no such state`
  const image = model.imageAt(point, units, choices)
  return { point, fault, image, missing: missingOf(units, choices) }
}

function missingOf(
  units: readonly LosableUnit[],
  choices: readonly Chosen[],
): readonly LosableUnit[] {
  return units.filter((_, place) => !isWhole(choices[place] ?? whole))
}

function choiceOf(unit: LosableUnit, parts: readonly OpPart[], base: 'lost' | 'kept'): Chosen {
  const own = parts.filter((part) => isOf(part, unit)).map(({ part }) => part)
  if (own.length === 0) return base === 'lost' ? 'lost' : whole
  const isAll = own.some(({ kind }) => kind === 'whole')
  if (!isAll) return own
  return base === 'lost' ? whole : 'lost'
}

function isOf({ stream, op }: OpPart, { traced }: LosableUnit): boolean {
  return traced.n === op && traced.stream === stream
}

function partsOf(
  units: readonly LosableUnit[],
  choices: readonly Chosen[],
  base: 'lost' | 'kept',
): readonly OpPart[] {
  return units.flatMap((unit, place): readonly OpPart[] => {
    const { stream, n: op } = unit.traced
    const chosen = choices[place] ?? whole
    const all: Part = { kind: 'whole' }
    if (chosen === 'lost') return base === 'lost' ? [] : [{ stream, op, part: all }]
    if (isWhole(chosen)) return base === 'kept' ? [] : [{ stream, op, part: all }]
    return chosen.map((part) => ({ stream, op, part }))
  })
}

type WriteUnit = Extract<LosableUnit, { kind: 'write' }>

/** The write that a point lies in front of. */
function insideOf(model: DiskModel, { position }: CrashPoint): WriteUnit | undefined {
  if (position.phase.kind === 'after') return undefined
  const unit = model.unitOf(position)
  return unit?.kind === 'write' ? unit : undefined
}

function killInside(
  model: DiskModel,
  point: CrashPoint,
  own: WriteUnit,
  bytes: number,
): CrashState {
  const inside = { ...point, at: own.called + 0.5 }
  const position = { ...point.position, phase: { kind: 'inside', bytes } as const }
  const fault = { kind: 'kill', at: position, lost: [] } as const
  return stateOf({ point: { ...point, position }, fault, missing: [own] }, () =>
    model.imageAt(inside, [own], [[{ kind: 'prefix', bytes, rest: 'absent' }]]),
  )
}

/** A state whose image is made when it is asked for: most are passed over where one of each kind is looked for. */
function stateOf(known: Omit<CrashState, 'image'>, make: () => CrashImage): CrashState {
  let made: CrashImage | undefined
  return {
    ...known,
    get image() {
      made ??= make()
      return made
    },
  }
}

/** The choices that are built, whatever the profile: it then sees to it that they can be. */
function* candidates(
  units: readonly LosableUnit[],
  tears: readonly (readonly Chosen[])[],
  { exhaustiveMax, samples, seed }: StateBounds,
  name: string,
): Generator<readonly Chosen[]> {
  const count = units.length
  const each = (choose: (place: number) => Chosen): readonly Chosen[] =>
    units.map((_, place) => choose(place))
  yield each(() => whole)
  if (count === 0) return
  if (count <= exhaustiveMax)
    for (let bits = 2 ** count - 2; bits >= 0; bits -= 1)
      yield each((place) => (bits & (1 << place) ? whole : 'lost'))
  else yield* simple(count, each)
  for (const torn of ['write', 'truncate']) {
    const last = units.findLastIndex(({ kind }) => kind === torn)
    for (const tear of tears[last] ?? []) {
      yield each((place) => (place === last ? tear : whole))
      yield each((place) => (place === last ? tear : 'lost'))
      yield each((place) => (place === last ? tear : place < last ? whole : 'lost'))
    }
  }
  const numbers = random(seed, 'states', name)
  const draws = count > 1 ? samples : 0
  for (let drawn = 0; drawn < draws; drawn += 1)
    yield each((place) => numbers.pick<Chosen>([whole, 'lost', ...(tears[place] ?? [])]))
}

function* simple(
  count: number,
  each: (choose: (place: number) => Chosen) => readonly Chosen[],
): Generator<readonly Chosen[]> {
  yield each(() => 'lost')
  for (let one = 0; one < count; one += 1) {
    yield each((place) => (place === one ? 'lost' : whole))
    yield each((place) => (place === one ? whole : 'lost'))
    if (one > 0) yield each((place) => (place < one ? whole : 'lost'))
  }
}

/**
 * The nearest choice that a kill can leave: the ops of one call come one after the other, so what is behind an op that did not happen (or
 * only in part) did not happen either. Told by when they were settled: only ops of one call are told together.
 */
function begun(units: readonly LosableUnit[], choices: readonly Chosen[]): readonly Chosen[] {
  const fixed = [...choices]
  units.forEach(({ settled }, place) => {
    if (settled === Infinity || fixed[place] === 'lost') return
    for (let earlier = 0; earlier < place; earlier += 1)
      if (units[earlier]?.settled === settled) fixed[earlier] = whole
  })
  return fixed
}

/** Place of the first choice in which two differ. */
function firstOther(some: readonly Chosen[], others: readonly Chosen[]): number | undefined {
  const place = some.findIndex((one, at) => chosenKey(one) !== chosenKey(others[at] ?? whole))
  return place < 0 ? undefined : place
}

/** Whether a disk of this profile may leave exactly these choices. */
export function isPromised(
  units: readonly LosableUnit[],
  choices: readonly Chosen[],
  profile: Profile,
): boolean {
  return firstOther(choices, allowed(units, choices, profile)) === undefined
}

/** The nearest choice that the profile allows: what it promises to be there is put back. */
function allowed(
  units: readonly LosableUnit[],
  choices: readonly Chosen[],
  profile: Profile,
): readonly Chosen[] {
  const fixed = [...choices]
  if (profile.entriesInOrder) {
    const last = units.findLastIndex(
      ({ kind }, place) => kind === 'entry' && fixed[place] !== 'lost',
    )
    units.forEach(({ kind }, place) => {
      if (kind === 'entry' && place <= last) fixed[place] = whole
    })
  }
  if (profile.renameFlushes)
    units.forEach((unit, place) => {
      if (unit.kind !== 'entry' || unit.replacedBy === undefined || fixed[place] === 'lost') return
      units.forEach((data, earlier) => {
        if (isFlushed(data, unit)) fixed[earlier] = whole
      })
    })
  return fixed
}

/** Whether a rename over a file persists only with this: what was written before to the file that has the name now. */
function isFlushed(unit: LosableUnit, rename: LosableUnit): boolean {
  return (
    rename.kind === 'entry' &&
    unit.kind !== 'entry' &&
    unit.file === rename.replacedBy &&
    unit.index < rename.index
  )
}

/** Of each call nothing, or some op of it whole or torn with those before it: {@link begun}. */
function countKills(units: readonly LosableUnit[], tears: readonly (readonly Chosen[])[]): number {
  const ways = new Map<number, number>()
  let product = 1
  units.forEach(({ settled }, place) => {
    const own = 1 + (tears[place]?.length ?? 0)
    if (settled === Infinity) product *= 1 + own
    else ways.set(settled, (ways.get(settled) ?? 1) + own)
  })
  for (const own of ways.values()) product *= own
  return product
}

/** How many choices {@link allowed} leaves as they are. */
function countPowerLoss(
  units: readonly LosableUnit[],
  tears: readonly (readonly Chosen[])[],
  profile: Profile,
): number {
  const entries = units.filter(({ kind }) => kind === 'entry')
  const ways = (kept: readonly LosableUnit[]): number =>
    units.reduce((product, unit, place) => {
      if (unit.kind === 'entry' || kept.some((entry) => isFlushed(unit, entry))) return product
      return product * (2 + (tears[place]?.length ?? 0))
    }, 1)
  if (!profile.entriesInOrder) return ways([]) * 2 ** entries.length
  let count = 0
  for (let kept = 0; kept <= entries.length; kept += 1)
    count += ways(profile.renameFlushes ? entries.slice(0, kept) : [])
  return count
}

function key({ position }: CrashPoint): string {
  return `${position.stream}@${position.op}${position.phase.kind}`
}
