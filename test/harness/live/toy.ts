/** The toy worker as a system, and what tests ask of it. */
import { fileURLToPath } from 'node:url'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import type { CaseRun, LiveCase } from '../../../harness/live/case.ts'
import { openLive } from '../../../harness/live/engine.ts'
import type { LiveEngine } from '../../../harness/live/engine.ts'
import type { LiveOptions } from '../../../harness/live/options.ts'
import type { Mark } from '../../../harness/mark.ts'
import type { BackendSystem } from '../../../harness/system.ts'
import type { Workload } from '../../../harness/workload.ts'

/** Op numbers of the toy over {@link threeSteps}: 4 ops to open, 6 per step, 1 to end. */
export const toyOps = 4 + 3 * 6 + 1

export const threeSteps: Workload = {
  root: {
    kind: 'sequence',
    of: ['a', 'b', 'c'].map((id) => ({ kind: 'step', id, effect: 'keyed' })),
  },
  inFlightMax: 1,
}

/** The toy; `bug` is what it does wrong. */
export function toy(bug = ''): BackendSystem {
  return {
    kind: 'backend',
    name: 'toy',
    program: {
      kind: 'script',
      entry: fileURLToPath(new URL('./fixtures/toy.ts', import.meta.url)),
    },
    claims: ['process', 'signal', 'cancel'],
    takeoverMsMax: 0,
    environment: { TOY: bug },
  }
}

let cases = 0

/** A case of the toy with this schedule. */
export function toyCase(schedule: string, more: Partial<LiveCase> = {}): LiveCase {
  return {
    id: String((cases += 1)),
    runId: 'run',
    workload: threeSteps,
    seed: 'seed1',
    schedule: parseSchedule(schedule),
    ...more,
  }
}

/** Opens an engine for the toy, gives it to `body`, and closes it. */
export async function withToy<Result>(
  bug: string,
  options: LiveOptions,
  body: (engine: LiveEngine) => Promise<Result>,
): Promise<Result> {
  const engine = await openLive(toy(bug), options)
  try {
    return await body(engine)
  } finally {
    await engine.close()
  }
}

/** Runs one case over a toy of its own. */
export async function runToy(
  bug: string,
  schedule: string,
  more: Partial<LiveCase> = {},
  options: LiveOptions = {},
): Promise<CaseRun> {
  return await withToy(bug, { codeCache: false, ...options }, (engine) =>
    engine.runCase(toyCase(schedule, more)),
  )
}

/** All marks of one life, the harness's own left out. */
export function marksOf(run: CaseRun, life: number): readonly Mark[] {
  return run.entries
    .map(({ mark }) => mark)
    .filter((mark) => mark.life === life && !harnessMarks.has(mark.mark))
}

const harnessMarks = new Set(['life', 'exit', 'fault', 'stopped', 'continued', 'wedged', 'note'])

/** The marks' names, in order, as one text. */
export function namesOf(marks: readonly Mark[]): string {
  return marks.map((mark) => (mark.mark === 'effect' ? `effect-${mark.step}` : mark.mark)).join(' ')
}

/** What a run shows, without what differs from run to run: pids and real time. */
export function essence(run: CaseRun): unknown {
  const { ending, lives, acts, entries } = run
  return without(
    { ending, lives, acts, marks: entries.map(({ mark }) => mark) },
    new Set(['pid', 'realMs', 'recovery']),
  )
}

function without(value: unknown, members: ReadonlySet<string>): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member: unknown) => (members.has(key) ? undefined : member)),
  )
}
