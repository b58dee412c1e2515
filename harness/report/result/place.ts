/** The one line of a program that a reader should open, out of the chain of lines that led to an op. */

/** A line of a file, relative to the project. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** Files through which every op of a kind goes, whoever asked for it: naming them helps nobody. */
const doors =
  /(?:^|\/)(?:harness\/worker|harness\/systems\/reference\/[a-z-]+|src\/file-system)\.[cm]?[jt]s$/

/**
 * Of `src/port.ts:51 < src/journal.ts:88 < …` the innermost line that lies in the project and is no mere door to the outside; where
 * there is nothing else, the door. `undefined` where no line lies in the project.
 */
export function placeOf(site: string | undefined): Place | undefined {
  const inside = (site ?? '')
    .split(' < ')
    .map(parse)
    .filter((place) => place !== undefined && isOwn(place.file))
  return inside.find((place) => place !== undefined && !doors.test(place.file)) ?? inside[0]
}

function parse(text: string): Place | undefined {
  const match = /^(?<file>.+):(?<line>\d+)$/.exec(text)
  const { file, line } = match?.groups ?? {}
  return file === undefined || line === undefined ? undefined : { file, line: Number(line) }
}

function isOwn(file: string): boolean {
  return !file.startsWith('/') && !file.startsWith('..') && !file.includes('node_modules/')
}
