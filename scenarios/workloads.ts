/**
 * Arbitraries for workloads: small trees of tasks with ids given in order of the tree, so that shrinking a tree keeps ids
 * unique and a report's `s3` is the third step that one reads.
 */
import fc, { type Arbitrary } from 'fast-check'
import type { EffectKind, StepTask, Task, Workload } from '../harness/workload.ts'

const effects: readonly EffectKind[] = ['keyed', 'once', 'none']

/** A step; `numbered` gives it its id. */
export function anyStep(
  options: { readonly maxBytes?: number; readonly fails?: boolean } = {},
): Arbitrary<StepTask> {
  const { maxBytes = 0, fails = false } = options
  return fc
    .record({
      effect: fc.constantFrom(...effects),
      resultBytes: maxBytes === 0 ? fc.constant(0) : fc.nat(maxBytes),
      fails: fails
        ? fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) })
        : fc.constant(0),
    })
    .map(({ effect, resultBytes, fails: failing }) => ({
      kind: 'step',
      id: '',
      effect,
      ...(resultBytes === 0 ? {} : { resultBytes }),
      ...(failing === 0 ? {} : { fails: failing }),
    }))
}

/** Tasks one after the other. */
export function inOrder(
  task: Arbitrary<Task>,
  minLength: number,
  maxLength: number,
): Arbitrary<Task> {
  return fc.array(task, { minLength, maxLength }).map((of) => ({ kind: 'sequence', of }))
}

/** Steps at once. */
export function atOnce(maxLength: number): Arbitrary<Task> {
  return fc.array(anyStep(), { minLength: 2, maxLength }).map((of) => ({ kind: 'parallel', of }))
}

/** A workload around a root, with ids and the widest parallel part filled in. */
export function workloadOf(
  root: Arbitrary<Task>,
  more: Omit<Workload, 'root' | 'inFlightMax'> = {},
): Arbitrary<Workload> {
  return root.map((task) => finish(task, more))
}

/** Gives a tree its ids. */
export function finish(task: Task, more: Omit<Workload, 'root' | 'inFlightMax'> = {}): Workload {
  const root = numbered(task, { next: 1 })
  return { root, inFlightMax: Math.max(1, widthOf(root)), ...more }
}

interface Counter {
  next: number
}

function numbered(task: Task, counter: Counter): Task {
  const id = (letter: string): string => `${letter}${counter.next++}`
  switch (task.kind) {
    case 'step':
      return { ...task, id: id('s') }
    case 'sequence':
    case 'parallel':
      return { ...task, of: task.of.map((each) => numbered(each, counter)) }
    case 'tools':
      return {
        ...task,
        id: id('m'),
        calls: task.calls.map((call) => ({ ...call, id: id('t') })),
      }
    case 'loop':
      return {
        ...task,
        id: id('l'),
        iterations: task.iterations.map((each) => numbered(each, counter)),
      }
    case 'child':
      return { ...task, id: id('c'), of: numbered(task.of, counter) }
    case 'timer':
      return { ...task, id: id('w') }
    case 'signal':
      return { ...task, id: id('g') }
    case 'command':
      return { ...task, id: id('x') }
    case 'poison':
      return { ...task, id: id('p') }
  }
}

function widthOf(task: Task): number {
  switch (task.kind) {
    case 'sequence':
      return Math.max(0, ...task.of.map(widthOf))
    case 'parallel':
      return task.of.reduce((sum, each) => sum + widthOf(each), 0)
    case 'tools':
      return task.calls.length
    case 'loop':
      return Math.max(0, ...task.iterations.map(widthOf))
    case 'child':
      return widthOf(task.of)
    default:
      return 1
  }
}
