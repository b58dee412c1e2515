/**
 * The worker's side of the ledger: `killpoint/worker`.
 *
 *   import { beginEffect, mark, readLife } from 'killpoint/worker'
 *
 * Marks are written to fd 3, one synchronous write per line, so that the kernel orders them over all lives and a SIGKILL right
 * after a call cannot lose them. Nothing is read back: nonces are drawn here. Outside of the harness (no `KILLPOINT_LIFE`)
 * every call does nothing, so that a worker may keep its marks in production. This module has no dependencies, because
 * it is loaded into the process under test.
 */
import { writeSync } from 'node:fs'
import { hookVariables, ledgerFd, systemVariables } from './life.ts'
import type { MarkBody } from './mark.ts'

/** Longest line of a ledger, in bytes; a longer one is refused here and by the reader. */
export const ledgerLineBytesMax: number = 1024 * 1024

/** What one life is told, read from its environment. */
export interface Life {
  readonly verb: 'run' | 'signal' | 'cancel'
  readonly runId: string
  readonly seed: string
  /** Path of the workload, a JSON file. */
  readonly workload: string
  /** Directory that survives lives. */
  readonly directory: string
  /** Milliseconds since the epoch at the start of this life. */
  readonly clockMs: number
  readonly takeover: 'if-dead' | 'always'
  /** 1, 2, 3 … in the case. */
  readonly life: number
  /** For verb `signal`. */
  readonly signal?: { readonly name: string; readonly payload: string }
  /** For systems that take their identity from the harness. */
  readonly identity?: { readonly host: string; readonly bootId: string }
}

/** An effect without its nonce. */
export type EffectDetails = Omit<Extract<MarkBody, { mark: 'effect' }>, 'mark' | 'nonce'>

/** True where the harness started this process. */
export function isUnderHarness(): boolean {
  return process.env[systemVariables.life] !== undefined
}

/**
 * Appends a mark to the ledger; when it returns, a kill cannot undo it.
 *
 * @throws Error where fd 3 is not open, is full, or the line is longer than {@link ledgerLineBytesMax}
 */
export function mark(body: MarkBody): void {
  const life = process.env[systemVariables.life]
  if (life === undefined) return
  const line = Buffer.from(`${JSON.stringify({ life: Number(life), ...body })}\n`)
  if (line.length > ledgerLineBytesMax)
    throw new Error(
      `a ${body.mark} mark of ${line.length} bytes; the ledger takes ${ledgerLineBytesMax}`,
    )
  const written = writeSync(ledgerFd, line)
  if (written !== line.length)
    throw new Error(`the ledger took ${written} of ${line.length} bytes: its disk is full`)
}

/** Does an effect: draws its nonce, writes its mark, gives the nonce back as the step's result. */
export function beginEffect(details: EffectDetails): string {
  const nonce = drawNonce()
  mark({ mark: 'effect', ...details, nonce })
  return nonce
}

const againKey = Symbol.for('killpoint.again')

/**
 * Runs `main`, one life. Optional: a worker may as well run its life while it is loaded. One that says it here is loaded once for
 * many lives of the explorer, which calls `main` again for each, as long as no life changes what the modules of the worker hold.
 */
export function runLife(main: () => unknown): void {
  const later = (globalThis as { [againKey]?: (main: () => unknown) => void })[againKey]
  if (later === undefined) main()
  else later(main)
}

// On the global object, because two copies of this module in one process must not draw the same nonces.
const counterKey = Symbol.for('killpoint.nonces')
const shared = globalThis as { [counterKey]?: number }

/**
 * A text that no other call in this case gives: life, stream, number, and a hash of them with the life's seed, so that the
 * same seed gives the same nonces and nobody guesses another's.
 */
export function drawNonce(): string {
  const count = (shared[counterKey] ?? 0) + 1
  shared[counterKey] = count
  const { env } = process
  const stream = env[hookVariables.stream] ?? `p${process.pid}`
  const thread = threadName()
  const name = `${env[systemVariables.life] ?? '0'}.${stream}${thread}.${count}`
  return `${name}.${hash(`${env[systemVariables.seed] ?? ''} ${name}`)}`
}

/** Empty in the main thread, which is told by what threads may not do: asking `worker_threads` costs milliseconds of each start. */
function threadName(): string {
  if ((process.chdir as { disabled?: boolean }).disabled !== true) return ''
  return `t${process.getBuiltinModule('node:worker_threads').threadId}`
}

/**
 * What this life is told; throws Error where a variable is missing or malformed, naming it.
 */
export function readLife(): Life {
  const verb = oneOf('verb', ['run', 'signal', 'cancel'])
  const signal = json('signal', ['name', 'payload'])
  const identity = json('identity', ['host', 'bootId'])
  return {
    verb,
    runId: text('runId'),
    seed: text('seed'),
    workload: text('workload'),
    directory: text('directory'),
    clockMs: wholeNumber('clockMs'),
    takeover: oneOf('takeover', ['if-dead', 'always']),
    life: wholeNumber('life'),
    ...(signal === undefined ? {} : { signal }),
    ...(identity === undefined ? {} : { identity }),
  }
}

type Variable = keyof typeof systemVariables

function text(variable: Variable): string {
  const value = process.env[systemVariables[variable]]
  if (value === undefined || value === '') throw refuse(variable, 'a text')
  return value
}

function wholeNumber(variable: Variable): number {
  const value = Number(text(variable))
  if (!Number.isSafeInteger(value)) throw refuse(variable, 'a whole number')
  return value
}

function oneOf<Word extends string>(variable: Variable, words: readonly Word[]): Word {
  const value = text(variable)
  const word = words.find((each) => each === value)
  if (word === undefined) throw refuse(variable, words.join(' or '))
  return word
}

/** A JSON object of texts with these members; `undefined` where the variable is not set. */
function json<Member extends string>(
  variable: Variable,
  members: readonly Member[],
): Readonly<Record<Member, string>> | undefined {
  const value = process.env[systemVariables[variable]]
  if (value === undefined || value === '') return undefined
  const expected = `a JSON object with the texts ${members.join(' and ')}`
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch (error) {
    throw refuse(variable, expected, error)
  }
  if (typeof parsed !== 'object' || parsed === null) throw refuse(variable, expected)
  const record = parsed as Record<string, unknown>
  if (!members.every((member) => typeof record[member] === 'string'))
    throw refuse(variable, expected)
  return record as Record<Member, string>
}

function refuse(variable: Variable, expected: string, cause?: unknown): Error {
  const name = systemVariables[variable]
  const found = JSON.stringify(process.env[name])
  return new Error(
    `${name}: expected ${expected}, found ${found ?? 'nothing'}; start this worker through killpoint`,
    cause === undefined ? undefined : { cause },
  )
}

/** FNV-1a, 32 bits, eight hexadecimal digits: this module may not load a hash function. */
function hash(value: string): string {
  let sum = 0x811c9dc5
  for (let index = 0; index < value.length; index += 1)
    sum = Math.imul(sum ^ value.charCodeAt(index), 0x01000193)
  return (sum >>> 0).toString(16).padStart(8, '0')
}
