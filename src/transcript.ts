/**
 * `killpoint/transcript`: tool calls in the transcripts of language models, checked and repaired after a crash.
 *
 * A process that dies between a tool call and its result leaves a transcript that no provider takes: a call without a
 * result, half of a batch, a message that was cut off. What the provider's rules are, and how each is checked, stands in one
 * file per format under `transcript/`; what is the same in all of them stands once. Pure functions: nothing here reads,
 * writes or runs anything, and no input is changed.
 *
 *  T1  A call is matched with its result within its own turn, never over the whole transcript: ids repeat.
 *  T2  After `repairTranscript`, and `addResults` for what it lists to run, every call has exactly one result.
 *  T3  A result that stands is kept; a recorded one is used; an unknown outcome is an error and never a success.
 *  T4  Repairing twice gives what repairing once gave. Whatever no repair names is left as it was.
 */
import { assert } from './assert.ts'
import { InvalidArgumentError } from './errors.ts'
import { assertJson } from './json.ts'
import { TranscriptError } from './transcript/error.ts'
import { findings } from './transcript/findings.ts'
import type {
  RepairedTranscript,
  ToolCall,
  ToolOutcome,
  ToolResult,
  TranscriptFormat,
  TranscriptProblem,
  TranscriptRepair,
  ValidateOptions,
} from './transcript/model.ts'
import { openTranscript, publicCall, type OpenTranscript } from './transcript/open.ts'
import { pair } from './transcript/pairing.ts'
import type { Finding } from './transcript/reading.ts'
import { mend } from './transcript/repair.ts'

export { TranscriptError }
export type {
  RecordedOutcome,
  RepairedTranscript,
  ToolAnswer,
  ToolCall,
  ToolOutcome,
  ToolResult,
  TranscriptFormat,
  TranscriptProblem,
  TranscriptProblemCode,
  TranscriptRepair,
  ValidateOptions,
} from './transcript/model.ts'

/**
 * Every place where a transcript breaks a rule of its format, in transcript order; empty where the provider would take it.
 *
 * @throws TranscriptError where it cannot be read at all, NotJsonError, InvalidArgumentError (format)
 */
export function validateTranscript(
  format: TranscriptFormat,
  messages: readonly unknown[],
  options: ValidateOptions = {},
): readonly TranscriptProblem[] {
  const opened = openTranscript(format, messages, {
    reasoningRequired: options.reasoning === 'required',
  })
  const asRequest = options.toSend === true ? requestProblems(opened) : []
  return [...findings(opened).map(publicProblem), ...asRequest]
}

/**
 * Every tool call, in transcript order, with the result that stands for it.
 *
 * @throws TranscriptError, NotJsonError, InvalidArgumentError (format)
 */
export function toolCallsOf(
  format: TranscriptFormat,
  messages: readonly unknown[],
): readonly ToolCall[] {
  const { reading } = openTranscript(format, messages)
  const calls = reading.turns.flatMap((turn) => {
    const { answers, uncertain } = pair(turn)
    return turn.calls.map((call) => {
      const certain = !uncertain.some((group) => group.calls.includes(call))
      return publicCall(call, answers.get(call), certain)
    })
  })
  return calls.sort((left, right) => left.position - right.position)
}

/**
 * Gives every unanswered call its one result, in the place that the format demands, by what `outcomeOf` knows of it. It
 * is asked once for each unanswered call, and for the answered ones of a batch of which only the order tells them apart.
 * Calls that never started come back in `toRun` and stay unanswered until
 * {@link addResults}. The messages keep the caller's type: what is added has the provider's shape.
 *
 * @throws TranscriptError (unreadable; a half-answered batch that `outcomeOf` does not settle), NotJsonError,
 *   InvalidArgumentError
 */
export function repairTranscript<Message>(
  format: TranscriptFormat,
  messages: readonly Message[],
  outcomeOf: (call: ToolCall) => ToolOutcome,
): RepairedTranscript<Message> {
  const mended = mend(openTranscript(format, messages), 'journal', (call) =>
    checked(outcomeOf(call), call),
  )
  const found = findings(openTranscript(format, mended.messages))
  const remaining = found.filter((finding) => finding.code !== 'call-unanswered')
  assert(
    found.length - remaining.length === mended.toRun.length,
    'a repair left a call unanswered that is not listed to run',
  )
  // What was given keeps its type; what was added has the provider's shape.
  const typed = mended.messages as readonly unknown[] as readonly Message[]
  return { ...mended, messages: typed, remaining: remaining.map(publicProblem) }
}

/**
 * Puts the results of calls into a transcript, each where its format demands it: those that a repair listed to run, or
 * those of a turn that just ran. Calls without a result here stay as they are.
 *
 * @throws TranscriptError (unreadable, needs repair first, no such call, answered already), NotJsonError,
 *   InvalidArgumentError
 */
export function addResults<Message>(
  format: TranscriptFormat,
  messages: readonly Message[],
  results: readonly ToolResult[],
): readonly Message[] {
  const opened = openTranscript(format, messages)
  const given = new Map<number, ToolOutcome>()
  for (const { position, ...outcome } of results) {
    refuseTwice(given, position)
    given.set(position, { ...outcome, state: 'recorded' })
  }
  const mended = mend(opened, 'unanswered', (call) => {
    const outcome = given.get(call.position)
    return outcome === undefined ? undefined : checked(outcome, call)
  })
  for (const repair of mended.repaired) {
    if (repair.kind !== 'answered') throw unrepaired(format, repair)
    given.delete(repair.call.position)
  }
  refuseUnused(opened, given)
  return mended.messages as readonly unknown[] as readonly Message[]
}

function publicProblem({ code, path, expected, came }: Finding): TranscriptProblem {
  return { code, path, expected, came }
}

function requestProblems({ rules, given }: OpenTranscript): readonly TranscriptProblem[] {
  const path = rules.root
  const last = given.at(-1)
  if (last === undefined)
    return [{ code: 'empty-transcript', path, expected: 'at least one message', came: 'none' }]
  if (!rules.endsWithUser || !rules.fromModel(last)) return []
  const expected = "a request that ends with a message of the user's"
  return [{ code: 'ends-with-model', path, expected, came: "one of the model's" }]
}

function checked(outcome: ToolOutcome, call: ToolCall): ToolOutcome {
  switch (outcome?.state) {
    case 'recorded':
      assertJson(outcome.result, `outcome of ${call.path}`)
      return outcome
    case 'never-started':
      return outcome
    case 'unknown':
      if (outcome.reason === undefined || typeof outcome.reason === 'string') return outcome
  }
  throw new InvalidArgumentError(
    `expected an outcome with the state recorded, never-started or unknown for ${call.path}, got ${JSON.stringify(outcome)}`,
    { hint: "return `{ state: 'unknown' }` for a call of which nothing is known" },
  )
}

function unrepaired(
  format: TranscriptFormat,
  { kind, path }: Exclude<TranscriptRepair, { readonly kind: 'answered' }>,
): TranscriptError {
  return new TranscriptError(
    `the transcript needs repair before results are added: something at ${path} must be ${kind}`,
    {
      hint: 'call repairTranscript first and add the results to its messages',
      details: { format, path, repair: kind },
    },
  )
}

function refuseTwice(given: ReadonlyMap<number, unknown>, position: number): void {
  if (!given.has(position)) return
  throw new TranscriptError(`two results for the call at position ${position}`, {
    hint: 'give each call one result',
    details: { position },
  })
}

function refuseUnused(opened: OpenTranscript, given: ReadonlyMap<number, unknown>): void {
  const [position] = given.keys()
  if (position === undefined) return
  const call = opened.reading.turns
    .flatMap((turn) => turn.calls)
    .find((call) => call.position === position)
  const problem = call === undefined ? 'there is no such call' : `${call.path} is answered already`
  throw new TranscriptError(
    `cannot add a result for the call at position ${position}: ${problem}`,
    {
      hint: 'use the positions that toolCallsOf or repairTranscript give for these very messages',
      details: { position, path: call?.path },
    },
  )
}
