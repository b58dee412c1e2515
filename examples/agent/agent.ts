/**
 * The agent: a librarian that has a folder listed, gives every part of it to a reader of its own, and has an editor write
 * the report. Nothing here saves, loads or retries: whatever is awaited is durable, and after a restart this code runs from
 * its start and finds what was done.
 *
 *   plan   a conversation with the tool list_folders
 *   read   one child per part, a few at a time; each is a conversation with the tools read_file, count_words, summarise
 *   edit   a conversation with the tool write_report
 */
import { basename } from 'node:path'
import { ChildGroup, type Settled } from '../../src/child-group.ts'
import type { Driver } from '../../src/children.ts'
import { loop } from '../../src/loop.ts'
import type { Scope } from '../../src/scope.ts'
import { turn } from '../../src/turn.ts'
import type { LeftOut, Listing, Part } from './folder.ts'
import { answersOf, lastText, prompt, tokensOf, type Message } from './messages.ts'
import { editor, planner, reader, type Model } from './model.ts'
import { notesOn, type Section } from './notes.ts'
import { budgetOf, planOf, type Plan } from './plan.ts'
import type { Report } from './report.ts'
import { listingTools, readingTools, writingTools, type Surroundings, type Tools } from './tools.ts'

/** What a run is about: absolute paths of folders. */
export type Task = { readonly inputs: readonly string[] }

/** What a finished run gives: how many files its report is about, and how many it had to leave out. */
export type Outcome = { readonly files: number; readonly leftOut: number }

export interface AgentOptions extends Surroundings {
  /** Where the report goes. */
  readonly reportPath: string
  /** The run's budget: parts that it cannot cover are left out. */
  readonly tokens: number
  /** Told in every life, once the folders are listed. */
  readonly onPlanned: (plan: Plan) => void
  /** Told after each turn, right before its iteration is committed. */
  readonly onTurn: (who: string, message: Message) => void
}

/** How many readers work at the same time. */
const readersMax = 3
/** What an answer of the model may cost beside its transcript. */
const answerTokensMax = 2_000

/** The root driver. */
export function librarian(options: AgentOptions): Driver {
  return {
    name: 'librarian',
    run: async (scope, task) => {
      const { inputs } = task as Task
      const plan = planOf(await list(scope, inputs, options), options.tokens)
      options.onPlanned(plan)
      const sections = await readParts(scope, plan.parts, readerOf(inputs, options))
      const report = reportOf(inputs, sections, plan.leftOut)
      await edit(scope, report, options)
      const files = sections.flatMap((section) => section.files).length
      return { files, leftOut: report.leftOut.length } satisfies Outcome
    },
  }
}

async function list(
  scope: Scope,
  inputs: readonly string[],
  options: AgentOptions,
): Promise<Listing> {
  const messages = await converse(scope, 'plan', options, {
    model: planner,
    prompt: prompt('Write a report on these folders.', inputs),
    tools: listingTools(inputs, options),
  })
  const [listed] = answersOf(messages)
  if (listed?.result === undefined)
    throw new Error(`the folders could not be listed: ${listed?.error}`)
  const listing = listed.result as Listing
  if (listing.parts.length === 0) throw new Error('there is no text file in these folders any more')
  return listing
}

/** Reads a part: a child with a budget and an iteration limit of its own. */
function readerOf(inputs: readonly string[], options: AgentOptions): Driver {
  return {
    name: 'reader',
    run: async (scope, task) => {
      const part = task as Part
      const messages = await converse(scope, 'read', options, {
        who: part.name,
        model: reader,
        prompt: prompt('Read these files and say what they are about.', part),
        tools: readingTools(inputs, part.files, options),
      })
      return { name: part.name, text: lastText(messages), ...notesOn(part.files, messages) }
    },
  }
}

async function readParts(
  scope: Scope,
  parts: readonly Part[],
  driver: Driver,
): Promise<readonly Section[]> {
  const group = new ChildGroup(scope)
  const sections = new Map<Part, Section>()
  const byName = new Map(parts.map((part, index) => [childName(part, index), part]))
  const waiting = [...byName]
  const spawnNext = (): void => {
    const [name, part] = waiting.shift() ?? []
    if (name !== undefined && part !== undefined)
      group.spawn(name, driver, part, { budget: budgetOf(part) })
  }
  for (let count = 0; count < readersMax; count++) spawnNext()
  for (let settled = await group.next(); settled !== undefined; settled = await group.next()) {
    const part = byName.get(settled.name)
    if (part !== undefined) sections.set(part, sectionOf(part, settled))
    spawnNext()
  }
  return parts.flatMap((part) => sections.get(part) ?? [])
}

function reportOf(
  inputs: readonly string[],
  sections: readonly Section[],
  leftOut: readonly LeftOut[],
): Omit<Report, 'overview'> {
  return {
    folders: inputs.map((input) => basename(input)),
    sections,
    leftOut: [...leftOut, ...sections.flatMap((section) => section.leftOut)],
  }
}

async function edit(
  scope: Scope,
  report: Omit<Report, 'overview'>,
  options: AgentOptions,
): Promise<void> {
  await converse(scope, 'edit', options, {
    model: editor,
    prompt: prompt('Write the report from what the readers say.', report.sections),
    tools: writingTools(options.reportPath, report, options),
  })
}

interface Conversation {
  /** Default: the name of the conversation. */
  readonly who?: string
  readonly model: Model
  readonly prompt: Message
  readonly tools: Tools
}

/** Takes turns, one per iteration, until the model calls nothing more. Gives the whole transcript. */
async function converse(
  scope: Scope,
  name: string,
  { pause, onTurn }: AgentOptions,
  { who = name, model, prompt, tools }: Conversation,
): Promise<readonly Message[]> {
  return loop<readonly Message[]>(scope, name, {
    initial: [prompt],
    iterate: async (before, inner) => {
      const { messages, calls } = await turn(inner, 'turn', {
        format: 'anthropic',
        messages: before,
        tools,
        model: { reserve: { tokens: tokensOf(before) + answerTokensMax } },
        ask: async (messages, call) => {
          await pause(call)
          const answer = model(messages)
          call.spend({ tokens: tokensOf(messages) + tokensOf(answer) })
          return [answer]
        },
      })
      onTurn(who, messages[before.length] ?? prompt)
      return { state: messages, done: calls === 0 }
    },
  })
}

function sectionOf(part: Part, settled: Settled): Section {
  if (settled.status === 'done') return settled.value as Section
  const reason = settled.error.message.split('\n')[0] ?? ''
  return {
    name: part.name,
    text: `This part was not read to its end: ${reason}`,
    files: [],
    leftOut: part.files.map(({ path }) => ({ path, reason: 'its part was not read to its end' })),
  }
}

// Unique whatever the directories are called, and short enough for a key.
function childName({ name }: Part, index: number): string {
  return `${index + 1} ${name.length <= 150 ? name : `…${name.slice(-150)}`}`
}
