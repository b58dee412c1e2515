/**
 * Run ids, and the directory name that each one gets.
 *
 * A run id becomes a file name, so what file systems do with names must not merge two runs (J8): some ignore case, some
 * normalise Unicode, all give `/`, NUL, `.` and `..` a meaning, and most end at 255 bytes. Therefore: few characters,
 * and in the directory name every capital letter and sign is written `%xx`.
 */
import { InvalidArgumentError } from './errors.ts'

/** Longest run id, in characters. */
export const runIdCharsMax = 200

/** Longest directory name of a run, in bytes: leaves room below the usual 255. */
export const directoryNameBytesMax = 240

const allowed = /^[A-Za-z0-9._~:@+=-]$/
const plain = /^[a-z0-9_-]$/

/**
 * Throws unless `runId` can name a run: 1 to 200 of `A-Z a-z 0-9 . _ ~ : @ + = -`, not `.` or `..`, and at most 240
 * bytes as a directory name, in which capitals and signs other than `.` `_` `-` take three.
 *
 * @throws InvalidArgumentError
 */
export function assertRunId(runId: unknown): asserts runId is string {
  if (typeof runId !== 'string') throw refuse(`expected a string, got ${typeName(runId)}`, runId)
  if (runId === '') throw refuse('expected at least one character, got an empty string', runId)
  if (runId.length > runIdCharsMax)
    throw refuse(`expected at most ${runIdCharsMax} characters, got ${runId.length}`, runId)
  if (runId === '.' || runId === '..')
    throw refuse(`"${runId}" means a directory to every file system`, runId)
  for (const char of runId) {
    if (!allowed.test(char)) throw refuse(`the character ${JSON.stringify(char)}`, runId)
  }
  const bytes = encode(runId).length
  if (bytes > directoryNameBytesMax)
    throw refuse(`its directory name would have ${bytes} bytes of ${directoryNameBytesMax}`, runId)
}

/** The directory name of a run: no two ids share one, on file systems that ignore case too. @throws InvalidArgumentError */
export function runDirectoryName(runId: string): string {
  assertRunId(runId)
  return encode(runId)
}

/** The run id that a directory name stands for; `undefined` where it is no run's name. */
export function runIdOfDirectoryName(name: string): string | undefined {
  const runId = name.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  try {
    return runDirectoryName(runId) === name ? runId : undefined
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined
    throw error
  }
}

function encode(runId: string): string {
  let name = ''
  for (let index = 0; index < runId.length; index++) {
    const char = runId.charAt(index)
    // A leading dot hides a file, a trailing one is dropped by some systems.
    const dotInside = char === '.' && index > 0 && index < runId.length - 1
    name += plain.test(char) || dotInside ? char : percent(char)
  }
  return name
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value
}

function refuse(came: string, runId: unknown): InvalidArgumentError {
  const shown = typeof runId === 'string' ? runId.slice(0, 80) : typeName(runId)
  return new InvalidArgumentError(`not a run id: ${came}`, {
    hint: `use 1 to ${runIdCharsMax} of A-Z a-z 0-9 . _ ~ : @ + = - (for anything else, a hash of it)`,
    details: { runId: shown },
  })
}
