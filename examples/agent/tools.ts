/**
 * The tools that the model may call. Reading has no effect outside and is simply done again by a later life; the report is
 * written under an idempotency key. Every call reserves what its result may cost, so an intent stands in the journal before
 * it begins, and a later life knows which calls were under way.
 */
import type { JsonObject, JsonValue } from '../../src/json.ts'
import type { StepCall } from '../../src/steps.ts'
import type { Tool } from '../../src/turn.ts'
import { baseOf, listFolders, textOf, type TextFile } from './folder.ts'
import { textIn, tokensOf } from './messages.ts'
import { publishReport, renderReport, type Report } from './report.ts'
import { countWords, summarise } from './words.ts'

/** What tools and model need of the process that they run in. */
export interface Surroundings {
  /** Called when a call begins; gives what to call when its work is done and not yet recorded. */
  readonly onCall: (name: string, input: JsonObject, call: StepCall) => () => void
  /** Waits as long as a real tool or model would. */
  readonly pause: (call: StepCall) => Promise<void>
  readonly note: (line: string) => void
  /**
   * Ends this life with something that a person must mend. What is under way is not recorded as failed: a later life does
   * it again. Rejects in any case.
   */
  readonly giveUp: (error: Error) => Promise<never>
}

export type Tools = Readonly<Record<string, Tool>>

const openingChars = 300

/** For the planner. */
export function listingTools(inputs: readonly string[], around: Surroundings): Tools {
  return { list_folders: tool('list_folders', around, () => listFolders(inputs)) }
}

/** For a reader: nothing but the files of its part. */
export function readingTools(
  inputs: readonly string[],
  files: readonly TextFile[],
  around: Surroundings,
): Tools {
  const base = baseOf(inputs)
  const read = (input: JsonObject): Promise<string> => {
    const wanted = textIn(input, 'path')
    const file = files.find(({ path }) => path === wanted)
    if (file === undefined) throw new Error(`${wanted} is not one of your files`)
    return textOf(base, file)
  }
  return {
    read_file: tool('read_file', around, async (input) => ({
      opening: (await read(input)).slice(0, openingChars).toWellFormed(),
    })),
    count_words: tool('count_words', around, async (input) => countWords(await read(input))),
    summarise: tool('summarise', around, async (input) =>
      summarise(textIn(input, 'path'), await read(input), Number(input['sentences'])),
    ),
  }
}

/** For the editor. */
export function writingTools(
  path: string,
  report: Omit<Report, 'overview'>,
  around: Surroundings,
): Tools {
  const write = async (input: JsonObject, call: StepCall): Promise<JsonValue> => {
    const markdown = renderReport({ ...report, overview: textIn(input, 'overview') })
    const published = await publishReport(path, call.idempotencyKey, markdown).catch(around.giveUp)
    if (published === 'known')
      around.note('the report was there already, under the same key: not written twice')
    return { characters: markdown.length }
  }
  return { write_report: { ...tool('write_report', around, write), effect: 'keyed' } }
}

function tool(
  name: string,
  around: Surroundings,
  work: (input: JsonObject, call: StepCall) => Promise<JsonValue> | JsonValue,
): Tool {
  return {
    effect: 'none',
    reserve: { tokens: 400 },
    run: async (args, call) => {
      const input = args as JsonObject
      const done = around.onCall(name, input, call)
      await around.pause(call)
      const result = await work(input, call)
      call.spend({ tokens: tokensOf(result) })
      done()
      return result
    },
  }
}
