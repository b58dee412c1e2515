/**
 * Do the native hooks see a program? Nobody believes them unasked: what their log says is compared with what is there.
 *
 *  S1  A program is *seen* when the directory that is rebuilt from its op log is the real one, byte for byte, and every mark of its
 *      ledger was written by an op of its log: a crash point before an ack that is no op would be one behind it.
 *      A file that is mapped to be stored into is not seen even where both are alike: what a power loss takes of it nobody knows.
 *      And the process that leads its log must be the one that was started: it is the one that a fault kills or stops.
 *  S2  It is asked in a run of its own before any case (`live/sighting.ts`), and again in every control.
 *  S3  One file is left out, by rule: SQLite's `-shm` beside its database. It is the index of the write-ahead log, kept in a
 *      mapping by all connections, and built anew by the first one after a crash: nothing durable is in it.
 */
import { compareImages, readImage, rebuildDirectory, SpecialFileError } from '../directory-image.ts'
import type { DirectoryImage } from '../directory-image.ts'
import { isWorkerMark, readLedger } from '../ledger.ts'
import type { Mark } from '../mark.ts'
import { nativeNode, type Trace } from '../trace.ts'

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
  try {
    return differenceOf(lives, await readImage(directory))
  } catch (error) {
    if (error instanceof SpecialFileError) return error.message
    throw error
  }
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
  if (difference !== undefined) return shortened(difference)
  const mapped = lives.flat().flatMap((trace) => trace.mapped ?? [])
  const stored = mapped.find((path) => !isLeftOut(path, real))
  return stored === undefined ? undefined : `it maps ${stored}, and what it stores there is no op`
}

/** Why the faults of a life would strike another process than the one that was started as `pid`; `undefined` where they would not. */
export function whyNotLed(trace: Trace | undefined, pid: number): string | undefined {
  if (trace === undefined || trace.node !== nativeNode || trace.pid === pid) return undefined
  return 'a program that they are not in starts the first that they are in, in a process group of its own'
}

/** Why the marks of lives are not seen: the first that none of their ops wrote; `undefined` where there is none. */
export function whyMarksUnseen(
  lives: readonly (readonly Trace[])[],
  marks: readonly Mark[],
): string | undefined {
  const logged = new Map<string, number>()
  for (const text of lives.flatMap(markedBy)) logged.set(text, (logged.get(text) ?? 0) + 1)
  for (const mark of marks.filter(isWorkerMark)) {
    const text = JSON.stringify(mark)
    const left = logged.get(text) ?? 0
    if (left === 0) return `no op of its log wrote the mark ${mark.mark} of its ledger`
    logged.set(text, left - 1)
  }
  return undefined
}

/** The marks that the ops of a life wrote; one that was under way may have written its own. */
function markedBy(traces: readonly Trace[]): readonly string[] {
  return traces.flatMap(({ ops }) => {
    const written = ops.map(({ op, bytes, result }) =>
      op.kind === 'mark' && result.code === undefined && bytes !== undefined
        ? bytes.subarray(0, result.written)
        : new Uint8Array(),
    )
    return readLedger(Buffer.concat(written)).entries.map(({ mark }) => JSON.stringify(mark))
  })
}

/** Characters of a difference that are shown: contents can be long. */
const shownMax = 200

function shortened(difference: string): string {
  const text = `logged and real differ: ${difference}`
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`
}
