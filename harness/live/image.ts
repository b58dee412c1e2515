/** What a death leaves, as far as a later life can see it: the files of the state directory and the marks of the workers. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { readLedger } from '../ledger.ts'
import type { MarkName } from '../mark.ts'
import type { CaseContext } from './case-context.ts'
import { filesOf } from './rot.ts'

/** One file: its size in bytes and the hash of its content. */
export interface FileImage {
  readonly bytes: number
  readonly hash: string
}

export interface Image {
  /** By path, relative to the state directory. */
  readonly files: ReadonlyMap<string, FileImage>
  /** The lines that workers wrote, in order. */
  readonly marks: string
}

/** Marks that differ from run to run, or that a replay has and the original has not. */
const passing: ReadonlySet<MarkName> = new Set<MarkName>([
  'life',
  'exit',
  'fault',
  'stopped',
  'continued',
  'wedged',
  'note',
])

/** The image of a case between two lives. */
export function imageOf(context: CaseContext): Image {
  const { state } = context.directories
  const files = new Map<string, FileImage>()
  for (const path of filesOf(state)) {
    const content = readFileSync(path)
    const hash = createHash('sha256').update(content).digest('hex')
    files.set(relative(state, path), { bytes: content.length, hash })
  }
  const marks = readLedger(context.ledger.bytes())
    .entries.filter(({ mark }) => !passing.has(mark.mark))
    .map(({ mark }) => JSON.stringify(mark))
  return { files, marks: marks.join('\n') }
}

/** True where a later life could not tell one from the other. */
export function sameImage(left: Image, right: Image): boolean {
  return left.marks === right.marks && changedFiles(left, right).length === 0
}

/** Paths whose file differs, or is in one of them only. */
export function changedFiles(left: Image, right: Image): readonly string[] {
  const paths = new Set([...left.files.keys(), ...right.files.keys()])
  return [...paths].filter((path) => left.files.get(path)?.hash !== right.files.get(path)?.hash)
}
