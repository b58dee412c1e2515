/**
 * Runs a workload on the reference runtime: each task in the idiom that a user would choose for it, with a mark at every
 * moment that the oracle asks about. The outcome is a nonce per step, as the runtime handed it back.
 */
import { createHash } from 'node:crypto'
import { spawn, type Driver } from '../../../src/children.ts'
import { runCommand } from '../../../src/command.ts'
import { CancelledError, OutcomeUnknownError, StepFailedError } from '../../../src/errors.ts'
import { canonicalJson, type JsonObject, type JsonValue } from '../../../src/json.ts'
import { nameLengthMax } from '../../../src/keys.ts'
import { loop } from '../../../src/loop.ts'
import type { Scope } from '../../../src/scope.ts'
import { step, type StepCall, type StepOptions } from '../../../src/steps.ts'
import { turn, type Tool } from '../../../src/turn.ts'
import { receive, sleep } from '../../../src/waits.ts'
import type { EffectKind, StepTask, Task } from '../../workload.ts'
import { drawNonce, mark } from '../../worker.ts'

/** By step id: the nonce of its result, or `unknown`. */
export type Outcome = Readonly<Record<string, string>>

/** What one life gives the interpreter. */
export interface Worker {
  readonly life: number
  /** Id of the enclosing child task, or `root`. */
  readonly child: string
  readonly now: () => number
}

/** Runs a task and all below it. */
export async function interpret(worker: Worker, scope: Scope, task: Task): Promise<Outcome> {
  switch (task.kind) {
    case 'step':
      return runStep(scope, task)
    case 'sequence':
      return inSequence(worker, scope, task.of)
    case 'parallel':
      return atOnce(worker, scope, task.of)
    case 'tools':
      return (await runTools(scope, task, [])).outcome
    case 'loop':
      return runLoop(worker, scope, task)
    case 'child':
      return runChild(worker, scope, task)
    case 'timer':
      return runTimer(worker, scope, task)
    case 'signal':
      return runSignal(scope, task)
    case 'command':
      return observe(task.id, () => command(worker, scope, task))
    case 'poison':
      return observe(task.id, () => poison(worker, scope, task))
  }
}

async function inSequence(worker: Worker, scope: Scope, tasks: readonly Task[]): Promise<Outcome> {
  let outcome: Outcome = {}
  let transcript: readonly JsonObject[] = []
  for (const task of tasks) {
    if (task.kind !== 'tools') {
      outcome = { ...outcome, ...(await interpret(worker, scope, task)) }
      continue
    }
    const ran = await runTools(scope, task, task.continues === true ? transcript : [])
    transcript = ran.transcript
    outcome = { ...outcome, ...ran.outcome }
  }
  return outcome
}

/**
 * Notes in a step of its own in which order the members ended, as a driver does that takes results as they come: on resume
 * it must be the same order, or the arguments differ.
 */
async function atOnce(worker: Worker, scope: Scope, tasks: readonly Task[]): Promise<Outcome> {
  const order: number[] = []
  const outcomes = await Promise.all(
    tasks.map(async (each, index) => {
      const outcome = await interpret(worker, scope, each)
      order.push(index)
      return outcome
    }),
  )
  const note = `order-of-${tasks.map(idOf).join('-')}`.slice(0, nameLengthMax)
  await step(scope, note, () => null, { args: order })
  return merge(outcomes)
}

/** The id of the first task below that has one. */
function idOf(task: Task): string {
  if ('id' in task) return task.id
  const [first] = task.of
  return first === undefined ? '' : idOf(first)
}

function runStep(scope: Scope, task: StepTask): Promise<Outcome> {
  return observe(task.id, () => step(scope, task.id, (call) => act(task, call), optionsOf(task)))
}

function optionsOf(task: StepTask): StepOptions {
  const { cost = 0, fails = 0 } = task
  return {
    args: { step: task.id },
    effect: task.effect,
    attempts: fails + 1,
    ...(cost === 0 ? {} : { reserve: { money: cost } }),
  }
}

/** The effect itself: as far as the oracle knows, the world changes here. */
function act(task: StepTask, call: StepCall): JsonObject {
  const { cost = 0, fails = 0, resultBytes = 0 } = task
  if (cost > 0) mark({ mark: 'reserve', step: task.id, amount: cost })
  const nonce = drawNonce()
  effect(task, call, nonce)
  if (cost > 0) {
    mark({ mark: 'spend', step: task.id, amount: cost })
    call.spend({ money: cost })
  }
  if (call.attempt <= fails)
    throw new Error(`attempt ${call.attempt} of ${task.id} fails as declared`)
  return { nonce, ...(resultBytes === 0 ? {} : { padding: padding(nonce, resultBytes) }) }
}

function effect(
  task: { readonly id: string; readonly effect: EffectKind },
  call: StepCall,
  nonce: string,
): void {
  mark({
    mark: 'effect',
    step: task.id,
    effect: task.effect,
    key: call.idempotencyKey,
    args: hash({ step: task.id }),
    nonce,
    epoch: call.epoch,
    attempt: call.attempt,
  })
}

/** Reports what the runtime handed back for a step, in every life that is handed it. */
async function observe(id: string, work: () => Promise<JsonValue>): Promise<Outcome> {
  try {
    const nonce = nonceOf(await work())
    mark({ mark: 'observed', step: id, nonce, state: 'done' })
    return { [id]: nonce }
  } catch (error) {
    const state = stateOf(error)
    if (state === undefined) throw error
    mark({ mark: 'observed', step: id, nonce: '', state })
    if (state === 'unknown') return { [id]: state }
    throw error
  }
}

/** `undefined` where the error ended this life and not the step. */
function stateOf(error: unknown): 'unknown' | 'failed' | undefined {
  if (error instanceof OutcomeUnknownError) return 'unknown'
  return error instanceof StepFailedError ? 'failed' : undefined
}

function nonceOf(result: JsonValue): string {
  return textOf((result as JsonObject)['nonce'])
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

async function runTools(
  scope: Scope,
  task: Extract<Task, { kind: 'tools' }>,
  before: readonly JsonObject[],
): Promise<{ readonly outcome: Outcome; readonly transcript: readonly JsonObject[] }> {
  const outcome: Record<string, string> = {}
  const tools: Record<string, Tool> = {}
  for (const call of task.calls)
    tools[call.id] = { effect: call.effect, run: (_, stepCall) => act(call, stepCall) }
  const first: JsonObject = { role: 'user', content: `run ${task.id}` }
  const asked = await turn<JsonObject>(scope, task.id, {
    format: 'anthropic',
    messages: [...before, first],
    tools,
    ask: (messages) => {
      mark({ mark: 'model-request', step: task.id, format: 'anthropic', messages })
      return Promise.resolve([
        { role: 'assistant', content: task.calls.map(({ id }, place) => toolUse(id, place)) },
      ])
    },
  })
  const answered = asked.messages.slice(before.length)
  for (const [place, call] of task.calls.entries()) {
    const result = toolResult(answered, place)
    const done = result !== undefined && result['is_error'] !== true
    const nonce = done ? nonceOf(JSON.parse(textOf(result['content'])) as JsonValue) : ''
    mark({ mark: 'observed', step: call.id, nonce, state: done ? 'done' : 'unknown' })
    outcome[call.id] = done ? nonce : 'unknown'
  }
  const closed = await turn<JsonObject>(scope, `${task.id}-closing`, {
    format: 'anthropic',
    messages: asked.messages,
    tools,
    ask: (messages) => {
      mark({ mark: 'model-request', step: task.id, format: 'anthropic', messages })
      return Promise.resolve([{ role: 'assistant', content: [{ type: 'text', text: 'done' }] }])
    },
  })
  return { outcome, transcript: closed.messages }
}

/** Ids are unique in their turn and no further. */
function callId(place: number): string {
  return `call_${place}`
}

function toolUse(name: string, place: number): JsonObject {
  return { type: 'tool_use', id: callId(place), name, input: {} }
}

function toolResult(messages: readonly JsonObject[], place: number): JsonObject | undefined {
  const blocks = messages.flatMap(({ content }) =>
    Array.isArray(content) ? (content as readonly JsonObject[]) : [],
  )
  const block = blocks.find((each) => each['tool_use_id'] === callId(place))
  if (block === undefined) return undefined
  const content = block['content']
  const text = Array.isArray(content) ? (content[0] as JsonObject)['text'] : content
  return { ...block, content: text ?? '' }
}

async function runLoop(
  worker: Worker,
  scope: Scope,
  task: Extract<Task, { kind: 'loop' }>,
): Promise<Outcome> {
  const { iterations, stateBytes = 0 } = task
  if (iterations.length === 0) return {}
  // The same in every life: what an interrupted commit left behind is found again.
  const padding = '.'.repeat(stateBytes)
  const state = await loop<LoopState>(scope, task.id, {
    initial: { outcome: {}, padding: '' },
    iterate: async (before, inner, index) => {
      const outcome = await interpret(worker, inner, iterations[index] as Task)
      return {
        state: { outcome: { ...before.outcome, ...outcome }, padding },
        done: index + 1 >= iterations.length,
      }
    },
  })
  return state.outcome
}

type LoopState = { readonly outcome: Record<string, string>; readonly padding: string }

async function runChild(
  worker: Worker,
  scope: Scope,
  task: Extract<Task, { kind: 'child' }>,
): Promise<Outcome> {
  const driver: Driver = {
    name: 'child',
    run: (inner) => {
      mark({ mark: 'spawn', child: task.id, parent: worker.child })
      return interpret({ ...worker, child: task.id }, inner, task.of)
    },
  }
  const options = task.budget === undefined ? {} : { budget: { money: task.budget } }
  const child = spawn(scope, task.id, driver, task as unknown as JsonValue, options)
  try {
    const outcome = (await child.result) as Outcome
    mark({ mark: 'settle', child: task.id, status: 'done' })
    if (task.cancelledLate === true) await child.cancel('too late')
    return outcome
  } catch (error) {
    if (error instanceof StepFailedError) mark({ mark: 'settle', child: task.id, status: 'failed' })
    if (error instanceof CancelledError && !scope.signal.aborted)
      mark({ mark: 'settle', child: task.id, status: 'cancelled' })
    throw error
  }
}

async function runTimer(
  worker: Worker,
  scope: Scope,
  task: Extract<Task, { kind: 'timer' }>,
): Promise<Outcome> {
  const due = await sleep(scope, task.id, task.afterMs)
  mark({ mark: 'timer', step: task.id, phase: 'fired', due, at: worker.now() })
  return {}
}

async function runSignal(scope: Scope, task: Extract<Task, { kind: 'signal' }>): Promise<Outcome> {
  const payload = (await receive(scope, task.id, task.name)) as JsonObject
  const message = textOf(payload['message'])
  mark({ mark: 'consumed', step: task.id, name: task.name, message })
  return {}
}

async function command(
  worker: Worker,
  scope: Scope,
  task: Extract<Task, { kind: 'command' }>,
): Promise<JsonValue> {
  const nonce = drawNonce()
  const made = { mark: 'effect', step: task.id, effect: task.effect, nonce, life: worker.life }
  const more = { args: hash({ step: task.id }), epoch: scope.run.journal.epoch, attempt: 1 }
  const result = await runCommand(scope, task.id, process.execPath, {
    args: ['-e', commandText],
    effect: task.effect,
    env: { KILLPOINT_MARK: JSON.stringify({ ...made, ...more }) },
  })
  if (result.exitCode !== 0) throw new Error(`command ${task.id} exited with ${result.exitCode}`)
  return { nonce: result.stdout }
}

/**
 * The other executable: makes its mark in the ledger that it inherits by path, and prints its nonce. A start more than was asked for
 * has a nonce of its own: it is a second effect, and no mark that was written twice.
 */
const commandText = `
const fs = require('node:fs')
const mark = JSON.parse(process.env.KILLPOINT_MARK)
mark.key = process.env.KILLPOINT_IDEMPOTENCY_KEY
const ledger = fs.openSync(process.env.KILLPOINT_LEDGER, 'a+')
const starts = fs.readFileSync(ledger, 'utf8').split(mark.nonce).length
if (starts > 1) mark.nonce += '.' + starts
fs.writeSync(ledger, JSON.stringify(mark) + '\\n')
process.stdout.write(mark.nonce)
`

function poison(
  worker: Worker,
  scope: Scope,
  task: Extract<Task, { kind: 'poison' }>,
): Promise<JsonValue> {
  return step(scope, task.id, (call) => {
    const nonce = drawNonce()
    effect({ id: task.id, effect: 'none' }, call, nonce)
    // The only thing that kills in this workload, so lives and attempts are the same number.
    if (worker.life <= task.kills) process.kill(process.pid, 'SIGKILL')
    return { nonce }
  })
}

function merge(outcomes: readonly Outcome[]): Outcome {
  return Object.assign({}, ...outcomes) as Outcome
}

function padding(nonce: string, bytes: number): string {
  return nonce.repeat(Math.ceil(bytes / nonce.length)).slice(0, bytes)
}

function hash(value: JsonValue): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16)
}
