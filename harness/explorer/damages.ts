/**
 * Damages of an image between two lives, as faults of the schedule grammar: bytes, runs of NULs, lines that lose their middle,
 * lines that change places; in every file, at the first, the last and some lines between. What is no text loses no lines (`record-lines.ts`).
 */
import { kindOfPath } from '../corpus/op-fingerprint.ts'
import type { DirectoryImage } from '../directory-image.ts'
import type { Damage, Fault } from '../fault.ts'
import { canLoseMiddle, canSwap, linesOf, type Line } from '../record-lines.ts'
import { filesIn } from './between-lives.ts'

/** Lines of a file that are damaged: the first and the last ones, and every so manyth between. */
const linesMax = 10
/** Bytes of a run of NULs: what a lost sector of a small record leaves. */
const nulBytes = 64

type Rot = Extract<Fault, { kind: 'rot' }>

/** A damage, and its kind: of which kind of file, in which of its lines. */
export interface KindedDamage {
  readonly fault: Rot
  readonly kind: string
}

/** Every damage of an image that is tried, in order. */
export function damagesOf(image: DirectoryImage): readonly KindedDamage[] {
  const files = filesIn(image)
  return files.flatMap((path, index) => {
    const entry = image.get(path)
    if (entry?.kind !== 'file' || entry.bytes.byteLength === 0) return []
    const like = kindOfPath(path)
    // What was taken over is not what is written now.
    const isLast = files.findLastIndex((other) => kindOfPath(other) === like) === index
    return damages(entry.bytes).map(({ damage, where }) => ({
      fault: { kind: 'rot', file: index + 1, damage },
      kind: [like, isLast ? 'last' : 'earlier', damage.kind, where].join(' | '),
    }))
  })
}

function damages(
  bytes: Uint8Array,
): readonly { readonly damage: Damage; readonly where: string }[] {
  const lines = linesOf(bytes)
  return chosen(lines.length).flatMap((place) => {
    const stage = place === 0 ? 'first' : place === lines.length - 1 ? 'last' : 'middle'
    return damagesOfLine(bytes, lines, place).map((damage, nth) => {
      // What a missing or a moved line breaks hangs on which line it is; of a byte, on where in its line.
      const isOfLine = damage.kind === 'line' || damage.kind === 'swap'
      return { damage, where: isOfLine ? `line ${place + 1}` : `${stage} ${nth}` }
    })
  })
}

function damagesOfLine(
  bytes: Uint8Array,
  lines: readonly Line[],
  place: number,
): readonly Damage[] {
  const line = lines[place]
  if (line === undefined) return []
  const { from, to } = line
  const byte = (offset: number): Damage => ({ kind: 'byte', offset, xor: 1 })
  const middle = Math.floor((from + to) / 2)
  return [
    byte(from),
    ...(middle > from ? [byte(middle)] : []),
    ...(to - 1 > middle ? [byte(to - 1)] : []),
    { kind: 'nul', from, to: Math.min(to, from + nulBytes) } as const,
    ...(canLoseMiddle(bytes, place + 1) ? [{ kind: 'line', line: place + 1 } as const] : []),
    ...(place > 0 && canSwap(bytes)
      ? [{ kind: 'swap', line: place, other: place + 1 } as const]
      : []),
  ]
}

function chosen(count: number): readonly number[] {
  if (count <= linesMax) return Array.from({ length: count }, (_, place) => place)
  const stride = (count - 1) / (linesMax - 1)
  return Array.from({ length: linesMax }, (_, place) => Math.round(place * stride))
}
