/**
 * The way of one call through the door: which form it has, whether it is run now or by the thread pool, and how its result
 * goes back by the same machinery.
 *
 *  R1  A synchronous call runs by the original binding function with its own `this` and arguments.
 *  R2  In serial order an asynchronous call runs at once, and the program is told in a later turn of the event loop, in call order.
 *  R3  In native order it runs by the original; where a fault decides the outcome it is told like in serial order.
 */
import type { CallForm } from '../op.ts'
import { replace } from './binding.ts'
import type { FsRequest, Native, Undo } from './binding.ts'
import { attempt } from './door.ts'
import type { Door, Launch, Outcome } from './door.ts'
import type { Primitive } from './primitive.ts'
import { stack } from './site.ts'
import { asyncError, codeOf, isSystemError, systemError } from './errors.ts'

/** One call of a binding function. */
export interface Call {
  readonly name: string
  readonly original: Native
  readonly self: unknown
  readonly args: ArrayLike<unknown>
  readonly form: CallForm
  /** A request with `oncomplete`, or the symbol that asks for a promise. */
  readonly request: unknown
  /** Some synchronous functions report errors by filling in this object. */
  readonly context: ErrorContext | undefined
  /** Turns the raw result into what an asynchronous caller gets; default: as it is. */
  readonly encode?: ((value: unknown) => unknown) | undefined
}

interface ErrorContext {
  errno?: number
  syscall?: string
}

/** Describes the call whose request argument, if any, is at index `at`. */
export function callOf(
  name: string,
  original: Native,
  self: unknown,
  args: ArrayLike<unknown>,
  at: number,
): Call {
  const request = args[at]
  const form = request === undefined ? 'sync' : typeof request === 'symbol' ? 'promise' : 'callback'
  const last = form === 'sync' ? args[at + 1] : undefined
  const context = typeof last === 'object' && last !== null ? last : undefined
  return { name, original, self, args, form, request, context }
}

/**
 * Hooks a function of the binding. The hooks' own calls pass, and their raw result is kept for them; an error that leaves a
 * synchronous call shows the stack of its caller, as if nothing stood between.
 */
export function hook(
  door: Door,
  holder: Record<string, unknown>,
  name: string,
  make: (original: Native) => Native,
): Undo {
  const { gate } = door
  return replace(holder, name, (original) => {
    const inner = make(original)
    return function hooked(this: unknown, ...args: unknown[]): unknown {
      if (gate.own !== undefined) {
        const raw = Reflect.apply(original, this, args)
        // The public function may go on to change a list in place, once it has it.
        if (gate.own === name) gate.raw = Array.isArray(raw) ? raw.map(copied) : raw
        return raw
      }
      stack.entry = hooked
      try {
        return Reflect.apply(inner, this, args)
      } catch (error) {
        if (isSystemError(error)) Error.captureStackTrace(error, hooked)
        throw error
      }
    }
  })
}

function copied(part: unknown): unknown {
  return Array.isArray(part) ? (part as unknown[]).slice() : part
}

/** A numbered op. `settled` sees the outcome before the program does. */
export function issue(
  door: Door,
  call: Call,
  primitive: Primitive,
  settled?: (outcome: Outcome) => void,
): unknown {
  if (call.form === 'sync') return issueSync(door, call, primitive, settled)
  if (door.options.order === 'serial') {
    const outcome = attempt(() => door.perform(primitive, call.form))
    settled?.(outcome)
    return deliver(door, call, outcome, door.count)
  }
  const launch = door.launch(primitive, call.form)
  if (launch.decided !== undefined) {
    settled?.(launch.decided)
    return deliver(door, call, launch.decided, launch.n)
  }
  return runNative(door, call, launch, settled)
}

/** A call that is not numbered: in serial order it, too, is run now and told later, or its timing would order the ops. */
export function serve(
  door: Door,
  call: Call,
  run: () => unknown,
  settled?: (outcome: Outcome) => void,
): unknown {
  if (call.form === 'sync') {
    const value = Reflect.apply(call.original, call.self, call.args)
    settled?.({ value })
    return value
  }
  if (door.options.order === 'serial') {
    const outcome = attempt(run)
    settled?.(outcome)
    return deliver(door, call, outcome, undefined)
  }
  return settled === undefined
    ? Reflect.apply(call.original, call.self, call.args)
    : runNative(door, call, undefined, settled)
}

/** Gives the outcome back by the call's own machinery. `n`: its op; `from`: the first one of a call that made several. */
export function deliver(
  door: Door,
  call: Call,
  outcome: Outcome,
  n: number | undefined,
  from: number | undefined = n,
): unknown {
  const { form, request, encode } = call
  const failed = outcome.error !== undefined
  const error = failed ? asyncError(outcome.error) : undefined
  const value = failed || encode === undefined ? outcome.value : encode(outcome.value)
  if (form === 'promise') {
    return new Promise((resolve, reject) => {
      const tell = (): void => {
        if (failed) reject(error)
        else resolve(value)
      }
      door.later(n, tell, from)
    })
  }
  const waiting = request as FsRequest
  const tell = (): void => {
    if (failed) waiting.oncomplete(error as Error)
    else if (value === undefined) waiting.oncomplete(null)
    else waiting.oncomplete(null, value)
  }
  door.later(n, tell, from)
  return undefined
}

function issueSync(
  door: Door,
  call: Call,
  primitive: Primitive,
  settled?: (outcome: Outcome) => void,
): unknown {
  const { context } = call
  const run = (): unknown => {
    const value = Reflect.apply(call.original, call.self, call.args)
    if (context?.errno === undefined) return value
    throw systemError(codeOf(context.errno), context.syscall ?? call.name)
  }
  const outcome = attempt(() => door.perform({ ...primitive, run }, 'sync'))
  settled?.(outcome)
  if (outcome.error === undefined) return outcome.value
  if (context === undefined || !isSystemError(outcome.error)) throw outcome.error
  context.errno = outcome.error.errno
  context.syscall = outcome.error.syscall
  return undefined
}

function runNative(
  door: Door,
  call: Call,
  launch: Launch | undefined,
  settled?: (outcome: Outcome) => void,
): unknown {
  const finish = (outcome: Outcome): void => {
    launch?.finish(outcome)
    settled?.(outcome)
    if (launch !== undefined) door.observer?.told(launch.n)
  }
  if (call.form === 'promise') {
    const promise = Reflect.apply(call.original, call.self, call.args) as Promise<unknown>
    // First in line: this reaction runs before any of the program's.
    promise.then(
      (value) => finish({ value }),
      (error: unknown) => finish({ error }),
    )
    return promise
  }
  const request = call.request as FsRequest
  const { oncomplete } = request
  request.oncomplete = function (this: FsRequest, error, ...rest) {
    finish(error === null ? { value: rest[0] } : { error })
    request.oncomplete = oncomplete
    const tell = (): unknown => Reflect.apply(oncomplete, this, [error, ...rest])
    if (launch === undefined || door.observer === undefined) tell()
    else door.observer.within(launch.n, tell)
  }
  return Reflect.apply(call.original, call.self, call.args)
}
