/**
 * Where the files of one run are.
 */
import path from 'node:path'
import { runDirectoryName } from '../run-id.ts'

export interface RunFiles {
  readonly runId: string
  readonly directory: string
  readonly blobs: string
  /** The segment of a life. */
  readonly segment: (epoch: number) => string
  /** Where a header is written before it is published. */
  readonly temporary: (epoch: number, nonce: string) => string
}

/** @throws InvalidArgumentError */
export function runFiles(dir: string, runId: string): RunFiles {
  const directory = path.join(dir, runDirectoryName(runId))
  return {
    runId,
    directory,
    blobs: path.join(directory, 'blobs'),
    segment: (epoch) => path.join(directory, `${digits(epoch)}.log`),
    temporary: (epoch, nonce) => path.join(directory, `${digits(epoch)}.${nonce}.tmp`),
  }
}

/** The life whose segment has this file name; `undefined` for every other file. */
export function epochOfName(name: string): number | undefined {
  const match = /^(\d{6,15})\.log$/.exec(name)
  const epoch = Number(match?.[1])
  return epoch >= 1 && match?.[1] === digits(epoch) ? epoch : undefined
}

/** The life for which a temporary file was made; `undefined` for every other file. */
export function epochOfTemporary(name: string): number | undefined {
  const match = /^(\d{6,15})\.[A-Za-z0-9-]+\.tmp$/.exec(name)
  return match === null ? undefined : Number(match[1])
}

/** True for what killpoint puts into a run directory besides segments. */
export function isOurName(name: string): boolean {
  return name === 'blobs' || name === 'inbox' || epochOfTemporary(name) !== undefined
}

function digits(epoch: number): string {
  return String(epoch).padStart(6, '0')
}
