/** What an ablation is, and how the tables of them are written. */
import type { Law } from './laws.ts'
import { FULL, PROTOCOL, type Bounds, type OpenStep, type Protocol } from './protocol.ts'

interface Ablation {
  readonly name: string
  /** What is left out or changed, as a sentence without a subject. */
  readonly change: string
  readonly law: Law
  /** What the thing is for. */
  readonly why: string
  readonly protocol: Protocol
  readonly bounds: Bounds
}

export interface Chapter {
  readonly title: string
  readonly ablations: readonly Ablation[]
}

/** Large enough for every ablation to fail in its shortest way; segments are read in one go, which makes it shorter to tell. */
const ABLATED: Bounds = { ...FULL, readsBatches: false }
export const IF_DEAD: Bounds = { ...ABLATED, takeover: 'if-dead' }
export const WITH_READER: Bounds = { ...FULL, lives: 2, readers: 1 }

export function without(step: OpenStep): Pick<Protocol, 'open'> {
  return { open: PROTOCOL.open.filter((name) => name !== step) }
}

/** The steps of `open` with one of them moved in front of another one. */
export function moved(step: OpenStep, before: OpenStep): Pick<Protocol, 'open'> {
  return { open: without(step).open.flatMap((name) => (name === before ? [step, name] : [name])) }
}

export function following(step: OpenStep, added: OpenStep): Pick<Protocol, 'open'> {
  return { open: PROTOCOL.open.flatMap((name) => (name === step ? [name, added] : [name])) }
}

export function ablation(
  name: string,
  law: Law,
  change: string,
  why: string,
  difference: Partial<Protocol>,
  bounds: Bounds = ABLATED,
): Ablation {
  return { name, law, change, why, protocol: { ...PROTOCOL, ...difference }, bounds }
}
