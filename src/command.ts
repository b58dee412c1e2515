/**
 * External commands as units of work: a CLI agent, a compiler, a script.
 *
 * A command has the same records, keys and doubts as a step; only its body is another process. That process outlives a
 * killed owner, so it carries a marker in its environment by which a later life finds it:
 *
 *   X1  a command whose effect is `once` and whose result is unknown is not started again
 *   X2  before a command is started again, orphans of its earlier starts are ended, so that no two run at once
 *   X3  orphans are found by their marker, never by name, and reported
 */
import { createHash } from 'node:crypto'
import { StepFailedError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { endOrphan, findOrphans, type Orphan } from './orphans.ts'
import type { Scope } from './scope.ts'
import { performUnit, type StepCall, type StepOptions } from './steps.ts'

export interface CommandOptions extends Omit<
  StepOptions,
  'args' | 'attempts' | 'delayMs' | 'retryIf'
> {
  readonly args?: readonly string[]
  /** Written to its standard input. */
  readonly input?: string
  readonly cwd?: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Told of every orphan of an earlier life, before it is ended. */
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

/** Runs an executable to its end, once per run. A non-zero exit is a result; a file that cannot be started is a failure. */
export async function runCommand(
  scope: Scope,
  name: string,
  file: string,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const base = scope.claim(name)
  const args: JsonValue = { file, args: [...(options.args ?? [])], input: options.input ?? null }
  const effect = options.effect ?? 'once'
  try {
    const result = await performUnit(scope, {
      kind: 'command',
      base,
      attempt: 1,
      options: { ...options, effect, args },
      body: (call) => execute({ call, marker: markerOf(scope, base) }, file, options),
    })
    return result as unknown as CommandResult
  } finally {
    scope.release(name)
  }
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
  if (call.epoch > 1)
    for (const orphan of await findOrphans(commandMarker, marker)) {
      options.onOrphan?.(orphan)
      await endOrphan(orphan)
    }
  // Loaded here: most runs start no command, and the library costs more than the rest of the runtime.
  const { execa } = await import('execa')
  const result = await execa(file, options.args ?? [], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: {
      ...options.env,
      [commandMarker]: marker,
      KILLPOINT_IDEMPOTENCY_KEY: call.idempotencyKey,
    },
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    cancelSignal: call.signal,
    reject: false,
    stripFinalNewline: false,
  })
  if (call.signal.aborted) throw call.signal.reason
  if (result.exitCode === undefined && result.signal === undefined)
    throw new StepFailedError(
      `command ${file} could not be started: ${result.shortMessage ?? 'unknown'}`,
      {
        hint: 'check that the file exists and is executable',
        details: { file, code: result.code },
      },
    )
  return {
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: result.stdout.toWellFormed(),
    stderr: result.stderr.toWellFormed(),
  }
}

/** Unique over stores, since run ids are not; and free of any character that an environment listing could cut. */
function markerOf({ run }: Scope, key: string): string {
  const text = `${run.view.begin?.nonce ?? ''}/${key}`
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
