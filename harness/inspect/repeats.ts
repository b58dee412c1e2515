/**
 * Why something ran again, or did not: read off what each life began and what it left no result of.
 *
 * Only what was recorded can be told. An attempt of a step that declares no effect and reserves nothing leaves no record until
 * it ends; if its life died before that, nothing tells of it.
 */
import { groupBy } from '../history.ts'
import { errorText, type Noted } from './noted.ts'

/** One unit that more than one attempt or life was needed for, or that is in doubt. */
export interface Repeat {
  readonly key: string
  readonly kind: 'in-doubt' | 'unknown' | 'again' | 'retry' | 'iteration' | 'child'
  readonly why: string
}

/** What the records of a run say together. */
interface Told {
  readonly records: readonly Noted[]
  /** The first settlement of each key. */
  readonly settled: ReadonlyMap<string, Noted>
  readonly isOver: boolean
}

/** All of them, in the order in which they were begun. */
export function repeatsOf(records: readonly Noted[]): readonly Repeat[] {
  const settled = new Map<string, Noted>()
  for (const record of records)
    if (record.type === 'settle' && !settled.has(record.key)) settled.set(record.key, record)
  const told = { records, settled, isOver: records.some(({ type }) => type === 'end') }
  const begins = records.filter(({ type, key }) => isBegin(type) && key !== '')
  const found = [
    ...[...groupBy(begins, ({ key }) => key).values()].flatMap((begun) => ofBegun(begun, told)),
    ...[...settled.values()].flatMap((record) => ofRetry(record, told)),
    ...records.flatMap((record) => ofIteration(record, told)),
  ]
  return found
    .toSorted((left, right) => left.seq - right.seq)
    .map(({ key, kind, why }) => ({ key, kind, why }))
}

type Found = Repeat & { readonly seq: number }

function isBegin(type: string): boolean {
  return type === 'intent' || type === 'spawn'
}

/** A unit that was begun, once or more often; timers are armed once and wait over lives. */
function ofBegun(begun: readonly Noted[], told: Told): readonly Found[] {
  const [first] = begun
  if (first === undefined || first.kind === 'timer') return []
  const { key, seq } = first
  const end = told.settled.get(key)
  if (first.type === 'spawn') return ofChild(first, end, told)
  const lost = begun.filter(({ epoch }) => end === undefined || epoch < end.epoch)
  if (lost.length === 0) return []
  const left = `${lives(lost)} began it and left no result`
  if (end === undefined) {
    if (told.isOver) return []
    return [{ key, seq, kind: 'in-doubt', why: `${left} so far: ${nextTime(first.effect)}` }]
  }
  if (end.status === 'unknown')
    return [{ key, seq, kind: 'unknown', why: `${left}: ${settledUnknown(end)}` }]
  const under = first.effect === 'keyed' ? ', under the same key' : ''
  const why = `${left}: life ${end.epoch} performed it again${under}`
  return [{ key, seq, kind: 'again', why }]
}

function lives(begun: readonly Noted[]): string {
  const [one, ...more] = [...new Set(begun.map(({ epoch }) => epoch))]
  return more.length === 0 ? `life ${one}` : `lives ${[one, ...more].join(', ')}`
}

function nextTime(effect: string): string {
  return effect === 'once'
    ? 'a next life reports its outcome as unknown, it is declared once'
    : `a next life performs it again${effect === 'keyed' ? ', under the same key' : ''}`
}

function settledUnknown({ epoch }: Noted): string {
  return `life ${epoch} reported its outcome as unknown and did not repeat it, it is declared once`
}

/** A child whose code runs again in each life until it is settled; what it settled inside does not. */
function ofChild(spawn: Noted, end: Noted | undefined, told: Told): readonly Found[] {
  const last = end?.epoch ?? told.records.at(-1)?.epoch ?? spawn.epoch
  if (last === spawn.epoch || (end === undefined && told.isOver)) return []
  const { key, seq } = spawn
  const kept = [...told.settled.values()].filter(
    (each) => each.key.startsWith(`${key}/`) && each.epoch < last,
  )
  const why = `life ${spawn.epoch} died before its end: its code began again in life ${last}, with ${count(kept.length)} inside kept`
  return [{ key, seq, kind: 'child', why }]
}

/** `charge~2`: the second attempt of `charge`. */
function ofRetry({ key, seq }: Noted, { settled }: Told): readonly Found[] {
  const [, base, attempt] = /^(.*)~(\d+)$/.exec(key) ?? []
  if (base === undefined) return []
  const before = Number(attempt) - 1
  const failed = settled.get(before === 1 ? base : `${base}~${before}`)
  if (failed === undefined) return []
  const why = `attempt ${before} ${failed.status}, ${errorText(failed.body)}`
  return [{ key, seq, kind: 'retry', why }]
}

/** An iteration that one life began and another committed. */
function ofIteration(record: Noted, { records }: Told): readonly Found[] {
  if (record.type !== 'iterate') return []
  const { key: loop, index, epoch, seq } = record
  const key = `${loop}/${index}`
  const inside = records.filter((each) => each.key.startsWith(`${key}/`) && each.epoch < epoch)
  const [first] = inside
  if (first === undefined) return []
  const kept = inside.filter(({ type }) => type === 'settle').length
  const why = `life ${first.epoch} died inside it: its code began again in life ${epoch}, with ${count(kept)} inside kept`
  return [{ key, seq, kind: 'iteration', why }]
}

function count(units: number): string {
  return units === 1 ? '1 result' : `${units} results`
}
