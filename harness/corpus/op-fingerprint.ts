/**
 * What an op is, in words that outlive its number: its kind, the kind of its file, its site or its mark, and which of those
 * like it. Finest first: where the finest does not occur any more (the line moved, the step has another id), the next is
 * asked.
 */
import type { Op } from '../op.ts'
import type { TracedOp } from '../trace.ts'
import { tracedMark } from './traced-mark.ts'

/** One way of telling an op: the `nth` (from 1) of `of` ops with this description. */
export interface Likeness {
  readonly like: string
  readonly nth: number
  readonly of: number
}

/** All ways of telling an op, finest first; never empty. */
export type OpFingerprint = readonly Likeness[]

/** The site of an op as text that a person can open, e.g. `src/journal.ts:88`; `undefined` where it is not known. */
export type SiteOf = (frames: readonly string[]) => string | undefined

/** The fingerprint of op `n` among the ops of its stream; `undefined` where there is no such op. */
export function fingerprintOp(
  ops: readonly TracedOp[],
  n: number,
  siteOf: SiteOf = noSite,
): OpFingerprint | undefined {
  const files = finalNames(ops)
  const op = ops.find((each) => each.n === n)
  if (op === undefined) return undefined
  const all = ops.map((each) => descriptions(each, files, siteOf))
  return descriptions(op, files, siteOf).map((like) => {
    const alike = ops.filter((_, index) => all[index]?.includes(like) === true)
    return { like, nth: alike.indexOf(op) + 1, of: alike.length }
  })
}

/** The ops of a stream that a fingerprint may mean, likeliest first, as numbers without repetition. */
export function findOps(
  ops: readonly TracedOp[],
  fingerprint: OpFingerprint,
  siteOf: SiteOf = noSite,
): readonly number[] {
  const files = finalNames(ops)
  const all = ops.map((each) => descriptions(each, files, siteOf))
  const found = new Set<number>()
  const fromEnd = new Set<number>()
  for (const { like, nth, of } of fingerprint) {
    const alike = ops.filter((_, index) => all[index]?.includes(like) === true)
    const same = alike[nth - 1]
    if (same !== undefined) found.add(same.n)
    const last = alike[alike.length - 1 - (of - nth)]
    if (last !== undefined) fromEnd.add(last.n)
  }
  return [...new Set([...found, ...fromEnd])]
}

/** The number of the op that a fingerprint means: the same one of those like it. */
export function findOp(
  ops: readonly TracedOp[],
  fingerprint: OpFingerprint,
  siteOf: SiteOf = noSite,
): number | undefined {
  const files = finalNames(ops)
  for (const { like, nth } of fingerprint) {
    const alike = ops.filter((each) => descriptions(each, files, siteOf).includes(like))
    const op = alike[nth - 1]
    if (op !== undefined) return op.n
  }
  return undefined
}

/** The kind of a path: what differs from one run to the next (numbers, hashes, nonces) is `#`. */
export function kindOfPath(path: string): string {
  return path.replaceAll(/[A-Za-z0-9]*\d[A-Za-z0-9]*/g, '#')
}

/** Descriptions of an op, finest first. */
function descriptions(
  traced: TracedOp,
  files: ReadonlyMap<number, string>,
  siteOf: SiteOf,
): readonly string[] {
  const { op, frames } = traced
  if (op.kind === 'mark') return markDescriptions(traced)
  const coarse = `${op.kind} ${kindOfPath(pathOf(op, files))}`
  const site = siteOf(frames)
  return site === undefined ? [coarse] : [`${coarse} at ${site}`, coarse]
}

function markDescriptions(traced: TracedOp): readonly string[] {
  const { mark, about } = tracedMark(traced) ?? { mark: 'unreadable' }
  const name = `mark ${mark}`
  return about === undefined ? [name] : [`${name} of ${about}`, name]
}

/** The path that an op is about; `names` are the last ones of its life's files, by node. */
export function pathOf(
  op: Exclude<Op, { kind: 'mark' }>,
  names: ReadonlyMap<number, string>,
): string {
  return names.get(op.node) ?? ('path' in op ? op.path : (op.to ?? op.from ?? ''))
}

/** Last names by node: a file is often written under a temporary one first. */
export function finalNames(ops: readonly Pick<TracedOp, 'op'>[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const { op } of ops)
    if ((op.kind === 'rename' || op.kind === 'link') && op.to !== undefined && op.node !== 0)
      names.set(op.node, op.to)
  return names
}

function noSite(): undefined {
  return undefined
}
