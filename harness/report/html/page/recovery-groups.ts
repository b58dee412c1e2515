/** Sampled recoveries by whose they are and how much they found: the rows of the table beside the plots. */
import { number, type Payload } from './data.ts'

/** A life that came back. */
export type Recovery = NonNullable<Payload['recoveries']>[number]

/** Recoveries of one system and engine whose directories were alike in size. */
export interface RecoveryGroup {
  readonly system: string
  readonly engine: Recovery['engine']
  /** Bytes, from and to. */
  readonly from: number
  readonly to: number
  readonly lives: readonly Recovery[]
}

/** In the order of the sample: by system, engine and size. */
export function recoveryGroups(recoveries: readonly Recovery[]): readonly RecoveryGroup[] {
  const groups = new Map<string, Recovery[]>()
  for (const each of recoveries) {
    const { system, engine, bytes } = each
    const key = JSON.stringify([system, engine, powerOf(bytes)])
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [each])
    else known.push(each)
  }
  return [...groups.values()].flatMap((lives) => {
    const [first] = lives
    if (first === undefined) return []
    const from = 2 ** powerOf(first.bytes)
    return [{ system: first.system, engine: first.engine, from, to: 2 * from - 1, lives }]
  })
}

/** `12 (3–40)`: the median, and the least and the most; empty where nobody measured it. */
export function spreadText(
  lives: readonly Recovery[],
  of: (recovery: Recovery) => number | undefined,
): string {
  const values = lives
    .map(of)
    .filter((value) => value !== undefined)
    .toSorted((left, right) => left - right)
  const [least, most] = [values[0], values.at(-1)]
  const median = values[Math.floor(values.length / 2)]
  if (least === undefined || most === undefined || median === undefined) return ''
  return least === most ? number(median) : `${number(median)} (${number(least)}–${number(most)})`
}

function powerOf(bytes: number): number {
  return Math.floor(Math.log2(Math.max(1, bytes)))
}
