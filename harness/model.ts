/**
 * The model of a workload: what the oracle knows of it without looking at any system.
 *
 * A workload is a tree; the oracle asks four things of it: which *units* there are (a step, a call, a command, a poison, a
 * timer, a wait for a signal), which of two is ordered before the other, which units belong to a child, and who is whose
 * parent. Two units are ordered when the lowest task that holds both is a `sequence` or a `loop`.
 */
import { UsageError } from './errors.ts'
import type { EffectKind, Task, Workload } from './workload.ts'

/** Name of the root of the tree of children. */
export const rootChild = 'root'

/** Something that does or waits for something. */
export interface Unit {
  readonly id: string
  readonly kind: 'step' | 'call' | 'command' | 'poison' | 'timer' | 'signal'
  /** `none` for poison; absent for waits, which have no effect. */
  readonly effect?: EffectKind
  /** Units of money of one attempt. */
  readonly cost: number
  /** Declared failures; attempt `fails + 1` is the one that succeeds. */
  readonly fails: number
  /** Lives that it kills. */
  readonly kills: number
  /** Milliseconds of a timer. */
  readonly afterMs: number
  /** Name of the signal waited for. */
  readonly signal: string
  /** Id of the enclosing child task, or `root`. */
  readonly child: string
  /** Id of the enclosing `tools` task, for calls. */
  readonly batch?: string
  /** Place in the tree, from the root down. */
  readonly path: readonly Branch[]
}

/** One turn on the way down the tree. */
export interface Branch {
  readonly parent: Group
  readonly index: number
}

/** A task that holds others. */
export interface Group {
  readonly isOrdered: boolean
  readonly members: readonly (Group | Unit)[]
}

/** A child task. */
export interface Child {
  readonly id: string
  /** Id of the enclosing child task, or `root`. */
  readonly parent: string
  readonly budget?: number
}

/** Everything that the oracle knows of a workload. */
export interface Model {
  readonly workload: Workload
  readonly units: ReadonlyMap<string, Unit>
  readonly children: ReadonlyMap<string, Child>
  /** Ids of the `tools` tasks. */
  readonly batches: ReadonlySet<string>
  readonly root: Group | Unit
}

/** The model; throws {@link UsageError} `WORKLOAD_INVALID` with everything that is wrong with the workload. */
export function modelOf(workload: Workload): Model {
  const builder = new Builder()
  const root = builder.build(workload.root, { path: [], child: rootChild })
  const wrong = [...builder.wrong, ...contractMistakes(workload, builder.units)]
  if (wrong.length > 0)
    throw new UsageError('WORKLOAD_INVALID', `the workload cannot be run:\n  ${wrong.join('\n  ')}`)
  const { units, children, batches } = builder
  return { workload, units, children, batches, root }
}

/** True where the workload orders `first` before `second`. */
export function isBefore(first: Unit, second: Unit): boolean {
  const depth = Math.min(first.path.length, second.path.length)
  for (let level = 0; level < depth; level += 1) {
    const left = first.path[level]
    const right = second.path[level]
    if (left === undefined || right === undefined) return false
    if (left.index !== right.index) return left.parent.isOrdered && left.index < right.index
  }
  return false
}

/**
 * How many lives the workload's own poison ends at most: all that it kills; or, where the workload says after how many lives
 * without progress the system gives up, no more than those for each poison.
 */
export function livesPoisoned({ workload, units }: Model): number {
  const most = workload.livesMax ?? Number.POSITIVE_INFINITY
  return [...units.values()].reduce((sum, { kills }) => sum + Math.min(kills, most), 0)
}

/** True where `child` is `within`, or lies below it. */
export function isChildWithin(model: Model, child: string, within: string): boolean {
  for (let at: string | undefined = child; at !== undefined; at = model.children.get(at)?.parent)
    if (at === within) return true
  return false
}

/** How many units can be under way at once: the widest parallel part. */
export function widthOf(task: Group | Unit): number {
  if (!('members' in task)) return 1
  const widths = task.members.map(widthOf)
  return task.isOrdered ? Math.max(0, ...widths) : widths.reduce((sum, width) => sum + width, 0)
}

interface Place {
  readonly path: readonly Branch[]
  readonly child: string
}

class Builder {
  readonly units = new Map<string, Unit>()
  readonly children = new Map<string, Child>()
  readonly batches = new Set<string>()
  readonly wrong: string[] = []
  readonly #ids = new Set<string>()

  build(task: Task, place: Place): Group | Unit {
    switch (task.kind) {
      case 'step':
        return this.#unit(task.id, 'step', place, { ...workOf(task), effect: task.effect })
      case 'command':
        return this.#unit(task.id, 'command', place, { effect: task.effect })
      case 'poison':
        return this.#unit(task.id, 'poison', place, { effect: 'none', kills: task.kills })
      case 'timer':
        return this.#unit(task.id, 'timer', place, { afterMs: task.afterMs })
      case 'signal':
        return this.#unit(task.id, 'signal', place, { signal: task.name })
      case 'sequence':
        return this.#group(true, task.of, place)
      case 'parallel':
        return this.#group(false, task.of, place)
      case 'loop':
        this.#claim(task.id)
        return this.#group(true, task.iterations, place)
      case 'child':
        return this.#child(task, place)
      case 'tools':
        return this.#tools(task, place)
    }
  }

  #group(isOrdered: boolean, tasks: readonly Task[], place: Place): Group {
    const members: (Group | Unit)[] = []
    const group = { isOrdered, members }
    tasks.forEach((task, index) =>
      members.push(this.build(task, { ...place, path: [...place.path, { parent: group, index }] })),
    )
    return group
  }

  #child(task: Extract<Task, { readonly kind: 'child' }>, place: Place): Group | Unit {
    const { id, budget } = task
    this.#claim(id)
    if (id === rootChild) this.wrong.push(`a child is named ${rootChild}, which is the run itself`)
    if (budget !== undefined) this.#range(`budget of ${id}`, budget, 0, false)
    this.children.set(id, {
      id,
      parent: place.child,
      ...(budget === undefined ? {} : { budget }),
    })
    return this.build(task.of, { ...place, child: id })
  }

  #tools(task: Extract<Task, { readonly kind: 'tools' }>, place: Place): Group {
    this.#claim(task.id)
    this.batches.add(task.id)
    const members: Unit[] = []
    const group = { isOrdered: false, members }
    task.calls.forEach((call, index) => {
      const path = [...place.path, { parent: group, index }]
      const details = { ...workOf(call), effect: call.effect, batch: task.id }
      members.push(this.#unit(call.id, 'call', { ...place, path }, details))
    })
    return group
  }

  #unit(id: string, kind: Unit['kind'], place: Place, details: Partial<Unit>): Unit {
    this.#claim(id)
    const unit = {
      id,
      kind,
      cost: 0,
      fails: 0,
      kills: 0,
      afterMs: 0,
      signal: '',
      ...place,
      ...details,
    }
    this.#range(`cost of ${id}`, unit.cost, 0, false)
    this.#range(`fails of ${id}`, unit.fails, 0, true)
    this.#range(`kills of ${id}`, unit.kills, 0, true)
    this.#range(`afterMs of ${id}`, unit.afterMs, 0, true)
    this.units.set(id, unit)
    return unit
  }

  #claim(id: string): void {
    if (id === '' || reserved.has(id)) this.wrong.push(`${JSON.stringify(id)} cannot be an id`)
    if (this.#ids.has(id)) this.wrong.push(`two tasks have the id ${JSON.stringify(id)}`)
    this.#ids.add(id)
  }

  #range(what: string, value: number, least: number, isWhole: boolean): void {
    if (Number.isFinite(value) && value >= least && (!isWhole || Number.isSafeInteger(value)))
      return
    this.wrong.push(
      `${what} is ${value}; expected a ${isWhole ? 'whole ' : ''}number from ${least}`,
    )
  }
}

/** Ids that plain objects cannot hold. */
const reserved: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function workOf(task: { readonly cost?: number; readonly fails?: number }): Partial<Unit> {
  return { cost: task.cost ?? 0, fails: task.fails ?? 0 }
}

function contractMistakes(workload: Workload, units: ReadonlyMap<string, Unit>): readonly string[] {
  const wrong: string[] = []
  const { inFlightMax, budget, deadlineMs, outside = [] } = workload
  if (!(Number.isSafeInteger(inFlightMax) && inFlightMax >= 1))
    wrong.push(`inFlightMax is ${inFlightMax}; expected a whole number from 1`)
  if (budget !== undefined && !(budget >= 0)) wrong.push(`budget is ${budget}; expected from 0`)
  if (deadlineMs !== undefined && !(deadlineMs >= 0))
    wrong.push(`deadlineMs is ${deadlineMs}; expected from 0`)
  for (const act of outside)
    if (act.after !== undefined && !units.has(act.after))
      wrong.push(`a ${act.kind} comes after ${JSON.stringify(act.after)}, which is no unit`)
  return wrong
}
