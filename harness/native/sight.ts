/**
 * Do the native hooks see a program? Nobody believes them unasked: what their log says is compared with what is on the disk.
 *
 *  S1  A program is *seen* when the directory that is rebuilt from its op log is the real one, byte for byte.
 *  S2  It is asked in a run of its own before any case (`live/sighting.ts`), and again in every control.
 *  S3  One file is left out, by rule: SQLite's `-shm` beside its database. It is the index of the write-ahead log, kept in a
 *      mapping by all connections, and built anew by the first one after a crash: nothing durable is in it.
 */
import { compareImages, readImage, rebuildDirectory } from '../directory-image.ts'
import type { DirectoryImage } from '../directory-image.ts'
import type { Trace } from '../trace.ts'

/** What to do where a program is not seen. */
export const unseenHint: string =
  'stores through memory mappings, stdio of the C library, io_uring, and static or Go programs pass the native hooks by; ' +
  'it is driven by its marks, as without them'

/** Files that are left out of the comparison (S3). */
export function isLeftOut(path: string, image: DirectoryImage): boolean {
  return path.endsWith('-shm') && image.has(path.slice(0, -'-shm'.length))
}

/**
 * Why a program is not seen: the first difference between what its lives logged, in order, and the real directory; `undefined`
 * where there is none.
 */
export async function whyUnseen(
  lives: readonly (readonly Trace[])[],
  directory: string,
): Promise<string | undefined> {
  return differenceOf(lives, await readImage(directory))
}

/** The same for a directory that was read. */
export function differenceOf(
  lives: readonly (readonly Trace[])[],
  real: DirectoryImage,
): string | undefined {
  let rebuilt: DirectoryImage = new Map()
  try {
    for (const traces of lives) rebuilt = rebuildDirectory(traces, Infinity, rebuilt)
  } catch (error) {
    return `its log cannot be replayed: ${(error as Error).message}`
  }
  const [difference] = compareImages(rebuilt, real).filter(
    (line) => !isLeftOut(line.slice(0, line.indexOf(': ')), real),
  )
  return difference === undefined ? undefined : shortened(difference)
}

/** Characters of a difference that are shown: contents can be long. */
const shownMax = 200

function shortened(difference: string): string {
  const text = `logged and real differ: ${difference}`
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`
}
