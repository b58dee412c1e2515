/**
 * A durable turn of an agent: the model is asked once, every tool call of its answer is run once, and the transcript that
 * comes out has exactly one result for each call.
 *
 *   T1  the model's answer is committed before any of its calls begins, in one batch with their intents
 *   T2  each call is committed on its own: a crash in the middle of a batch keeps the calls that finished
 *   T3  a call that began in an earlier life and has no result is answered *outcome unknown*, as an error, and not run
 *       again, unless its tool declares that it may be (`effect: 'keyed'` or `'none'`)
 *   T4  the decision about a call is a record of its own: the next model call sees it, in this life and in every later one
 */
import { intentOf, performUnit } from './attempt.ts'
import { NotJsonError, OutcomeUnknownError, type StepFailedError } from './errors.ts'
import { handled } from './handled.ts'
import { assertValue, type JsonValue } from './json.ts'
import { argumentHash, nameLengthMax } from './keys.ts'
import type { IntentRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { step, type StepCall, type StepOptions } from './steps.ts'
import type { Unit } from './unit.ts'
import {
  repairTranscript,
  toolCallsOf,
  type ToolCall,
  type ToolOutcome,
  type TranscriptFormat,
} from './transcript.ts'

/** What a model may call. */
export interface Tool extends Pick<StepOptions, 'effect' | 'reserve' | 'timeoutMs'> {
  /** Gives the call's result; a throw becomes an error result that the model sees. */
  readonly run: (args: JsonValue, call: StepCall) => Promise<JsonValue> | JsonValue
}

export interface TurnOptions<Message extends JsonValue> {
  readonly format: TranscriptFormat
  /** The transcript so far. Calls in it that were never answered are answered as of unknown outcome. */
  readonly messages: readonly Message[]
  /** Asks the model; gives the messages that it adds to the transcript. */
  readonly ask: (messages: readonly Message[], call: StepCall) => Promise<readonly Message[]>
  readonly tools: Readonly<Record<string, Tool>>
  /** Of the model call itself: what it reserves, how often it is tried. */
  readonly model?: Omit<StepOptions, 'args'>
}

export interface Turn<Message> {
  /** The transcript with the model's answer and the results of its calls. */
  readonly messages: readonly Message[]
  /** How many tools the model called; 0 ends most agents. */
  readonly calls: number
}

/** Takes one turn under a name. See the head of the file; errors as `step`, and `TranscriptError`. */
export function turn<Message extends JsonValue>(
  scope: Scope,
  name: string,
  options: TurnOptions<Message>,
): Promise<Turn<Message>> {
  return handled(takeTurn(scope, name, options))
}

async function takeTurn<Message extends JsonValue>(
  scope: Scope,
  name: string,
  options: TurnOptions<Message>,
): Promise<Turn<Message>> {
  const { format, tools } = options
  const before = repairTranscript(format, options.messages, () => ({ state: 'unknown' })).messages
  const answer = await askModel(scope, name, options, before)
  const messages = [...before, ...answer]
  const calls = unanswered(format, messages)
  const outcomes = new Map<number, ToolOutcome>()
  await Promise.all(
    calls.map(async (call) => {
      outcomes.set(call.position, await runTool(scope, toolUnit(scope, name, call, tools)))
    }),
  )
  const answered = repairTranscript(
    format,
    messages,
    (call) => outcomes.get(call.position) ?? { state: 'unknown' },
  )
  return { messages: answered.messages, calls: calls.length }
}

async function askModel<Message extends JsonValue>(
  scope: Scope,
  name: string,
  { ask, format, model, tools }: TurnOptions<Message>,
  messages: readonly Message[],
): Promise<readonly Message[]> {
  // The whole transcript is in the loop's state already; its hash is enough to know it again.
  const args = argumentHash(messages)
  const intents = (added: JsonValue | undefined): readonly IntentRecord[] =>
    unanswered(format, [...messages, ...((added ?? []) as readonly Message[])]).flatMap((call) => {
      const unit = toolUnit(scope, name, call, tools)
      return unit.intent ?? []
    })
  return step(scope, name, async (call) => [...(await ask(messages, call))], {
    ...model,
    args,
    also: intents,
  })
}

function unanswered(format: TranscriptFormat, messages: readonly unknown[]): readonly ToolCall[] {
  return toolCallsOf(format, messages).filter(({ answer }) => answer === undefined)
}

interface ToolUnit extends Unit {
  readonly name: string
  /** Committed with the model's answer; a tool that reserves budget writes its own when it begins. */
  readonly intent?: IntentRecord
}

function toolUnit(
  scope: Scope,
  name: string,
  call: ToolCall,
  tools: Readonly<Record<string, Tool>>,
): ToolUnit {
  const tool = Object.hasOwn(tools, call.name) ? tools[call.name] : undefined
  const { effect = 'once', reserve, timeoutMs } = tool ?? {}
  // What no record can hold is known again by its text.
  const args: JsonValue = {
    name: call.name.toWellFormed(),
    arguments:
      whyNotJson(call) === undefined ? call.arguments : (JSON.stringify(call.arguments) ?? null),
  }
  const own = unitName(name, call)
  const unit = {
    kind: 'tool',
    name: own,
    base: scope.nextKey(own),
    attempt: 1,
    options: {
      args,
      effect: runnable(tool, call) ? effect : 'none',
      ...(reserve === undefined ? {} : { reserve }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
    body: (stepCall) => runBody(tool, call, stepCall),
  } satisfies ToolUnit
  const intent = reserve === undefined ? intentOf(unit, unit.base, argumentHash(args)) : undefined
  return intent === undefined ? unit : { ...unit, intent, hasIntent: true }
}

/** Names of calls differ by the position, which therefore is never what is cut off. */
function unitName(turnName: string, { position, name }: ToolCall): string {
  const place = `${turnName}.${position}`
  if (place.length <= nameLengthMax)
    return `${place}.${name}`.slice(0, nameLengthMax).toWellFormed()
  const rest = `.${position}.${argumentHash(turnName.toWellFormed())}`
  return `${turnName.slice(0, nameLengthMax - rest.length)}${rest}`.toWellFormed()
}

/** Why the arguments of a call cannot be recorded: models write texts that are JSON and come back as something else. */
function whyNotJson({ arguments: args }: ToolCall): string | undefined {
  try {
    assertValue(args, 'arguments')
    return undefined
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error
    return error.message.split('\n')[0]
  }
}

function runnable(tool: Tool | undefined, call: ToolCall): tool is Tool {
  return tool !== undefined && call.complete && whyNotJson(call) === undefined
}

async function runBody(
  tool: Tool | undefined,
  call: ToolCall,
  stepCall: StepCall,
): Promise<JsonValue> {
  if (tool === undefined) throw new Error(`there is no tool named ${call.name}`)
  if (!call.complete) throw new Error(`the arguments of ${call.name} were cut off; it was not run`)
  const why = whyNotJson(call)
  if (why !== undefined) throw new Error(`${call.name} was not run: ${why}`)
  return tool.run(call.arguments, stepCall)
}

async function runTool(scope: Scope, unit: ToolUnit): Promise<ToolOutcome> {
  scope.claim(unit.name)
  try {
    const result = await performUnit(scope, unit)
    return { state: 'recorded', result: result ?? null }
  } catch (error) {
    // This life is over, or the run is: the call has no result yet.
    scope.assertOpen()
    if (error instanceof OutcomeUnknownError) return { state: 'unknown', reason: error.message }
    return { state: 'recorded', result: reasonOf(error), isError: true }
  } finally {
    scope.release(unit.name)
  }
}

/** The model is told what the tool said, and nothing of keys and units. */
function reasonOf(error: unknown): string {
  const { details, message } = error as StepFailedError
  return typeof details?.['reason'] === 'string' ? details['reason'] : message
}
