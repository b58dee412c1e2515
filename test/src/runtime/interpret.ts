/**
 * Runs a program on the runtime and writes down what is seen: every body that begins, every effect, every result that
 * reaches a driver.
 */
import { ChildGroup } from '../../../src/child-group.ts'
import { spawn, type Driver } from '../../../src/children.ts'
import { CancelledError, KillpointError } from '../../../src/errors.ts'
import type { JsonValue } from '../../../src/json.ts'
import { loop } from '../../../src/loop.ts'
import type { Effect } from '../../../src/records.ts'
import type { Scope } from '../../../src/scope.ts'
import { step, type StepCall, type StepOptions } from '../../../src/steps.ts'
import { receive, sleep } from '../../../src/waits.ts'
import type { Part, StepPart } from './program.ts'
import { never, type World } from './world.ts'

export type Entry =
  | {
      readonly mark: 'begin' | 'effect'
      readonly life: number
      readonly unit: string
      readonly key: string
      readonly idempotencyKey: string
      readonly attempt: number
      readonly effect: Effect
      readonly cost: number
      readonly durable: number
    }
  /** A result reached the driver of `scope`. */
  | {
      readonly mark: 'observed'
      readonly life: number
      readonly scope: string
      readonly key: string
      readonly came: string
    }
  | {
      readonly mark: 'fired'
      readonly life: number
      readonly unit: string
      readonly due: number
      readonly at: number
    }
  | {
      readonly mark: 'received'
      readonly life: number
      readonly unit: string
      readonly payload: string
    }
  | {
      readonly mark: 'child'
      readonly life: number
      readonly unit: string
      readonly key: string
      readonly durable: number
    }
  | {
      readonly mark: 'acted'
      readonly life: number
      readonly what: string
      readonly durable: number
    }

/** One life of a program. */
export interface Stage {
  readonly life: number
  readonly world: World
  readonly ledger: Entry[]
  /** How many records are durable now. */
  readonly durable: () => number
}

/** A driver of a part. `at` tells the iterations around it. */
export function driverOf(stage: Stage, part: Part, at = ''): Driver<JsonValue> {
  return {
    name: 'program',
    run: (scope) => interpret(stage, scope, part, at),
  }
}

export async function interpret(
  stage: Stage,
  scope: Scope,
  part: Part,
  at: string,
): Promise<JsonValue> {
  switch (part.kind) {
    case 'step':
      return runStep(stage, scope, part, at)
    case 'sequence': {
      const results: JsonValue[] = []
      for (const each of part.of) results.push(await interpret(stage, scope, each, at))
      return results
    }
    case 'parallel':
      return Promise.all(part.of.map((each) => interpret(stage, scope, each, at)))
    case 'race': {
      const first = await Promise.race(
        part.of.map(async (each) => [each.id, await runStep(stage, scope, each, at)] as const),
      )
      const winner: StepPart = { ...plainStep, id: `${part.id}-after-${first[0]}` }
      return [...first, await runStep(stage, scope, winner, at)]
    }
    case 'loop':
      return observe(stage, scope, part.id, () => runLoop(stage, scope, part, at))
    case 'child':
      return observe(stage, scope, part.id, async () => {
        const budget = part.budget === undefined ? {} : { budget: { money: part.budget } }
        const { result } = spawn(
          scope,
          part.id,
          child(stage, part.of, part.id + at),
          part.id,
          budget,
        )
        return result
      })
    case 'group':
      return runGroup(stage, scope, part, at)
    case 'timer':
      return observe(stage, scope, part.id, async () => {
        const due = await sleep(scope, part.id, part.ms)
        const fired = { unit: part.id + at, due, at: stage.world.clock.now() }
        write(stage, { mark: 'fired', life: stage.life, ...fired })
        return part.id
      })
    case 'signal':
      return observe(stage, scope, part.id, async () => {
        const payload = (await receive(scope, part.id, part.name)) as string
        write(stage, { mark: 'received', life: stage.life, unit: part.id + at, payload })
        return payload
      })
    case 'cancelled':
      return runCancelled(stage, scope, part, at)
    case 'again': {
      const results: JsonValue[] = []
      for (let count = 0; count < part.count; count++)
        results.push(await step(scope, part.id, () => `${part.id}.${count}`, { args: count }))
      return results
    }
  }
}

const plainStep: StepPart = {
  kind: 'step',
  id: '',
  effect: 'none',
  fails: 0,
  attempts: 1,
  cost: 0,
  waits: 1,
}

function runStep(stage: Stage, scope: Scope, part: StepPart, at: string): Promise<JsonValue> {
  const { id, effect, attempts, cost } = part
  const options: StepOptions = {
    args: { id },
    effect,
    attempts,
    ...(cost === 0 ? {} : { reserve: { money: cost } }),
  }
  return observe(stage, scope, id, () =>
    step(scope, id, (call) => body(stage, part, id + at, call), options),
  )
}

async function body(
  stage: Stage,
  part: StepPart,
  unit: string,
  call: StepCall,
): Promise<JsonValue> {
  const { key, idempotencyKey, attempt } = call
  const { effect, cost } = part
  const entry = { life: stage.life, unit, key, idempotencyKey, attempt, effect, cost }
  write(stage, { mark: 'begin', ...entry, durable: stage.durable() })
  for (let wait = 0; wait < part.waits; wait++) {
    await stage.world.gate(`body of ${key}`)
    if (wait === 0) write(stage, { mark: 'effect', ...entry, durable: stage.durable() })
  }
  if (part.waits === 0) write(stage, { mark: 'effect', ...entry, durable: stage.durable() })
  if (cost > 0) call.spend({ money: cost })
  if (attempt <= part.fails) throw new Error(`attempt ${attempt} of ${part.id} fails as declared`)
  return part.id
}

function child(stage: Stage, part: Part, at: string): Driver<JsonValue> {
  const driver = driverOf(stage, part, at)
  return {
    ...driver,
    run: (scope, task) => {
      const begun = { unit: at, key: scope.path, durable: stage.durable() }
      write(stage, { mark: 'child', life: stage.life, ...begun })
      return driver.run(scope, task)
    },
  }
}

function runLoop(
  stage: Stage,
  scope: Scope,
  part: Extract<Part, { kind: 'loop' }>,
  at: string,
): Promise<JsonValue> {
  return loop<readonly JsonValue[]>(scope, part.id, {
    initial: [],
    iterate: async (state, inner, index) => {
      const came = await interpret(stage, inner, part.of, `${at}.${part.id}[${index}]`)
      return { state: [...state, came], done: index + 1 >= part.count }
    },
  })
}

async function runGroup(
  stage: Stage,
  scope: Scope,
  part: Extract<Part, { kind: 'group' }>,
  at: string,
): Promise<JsonValue> {
  const group = new ChildGroup(scope)
  for (const [index, each] of part.of.entries()) {
    const name = `${part.id}.${index}`
    group.spawn(name, child(stage, each, name + at), name)
  }
  const order: string[] = []
  for (;;) {
    const settled = await group.next()
    if (settled === undefined) break
    const { name, status } = settled
    write(stage, observed(stage, scope, name, status))
    order.push(`${name} ${status}`)
  }
  // What comes next depends on the order in which they came.
  const after: StepPart = { ...plainStep, id: `${part.id}-after-${order.length}` }
  return [order, await runStep(stage, scope, { ...after, id: `${after.id} ${order[0]}` }, at)]
}

async function runCancelled(
  stage: Stage,
  scope: Scope,
  part: Extract<Part, { kind: 'cancelled' }>,
  at: string,
): Promise<JsonValue> {
  const victim = spawn(scope, part.id, child(stage, part.of, part.id + at), part.id)
  const seen = observe(stage, scope, part.id, () => victim.result)
  seen.catch(() => {})
  try {
    await runStep(stage, scope, part.when, at)
  } catch (error) {
    if (scope.signal.aborted) throw error
  }
  await victim.cancel('as the program says')
  try {
    return [(await seen) ?? null, 'in time']
  } catch (error) {
    if (scope.signal.aborted) throw error
    return error instanceof CancelledError ? 'cancelled' : 'failed'
  }
}

/** Writes down what a driver is told, and fails as told. */
async function observe<T>(
  stage: Stage,
  scope: Scope,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const came = await work()
    write(stage, observed(stage, scope, name, JSON.stringify(came) ?? 'nothing'))
    return came
  } catch (error) {
    if (!scope.signal.aborted) write(stage, observed(stage, scope, name, codeOf(error)))
    throw error
  }
}

function observed(stage: Stage, scope: Scope, name: string, came: string): Entry {
  const key = scope.path === '' ? name : `${scope.path}/${name}`
  return { mark: 'observed', life: stage.life, scope: scope.path, key, came }
}

export function codeOf(error: unknown): string {
  return error instanceof KillpointError ? error.code : String(error)
}

// The dead write nothing.
function write({ world, ledger }: Stage, entry: Entry): void {
  if (!world.dead) ledger.push(entry)
}

export { never }
