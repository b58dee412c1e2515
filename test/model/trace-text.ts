/** A way to a broken law as lines for people. */
import type { Broken } from './laws.ts'
import type { Model } from './program.ts'
import type { Row } from './state.ts'
import { stretches, type Stretch } from './trace.ts'

const COLUMNS = 96
const INDENT = ' '.repeat(8)

/** A stretch a line, and the law. */
export function traceText(
  broken: Broken & { readonly path: readonly Row[] },
  model: Model,
): string {
  const { law, what, path } = broken
  const last = law === 'reader' ? what : `${law}: ${what}`
  return [...stretches(path, model).flatMap(stretchLines), last].join('\n')
}

function stretchLines({ who, moves }: Stretch): string[] {
  if (who === '') return moves.flatMap((move) => wrapped('', move.split(/(?<=[,;]) /), ' '))
  return wrapped(who.padEnd(INDENT.length), shortened(moves), ' · ')
}

function wrapped(start: string, pieces: readonly string[], between: string): string[] {
  const lines: string[] = []
  let line = start
  for (const [index, piece] of pieces.entries()) {
    const added = index === 0 ? piece : between + piece
    if (line.length + added.length > COLUMNS) {
      lines.push((line + between).trimEnd())
      line = INDENT + piece
    } else line += added
  }
  return [...lines, line]
}

/** An open that nothing interrupts is one word, and so are its first three steps. */
function shortened(moves: readonly string[]): readonly string[] {
  const began = moves.findIndex((move) => /^(finds|makes) the (run|parent) directory$/.test(move))
  if (began < 0) return moves
  const before = moves.slice(0, began)
  const resolved = moves.indexOf('open resolves')
  if (resolved >= 0) {
    const number =
      moves
        .find((move) => move.startsWith('lists; '))
        ?.split(' ')
        .at(-1) ?? '?'
    return [...before, `opens as number ${number}`, ...moves.slice(resolved + 1)]
  }
  const [found, parent, grandparent, ...rest] = moves.slice(began)
  const whole =
    parent === 'syncs the parent directory' && grandparent === 'syncs the directory above it'
  return whole ? [...before, `${found ?? ''}, syncs above it`, ...rest] : moves
}
