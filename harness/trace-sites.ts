/**
 * Sites, resolved: from a position in the code that ran to the source line that a person wrote.
 *
 * Frames are recorded raw, because a worker under test has no time for source maps. Here they are read once per file: from the
 * comment at the end of the file, inline or beside it, or else from `<file>.map`.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TraceMap, originalPositionFor } from '@jridgewell/trace-mapping'

/** A source position. Lines and columns count from 1. */
export interface Site {
  /** Absolute path, or the URL of what is no file. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Resolves frames; keeps the maps that it has read. */
export type SiteResolver = (frame: string) => Site

/** A resolver of frames as they stand in a trace (`file:line:column`). Where a map is missing or broken, the raw position. */
export function createSiteResolver(): SiteResolver {
  const maps = new Map<string, TraceMap | undefined>()
  return (frame) => {
    const raw = parseFrame(frame)
    if (!maps.has(raw.file)) maps.set(raw.file, readMap(raw.file))
    const map = maps.get(raw.file)
    if (map === undefined) return raw
    const original = originalPositionFor(map, { line: raw.line, column: raw.column - 1 })
    if (original.source === null) return raw
    return {
      file: resolve(dirname(raw.file), sourceOf(original.source)),
      line: original.line,
      column: original.column + 1,
    }
  }
}

/** The position that a frame names. */
export function parseFrame(frame: string): Site {
  const match = /^(.*):(\d+):(\d+)$/.exec(frame)
  if (match === null) return { file: frame, line: 0, column: 0 }
  const [, file = '', line, column] = match
  return { file: fileOf(file), line: Number(line), column: Number(column) }
}

function fileOf(name: string): string {
  return name.startsWith('file:') ? fileURLToPath(name) : name
}

/** The sources of a map are URLs, relative ones mostly. What is none stands for itself. */
function sourceOf(source: string): string {
  try {
    return source.startsWith('file:') ? fileURLToPath(source) : decodeURIComponent(source)
  } catch {
    return source
  }
}

function readMap(file: string): TraceMap | undefined {
  const text = readText(file)
  if (text === undefined) return undefined
  const json = mapText(file, text)
  if (json === undefined) return undefined
  try {
    return new TraceMap(json)
  } catch {
    // A broken map: the raw position is still true.
    return undefined
  }
}

function mapText(file: string, text: string): string | undefined {
  const comments = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)]
  const url = comments.at(-1)?.[1]
  if (url === undefined) return readText(`${file}.map`)
  const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/.exec(url)
  if (inline === null) return readText(resolve(dirname(file), decodeURIComponent(url)))
  const [, base64, data = ''] = inline
  return base64 === undefined ? decodeURIComponent(data) : Buffer.from(data, 'base64').toString()
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there any more, or never a file (`evalmachine.<anonymous>`).
    return undefined
  }
}
