/**
 * External commands as units of work: a CLI agent, a compiler, a script.
 *
 * A command has the same records, keys and doubts as a step; only its body is another process. That process outlives a
 * killed owner, so it carries a marker in its environment by which a later life finds it:
 *
 *   X1  a command whose effect is `once` and whose result is unknown is not started again
 *   X2  before anything else is done about a command in doubt, what still runs of its earlier starts is reported and
 *       ended, so that no two run at once; nothing of a command that was given up outlives its unit either
 *   X3  orphans are found by their marker, never by name; the marker is inherited, so that grandchildren are found too
 */
import { createHash } from 'node:crypto'
import type { Options, Subprocess } from 'execa'
import { performUnit } from './attempt.ts'
import { InvalidArgumentError, RecordTooLargeError, StepFailedError } from './errors.ts'
import { handled } from './handled.ts'
import type { JsonValue } from './json.ts'
import { endOrphans, findOrphans, type Orphan } from './orphans.ts'
import type { Scope } from './scope.ts'
import { assertOptions, type StepCall, type StepOptions } from './steps.ts'

export interface CommandOptions extends Pick<StepOptions, 'effect' | 'reserve' | 'timeoutMs'> {
  readonly args?: readonly string[]
  /** Written to its standard input, which is otherwise empty. */
  readonly input?: string
  readonly cwd?: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Most that each of its two outputs may hold, in bytes; default 16 MiB. More ends the command and fails the unit. */
  readonly outputBytesMax?: number
  /** Told of every process of an earlier life that still runs, before it is ended. */
  readonly onOrphan?: (orphan: Orphan) => void
}

export interface CommandResult {
  /** Exit code; `null` where a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** Environment variable that marks a command's processes. */
export const commandMarker = 'KILLPOINT_COMMAND'

const outputBytesMaxDefault = 16 * 1024 * 1024
/** How long a command that was given up may take to end by itself before it is killed, in milliseconds. */
const graceMs = 2_000

/**
 * Runs an executable to its end, once per run; effect `once` unless stated otherwise. A non-zero exit is a result; a file
 * that cannot be started is a failure.
 *
 * @throws as `step`: StepFailedError (not started), DeadlineError, OutcomeUnknownError, RecordTooLargeError (output) …
 */
export function runCommand(
  scope: Scope,
  name: string,
  file: string,
  options: CommandOptions = {},
): Promise<CommandResult> {
  return handled(run(scope, name, file, options))
}

async function run(
  scope: Scope,
  name: string,
  file: string,
  options: CommandOptions,
): Promise<CommandResult> {
  const { effect = 'once', reserve, timeoutMs, input } = options
  const args: JsonValue = { file, args: [...(options.args ?? [])], input: input ?? null }
  const unitOptions: StepOptions = {
    effect,
    args,
    ...(reserve === undefined ? {} : { reserve }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  assertOptions(name, unitOptions)
  assertBytesMax(options.outputBytesMax)
  const base = scope.claim(name)
  const marker = markerOf(scope, base)
  try {
    const result = await performUnit(scope, {
      kind: 'command',
      base,
      attempt: 1,
      options: unitOptions,
      endsOnAbort: true,
      onInDoubt: ({ signal }) => endEarlierStarts(marker, options, signal),
      body: async (call) => {
        // A command without an intent leaves no doubt behind, and may have left a process all the same.
        const hadIntent = effect === 'once' || reserve !== undefined
        if (call.epoch > 1 && !hadIntent) await endEarlierStarts(marker, options, call.signal)
        return execute({ call, marker }, file, options)
      },
    })
    return result as unknown as CommandResult
  } finally {
    scope.release(name)
  }
}

function assertBytesMax(bytes: number | undefined): void {
  if (bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 1)) return
  throw new InvalidArgumentError(`expected outputBytesMax in whole bytes from 1, got ${bytes}`, {
    hint: 'leave it out for 16 MiB',
  })
}

/** X2, for processes that a dead life left behind. */
async function endEarlierStarts(
  marker: string,
  { onOrphan }: CommandOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const orphan of await findOrphans(commandMarker, marker)) onOrphan?.(orphan)
  await endOrphans(commandMarker, marker, signal)
}

/** What the library says of a command that ended. */
interface Came {
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly code?: string | undefined
  readonly originalMessage?: string | undefined
  readonly stdout?: unknown
  readonly stderr?: unknown
}

interface MarkedCall {
  readonly call: StepCall
  readonly marker: string
}

async function execute(
  { call, marker }: MarkedCall,
  file: string,
  options: CommandOptions,
): Promise<JsonValue> {
  call.signal.throwIfAborted()
  // Loaded here: most runs start no command, and the library costs more than the rest of the runtime.
  const { execa } = await import('execa')
  const running = execa(file, options.args ?? [], execaOptions(call, marker, options))
  const overflow = endOnOverflow(running, marker, options)
  const lift = sweepAfterAbort(running, call.signal, marker)
  const result = await running.finally(lift)
  if (!call.signal.aborted && !overflow.happened) return resultOf(result, file)
  await endOrphans(commandMarker, marker)
  call.signal.throwIfAborted()
  throw tooMuchOutput(file, options)
}

/** Ends the command when it has printed too much; the library would only stop to read. */
function endOnOverflow(
  running: Pick<Subprocess, 'stdout' | 'stderr' | 'kill'>,
  marker: string,
  { outputBytesMax = outputBytesMaxDefault }: CommandOptions,
): { readonly happened: boolean } {
  const overflow = { happened: false }
  for (const stream of [running.stdout, running.stderr]) {
    let bytes = 0
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= outputBytesMax || overflow.happened) return
      overflow.happened = true
      running.kill('SIGKILL')
      // What it started itself; tried again, and its failure told, when the command has ended.
      endOrphans(commandMarker, marker).catch(() => {})
    })
  }
  return overflow
}

/**
 * After an abort the library ends the command. What that started itself may hold its output open long after it is gone,
 * and so keep it from ending: that is ended when the command has exited, or when its time to do so is up.
 */
function sweepAfterAbort(
  running: Pick<Subprocess, 'once'>,
  signal: AbortSignal,
  marker: string,
): () => void {
  let timer: NodeJS.Timeout | undefined
  let hasExited = false
  // Tried again, and its failure told, when the command has ended.
  const endAll = (): void => void endOrphans(commandMarker, marker).catch(() => {})
  const onAbort = (): void => {
    if (hasExited) endAll()
    else timer = setTimeout(endAll, graceMs)
  }
  running.once('exit', () => {
    hasExited = true
    if (signal.aborted) endAll()
  })
  signal.addEventListener('abort', onAbort, { once: true })
  return () => {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
  }
}

function execaOptions(
  call: StepCall,
  marker: string,
  { cwd, env, input }: CommandOptions,
): Options & { readonly reject: false; readonly encoding: 'utf8' } {
  return {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, [commandMarker]: marker, KILLPOINT_IDEMPOTENCY_KEY: call.idempotencyKey },
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
    cancelSignal: call.signal,
    forceKillAfterDelay: graceMs,
    reject: false,
    stripFinalNewline: false,
  }
}

function resultOf(result: Came, file: string): JsonValue {
  if (result.exitCode === undefined && result.signal === undefined)
    throw new StepFailedError(
      `command ${file} could not be started: ${result.originalMessage ?? 'unknown'}`,
      {
        hint: 'check that the file exists and is executable',
        details: { file, code: result.code },
      },
    )
  return {
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: textOf(result.stdout),
    stderr: textOf(result.stderr),
  }
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output.toWellFormed() : ''
}

function tooMuchOutput(file: string, { outputBytesMax }: CommandOptions): RecordTooLargeError {
  const max = outputBytesMax ?? outputBytesMaxDefault
  return new RecordTooLargeError(`command ${file} printed more than ${max} bytes and was ended`, {
    hint: 'raise outputBytesMax, or have the command write to a file and print its name',
    details: { file, outputBytesMax: max },
  })
}

/**
 * Unique over stores, since run ids are not, and over copies of one store that go on beside each other, since their nonces
 * are not either; free of any character that an environment listing could cut.
 */
function markerOf({ run }: Scope, key: string): string {
  const text = [run.place, run.view.begin?.nonce ?? '', key]
  return createHash('sha256').update(JSON.stringify(text)).digest('hex').slice(0, 32)
}
