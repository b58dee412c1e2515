/**
 * What a life said as it died by itself, out of the end of its stderr: the error, and the lines of the program that it names.
 *
 * An error of Node is told with its stack below; other languages end with it. Whatever the text is, something of it is told.
 */

/** The words of a life that ended by itself. */
export interface LastWords {
  /** `TypeError: liveness is not a function`. */
  readonly error: string
  /** Positions in the code that ran, innermost first, as in a trace; empty where the text has no stack. */
  readonly frames: readonly string[]
}

const frameLine = /^\s+at (?:.*? \()?(.+:\d+:\d+)\)?$/
const longest = 300

/** Reads the end of an output; `undefined` where it is empty. */
export function lastWordsIn(stderr: string): LastWords | undefined {
  const lines = stderr.split('\n').map((line) => line.trimEnd())
  const last = lines.findLastIndex((line) => frameLine.test(line))
  if (last === -1) {
    const error = lines.findLast((line) => line !== '')
    return error === undefined ? undefined : { error: cut(error.trim()), frames: [] }
  }
  const first = lines.findLastIndex((line, place) => place < last && !frameLine.test(line)) + 1
  const frames = lines.slice(first, last + 1).flatMap((line) => frameLine.exec(line)?.[1] ?? [])
  const above = lines.slice(0, first)
  const error = above.slice(above.lastIndexOf('') + 1).join(' ')
  return { error: cut(error.trim() || 'an error without a message'), frames }
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
