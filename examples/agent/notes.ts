/**
 * What a reader found out, taken from the answers that stand in its transcript and from nothing else.
 */
import type { LeftOut, TextFile } from './folder.ts'
import { answersOf, textIn, type Answer, type Message } from './messages.ts'
import type { Frequencies, WordCount } from './words.ts'

export type FileNote = {
  readonly path: string
  /** Its first heading, where it has one. */
  readonly title: string
  readonly lines: number
  readonly words: number
  readonly frequent: Frequencies
  readonly summary: readonly string[]
}

/** What a child hands to its parent. */
export type Section = {
  readonly name: string
  /** What the model says of the part as a whole. */
  readonly text: string
  readonly files: readonly FileNote[]
  readonly leftOut: readonly LeftOut[]
}

/** Notes on each file, in the order of `files`; a file of which one call failed is left out with what the tool said. */
export function notesOn(
  files: readonly TextFile[],
  messages: readonly Message[],
): Pick<Section, 'files' | 'leftOut'> {
  const byPath = new Map<string, Answer[]>(files.map(({ path }) => [path, []]))
  for (const answer of answersOf(messages)) byPath.get(textIn(answer.input, 'path'))?.push(answer)
  const notes: FileNote[] = []
  const leftOut: LeftOut[] = []
  for (const [path, answers] of byPath) {
    const failed = answers.find(({ error }) => error !== undefined)
    if (failed?.error !== undefined) leftOut.push({ path, reason: failed.error })
    else if (answers.length > 0) notes.push(noteOf(path, answers))
  }
  return { files: notes, leftOut }
}

function noteOf(path: string, answers: readonly Answer[]): FileNote {
  const result = (name: string): unknown => answers.find((answer) => answer.name === name)?.result
  const { opening } = result('read_file') as { readonly opening: string }
  const { lines, words, frequent } = result('count_words') as WordCount
  const summary = (result('summarise') ?? []) as readonly string[]
  const title = /^#+\s+(.+)$/m.exec(opening)?.[1]?.trim() ?? ''
  return {
    path,
    title: /\.(?:md|markdown)$/i.test(path) ? title : '',
    lines,
    words,
    frequent,
    summary,
  }
}
