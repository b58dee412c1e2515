/**
 * What stands in for a language model: three small policies that look at a transcript and say what comes next, as a model
 * would. They know nothing but the transcript, so a resumed run goes on wherever its transcript ends.
 */
import type { Part, TextFile } from './folder.ts'
import { answersOf, dataOf, reply, type Message, type Wish } from './messages.ts'
import { notesOn, type Section } from './notes.ts'
import { counted, mergeFrequent, type Frequencies } from './words.ts'

/** Says the model's next message. */
export type Model = (messages: readonly Message[]) => Message

/** Stands in the contract of every run: another model does not go on with what this one began. */
export const modelName = 'word-frequency-1'

const filesPerTurn = 3

/** How many turns the reader of a part takes: its files, then its closing words. */
export function turnsOf({ files }: Part): number {
  return Math.ceil(files.length / filesPerTurn) + 1
}

/** Has the folders listed, then says that it is ready. */
export const planner: Model = (messages) => {
  const [listed] = answersOf(messages)
  if (listed === undefined)
    return reply(messages, 'First I look what there is.', [{ name: 'list_folders', input: {} }])
  return reply(messages, 'Each part gets a reader of its own.', [])
}

/** Has some files read, counted and summarised at a time, and closes with a few words on all of them. */
export const reader: Model = (messages) => {
  const { files } = dataOf(messages) as Part
  const asked = new Set(answersOf(messages).map(({ input }) => input['path']))
  const next = files.filter(({ path }) => !asked.has(path)).slice(0, filesPerTurn)
  if (next.length > 0) return reply(messages, `Reading ${namesOf(next)}.`, next.flatMap(wishesFor))
  return reply(messages, closingWords(files, messages), [])
}

/** Has the report written, and says so. */
export const editor: Model = (messages) => {
  const [written] = answersOf(messages)
  if (written !== undefined) return reply(messages, 'The report is written.', [])
  const sections = dataOf(messages) as readonly Section[]
  const input = { overview: overviewOf(sections) }
  return reply(messages, 'Now I write the report.', [{ name: 'write_report', input }])
}

function wishesFor({ path, bytes }: TextFile): readonly Wish[] {
  const wishes = [
    { name: 'read_file', input: { path } },
    { name: 'count_words', input: { path } },
  ]
  if (bytes === 0) return wishes
  return [...wishes, { name: 'summarise', input: { path, sentences: bytes > 4000 ? 2 : 1 } }]
}

function closingWords(files: readonly TextFile[], messages: readonly Message[]): string {
  const notes = notesOn(files, messages)
  if (notes.files.length === 0) return 'Nothing here could be read to its end.'
  const words = sumOf(notes.files.map((note) => note.words))
  const about = mergeFrequent(notes.files.map(({ frequent }) => frequent))
  return `${counted(notes.files.length, 'file')}, ${counted(words, 'word')}${mostly(about)}.`
}

function overviewOf(sections: readonly Section[]): string {
  const files = sections.flatMap((section) => section.files)
  const words = sumOf(files.map((file) => file.words))
  const about = mergeFrequent(files.map(({ frequent }) => frequent))
  const longest = files.reduce((left, right) => (right.words > left.words ? right : left), {
    path: '',
    words: 0,
  })
  const most =
    longest.words === 0
      ? ''
      : ` The longest text is ${longest.path} (${counted(longest.words, 'word')}).`
  return `${counted(files.length, 'file')} in ${counted(sections.length, 'part')}, ${counted(words, 'word')}${mostly(about)}.${most}`
}

function mostly(about: Frequencies): string {
  const words = about.slice(0, 3).map(([word]) => word)
  if (words.length === 0) return ''
  const last = words.pop()
  return `, mostly about ${words.length === 0 ? '' : `${words.join(', ')} and `}${last}`
}

function namesOf(files: readonly TextFile[]): string {
  return files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)).join(', ')
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
