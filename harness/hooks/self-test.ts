/**
 * The self-test: does the door see every form of `node:fs` in this Node, as exactly the right ops?
 *
 * The hooks rest on the shape of an internal binding. So for each version of Node, once per campaign and in `doctor`, a real
 * process runs all forms under the preload, and its op log is compared with the tables (`forms/`).
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hookVariables, systemVariables } from '../life.ts'
import { describeOp } from '../op.ts'
import type { Op } from '../op.ts'
import { parseTrace } from '../trace.ts'
import type { Trace } from '../trace.ts'
import { buildForms, buildPreload } from './build.ts'
import type { DoorKind } from './build.ts'
import { forms, unorderedForms } from './forms/all.ts'

/** One form, as it must be and as it was seen. */
export interface FormResult {
  readonly name: string
  readonly expected: readonly string[]
  readonly seen: readonly string[]
  readonly ok: boolean
}

/** What the self-test found. */
export interface SelfTest {
  /** Version of the Node that was tested. */
  readonly node: string
  readonly forms: readonly FormResult[]
  /** Every form is seen exactly. */
  readonly ok: boolean
  /** What the process said, where it did not get through. */
  readonly failure?: string
}

/** How to test. */
export interface SelfTestOptions {
  /** Path of a Node executable; default: the one that runs this. */
  readonly node?: string
  readonly order?: 'serial' | 'native'
  readonly door?: DoorKind
}

/**
 * The door to use for a Node: the binding if every form is seen there, else the public functions. `missed` are the forms that
 * even so are not seen as they are.
 */
export async function chooseDoor(node?: string): Promise<ChosenDoor> {
  const options = node === undefined ? {} : { node }
  const binding = await selfTest({ ...options, door: 'binding' })
  if (binding.ok) return { door: 'binding', node: binding.node, missed: [] }
  const open = await selfTest({ ...options, door: 'public' })
  const missed = open.forms.filter(({ ok }) => !ok).map(({ name }) => name)
  return { door: 'public', node: open.node, missed, why: binding.failure ?? firstMiss(binding) }
}

/** Which door, and what it does not see. */
export interface ChosenDoor {
  readonly door: DoorKind
  readonly node: string
  readonly missed: readonly string[]
  /** What is wrong with the binding, where it is not used. */
  readonly why?: string
}

function firstMiss({ forms: results }: SelfTest): string {
  const miss = results.find(({ ok }) => !ok)
  return `${miss?.name}: expected ${miss?.expected.join(', ')}, saw ${miss?.seen.join(', ')}`
}

/** Runs the self-test in a process of its own, in under a second. */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTest> {
  const directory = await mkdtemp(join(tmpdir(), 'killpoint-self-test-'))
  try {
    return await runIn(directory, options)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function runIn(directory: string, options: SelfTestOptions): Promise<SelfTest> {
  const state = join(directory, 'state')
  const traces = join(directory, 'trace')
  await Promise.all([mkdir(state), mkdir(traces)])
  const [preload, main] = await Promise.all([buildPreload(options.door), buildForms()])
  let failure: string | undefined
  try {
    await promisify(execFile)(
      options.node ?? process.execPath,
      ['--require', preload, main, state],
      {
        env: {
          PATH: process.env['PATH'],
          [systemVariables.directory]: state,
          [hookVariables.lane]: 'recording',
          [hookVariables.order]: options.order ?? 'serial',
          [hookVariables.traceDirectory]: traces,
        },
      },
    )
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  const trace = await readTrace(join(traces, '1.ops'))
  const results = forms.map((form, index) => {
    const unordered = unorderedForms.has(form.name)
    const seen = trace === undefined ? undefined : seenOf(trace, index, !unordered)
    const ok = seen !== undefined && same(form.ops, seen, unordered)
    return { name: form.name, expected: form.ops, seen: seen ?? [], ok }
  })
  return {
    node: trace?.node ?? 'unknown',
    forms: results,
    ok: failure === undefined && results.every(({ ok }) => ok),
    ...(failure === undefined ? {} : { failure }),
  }
}

async function readTrace(path: string): Promise<Trace | undefined> {
  try {
    return parseTrace(await readFile(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The ops of the form at `index`, paths relative to its directory; `failed`: also those that failed. `undefined` if it was not run. */
function seenOf(trace: Trace, index: number, failed: boolean): readonly string[] | undefined {
  const ops = trace.ops
    .filter(({ result }) => failed || result.code === undefined)
    .map(({ op }) => op)
  const from = ops.findIndex((op) => op.kind === 'mkdir' && op.path === `begin-${index}`)
  const to = ops.findIndex((op) => op.kind === 'mkdir' && op.path === `end-${index}`)
  if (from === -1 || to === -1) return undefined
  return ops.slice(from + 1, to).map((op) => relative(op, index))
}

function relative(op: Op, index: number): string {
  const inside = (path: string): string =>
    path === String(index) ? '.' : path.replace(`${index}/`, '')
  if (op.kind === 'rename' || op.kind === 'link') {
    return describeOp({ ...op, from: inside(op.from ?? ''), to: inside(op.to ?? '') })
  }
  return describeOp('path' in op ? { ...op, path: inside(op.path) } : op)
}

const attributeCall = /^(f|l)?(chmod|chown|utimes) /

function same(expected: readonly string[], seen: readonly string[], unordered: boolean): boolean {
  const compared = (ops: readonly string[]): string =>
    (unordered ? ops.filter((op) => !attributeCall.test(op)).sort() : ops).join('\n')
  return compared(expected) === compared(seen)
}
