/**
 * What can be said of a text by counting its words: deterministic, so that it can stand in for a model.
 */

/** How often each word comes up, most frequent first; equal ones by alphabet. */
export type Frequencies = readonly (readonly [word: string, times: number])[]

export type WordCount = {
  readonly lines: number
  readonly words: number
  readonly frequent: Frequencies
}

const frequentMax = 6
const sentenceCharsMin = 30
const sentenceCharsMax = 240

/** Counts lines and words, and gives the words that come up most. Code is counted whole. */
export function countWords(text: string): WordCount {
  const words = wordsOf(text)
  const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  return { lines, words: words.length, frequent: mostFrequent(tally(words)) }
}

/** The sentences whose words come up most in the whole text, in their order. Of code, only comments are read. */
export function summarise(path: string, text: string, sentences: number): readonly string[] {
  const prose = proseOf(path, text)
  const weights = tally(wordsOf(prose))
  const found = sentencesOf(prose).map((sentence, place) => ({
    sentence,
    place,
    weight: weightOf(sentence, weights),
  }))
  const best = found.sort((left, right) => right.weight - left.weight || left.place - right.place)
  const chosen = best.slice(0, sentences).sort((left, right) => left.place - right.place)
  return chosen.map(({ sentence }) => sentence)
}

/** Adds counts up and gives the words that come up most. */
export function mergeFrequent(all: readonly Frequencies[]): Frequencies {
  const total = new Map<string, number>()
  for (const [word, times] of all.flat()) total.set(word, (total.get(word) ?? 0) + times)
  return mostFrequent(total)
}

/** `1 word`, `2,345 words`. */
export function counted(count: number, noun: string): string {
  const grouped = String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
  return `${grouped} ${noun}${count === 1 ? '' : 's'}`
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)*/gu) ?? []
}

function tally(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) if (tells(word)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

function mostFrequent(counts: ReadonlyMap<string, number>): Frequencies {
  const sorted = [...counts].sort(
    ([left, leftTimes], [right, rightTimes]) => rightTimes - leftTimes || (left < right ? -1 : 1),
  )
  return sorted.slice(0, frequentMax)
}

function tells(word: string): boolean {
  return word.length > 3 && !saysNothing.has(word)
}

// The mean, so that a long sentence does not win by its length; those with few words that tell are held back.
function weightOf(sentence: string, weights: ReadonlyMap<string, number>): number {
  const words = wordsOf(sentence).filter(tells)
  let sum = 0
  for (const word of words) sum += weights.get(word) ?? 0
  return sum / Math.max(words.length, 6)
}

function sentencesOf(prose: string): readonly string[] {
  return prose
    .split(/\n{2,}/)
    .flatMap((paragraph) => paragraph.replaceAll(/\s+/g, ' ').split(/(?<=[.!?])\s+(?=\p{Lu})/u))
    .map((sentence) => sentence.trim())
    .filter(({ length }) => length >= sentenceCharsMin && length <= sentenceCharsMax)
}

const markupFiles = /\.(?:md|markdown|txt|text|rst|adoc|org|tex|log)$/i

function proseOf(path: string, text: string): string {
  if (markupFiles.test(path) || !/\.\w+$/.test(path)) return proseOfMarkup(text)
  return proseOfCode(text)
}

function proseOfMarkup(text: string): string {
  return text
    .replaceAll(/^```[^]*?^```/gm, '\n')
    .replaceAll(/\*\*|__/g, '')
    .split('\n')
    .map((line) => (/^\s*(?:#|\||=+$|-+$)/.test(line) ? '' : line))
    .map((line) =>
      /^\s*(?:[-*+]|\d+\.)\s/.test(line) ? `\n${line.replace(/^\s*\S+\s/, '')}` : line,
    )
    .join('\n')
}

// Lines of comments lose their marks; everything between two comments is a break.
function proseOfCode(text: string): string {
  const lines = text.split('\n').map((line) => {
    const comment = /^\s*(?:\/\*+|\*+\/?|\/\/+|#+|--)\s?(.*?)(?:\*\/)?\s*$/.exec(line)?.[1]
    return comment === undefined || comment.startsWith('!') ? '' : comment
  })
  return lines.join('\n')
}

const saysNothing: ReadonlySet<string> = new Set(
  `about above after again also always another because been before being below between both cannot come comes could does
  done down each else even ever every from gets give given gives goes have here into itself just last less like made make
  makes many more most much must name never next none nothing once only other otherwise over said same says should since
  some such take takes than that their them then there these they this those through under until upon used uses very want
  were what when where whether which while whose will with within without would your async await boolean const export
  extends false function import interface number promise public readonly return static string throw true type undefined
  void`.split(/\s+/),
)
