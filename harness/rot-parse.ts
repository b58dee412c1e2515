/** Damage between lives, from text: the `R` line of the grammar in `docs/tokens.md`. */
import type { Damage, Fault } from './fault.ts'
import type { TextCursor } from './text-cursor.ts'

/** Reads what follows the letter `R`; throws UsageError `FAULT_SYNTAX`. */
export function readRot(cursor: TextCursor): Fault {
  const file = cursor.number('the number of a file')
  cursor.expect('=')
  const start = cursor.at
  const damage = readDamage(cursor)
  if (file === 0 && damage.kind !== 'gone')
    throw cursor.refuse('"gone": file 0 is every file', start)
  return { kind: 'rot', file, damage }
}

function readDamage(cursor: TextCursor): Damage {
  const kind = cursor.word(['byte', 'nul', 'line', 'swap', 'cut', 'gone'])
  if (kind === 'gone') return { kind }
  cursor.expect('.')
  switch (kind) {
    case 'byte': {
      const offset = cursor.number('an offset in bytes')
      cursor.expect('.')
      return { kind, offset, xor: cursor.number('a value', 1, 255) }
    }
    case 'nul':
      return { kind, ...readRange(cursor) }
    case 'line':
      return { kind, line: cursor.number('a line number', 1) }
    case 'swap': {
      const line = cursor.number('a line number', 1)
      cursor.expect('.')
      return { kind, line, other: cursor.number('a line number', line + 1) }
    }
    case 'cut':
      return { kind, bytes: cursor.number('a length in bytes') }
  }
}

function readRange(cursor: TextCursor): { readonly from: number; readonly to: number } {
  const from = cursor.number('an offset in bytes')
  cursor.expect('-')
  return { from, to: cursor.number('an offset', from + 1) }
}
