/**
 * The self-test of the wire door: does it see every way of talking over a connection, as exactly the right messages?
 *
 * As for the disk door (`self-test.ts`): a real process talks to a server on the loopback address under the preload, and its log is
 * compared with the table (`forms/wire-forms.ts`).
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hookVariables, systemVariables } from '../life.ts'
import { readTraces, type Trace } from '../trace.ts'
import { buildPreload, buildWireForms, type DoorKind } from './build.ts'
import { wireForms } from './forms/wire-forms.ts'
import type { SelfTest } from './self-test.ts'

/** Milliseconds after which a process that talks to nobody is ended. */
const talkMsMax = 20_000

/** Runs the self-test in a process of its own. `door`: through which ops are seen; the public one sees no messages. */
export async function wireSelfTest(door?: DoorKind): Promise<SelfTest> {
  const directory = await mkdtemp(join(tmpdir(), 'killpoint-self-test-'))
  try {
    const [state, traces] = [join(directory, 'state'), join(directory, 'trace')]
    await Promise.all([mkdir(state), mkdir(traces)])
    const [preload, main] = await Promise.all([buildPreload(door), buildWireForms()])
    const failure = await failureOf(['--require', preload, main, state, directory], {
      PATH: process.env['PATH'] ?? '',
      [systemVariables.directory]: state,
      [hookVariables.lane]: 'recording',
      [hookVariables.traceDirectory]: traces,
    })
    const [trace] = await readTraces(traces)
    const forms = wireForms.map(({ name, messages }, index) => {
      const seen = trace === undefined ? [] : seenOf(trace, index)
      return { name, expected: messages, seen, ok: isSame(messages, seen) }
    })
    return {
      node: trace?.node ?? 'unknown',
      forms,
      ok: failure === undefined && forms.every(({ ok }) => ok),
      ...(failure === undefined ? {} : { failure }),
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function failureOf(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  try {
    await promisify(execFile)(process.execPath, [...args], { env, timeout: talkMsMax })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The messages between the two directories of a form. */
function seenOf({ ops, messages }: Trace, index: number): readonly string[] {
  const placeOf = (name: string): number =>
    ops.find(({ op }) => op.kind === 'mkdir' && op.path === name)?.called.position ?? Infinity
  const [from, to] = [placeOf(`begin-${index}`), placeOf(`end-${index}`)]
  return messages
    .filter(({ called }) => called.position > from && called.position < to)
    .map(({ kind, bytes }) => (kind === 'connect' ? kind : `${kind} ${bytes}`))
}

/** A form that does not decide how long its messages are names their kind alone. */
function isSame(expected: readonly string[], seen: readonly string[]): boolean {
  return (
    expected.length === seen.length &&
    expected.every((each, index) => each === seen[index] || each === seen[index]?.split(' ')[0])
  )
}
