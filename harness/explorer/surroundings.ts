/**
 * What a life can change in its process and a new evaluation of its modules does not bring back: global names, and the members
 * of what is built in. Global names, and the members of `process` (which libraries wrap to see its end), are put back after every life;
 * any other built-in that was changed is told.
 */
/** What is looked at, by the name that a reader is told. */
function holders(): ReadonlyMap<string, object> {
  const modules = ['fs', 'fs/promises', 'path', 'os', 'util', 'crypto', 'events', 'child_process']
  const found = new Map<string, object>([
    ['globalThis', globalThis],
    ['process', process],
    ['Reflect', Reflect],
    ['JSON', JSON],
    ['Math', Math],
    ['console', console],
  ])
  for (const name of modules) found.set(name, process.getBuiltinModule(`node:${name}`) ?? {})
  for (const each of [
    Object,
    Function,
    Array,
    String,
    Number,
    Date,
    Promise,
    RegExp,
    Error,
    Map,
    Set,
    Uint8Array,
    Buffer,
    AbortController,
    AbortSignal,
    EventTarget,
  ]) {
    found.set(each.name, each)
    found.set(`${each.name}.prototype`, each.prototype as object)
  }
  return found
}

/** Members that change by themselves, or are set for every life. */
const restless = new Set([
  'process.exitCode',
  'process.env',
  'process.pid',
  'process._exiting',
  'process._eventsCount',
  'process._events',
  'process.domain',
  'Error.stackTraceLimit',
  'RegExp.lastMatch',
])

/** Globals that Node makes when they are first asked for: that is no change of a life's. */
const lateGlobals = ['TextDecoder', 'TextEncoder', 'URL', 'URLSearchParams', 'structuredClone']

/** The built-ins of this process as they were. */
export class Surroundings {
  readonly #globals: ReadonlySet<string | symbol>
  readonly #holders = holders()
  readonly #before = new Map<string, ReadonlyMap<string | symbol, unknown>>()
  readonly #processKeys = new Set(Reflect.ownKeys(process))
  readonly #process: readonly (readonly [string | symbol, PropertyDescriptor])[]

  constructor() {
    for (const name of lateGlobals) Reflect.get(globalThis, name)
    keepGlobalsRemovable()
    this.#process = Object.entries(Object.getOwnPropertyDescriptors(process)).filter(
      ([key, { configurable }]) => configurable === true && !restless.has(`process.${key}`),
    )
    this.#globals = new Set(Reflect.ownKeys(globalThis))
    for (const [name, holder] of this.#holders) this.#before.set(name, membersOf(holder))
  }

  /** Takes away global names that were not there, and puts back what was changed of `process`. */
  restore(): void {
    takeAway(globalThis, this.#globals)
    takeAway(process, this.#processKeys)
    for (const [key, before] of this.#process) {
      const now = Reflect.getOwnPropertyDescriptor(process, key)
      if (now?.value !== before.value || now?.get !== before.get)
        Reflect.defineProperty(process, key, before)
    }
  }

  /** One sentence on what is not as it was; `undefined` where everything is. */
  changed(): string | undefined {
    for (const [name, holder] of this.#holders) {
      const before = this.#before.get(name) ?? new Map<string | symbol, unknown>()
      const now = membersOf(holder)
      for (const key of new Set([...before.keys(), ...now.keys()])) {
        const member = `${name}.${String(key)}`
        if (restless.has(member) || Object.is(before.get(key), now.get(key))) continue
        if (!isLoaded(before.get(key), now.get(key)))
          return `it changes ${member}, which outlives it`
      }
    }
    return undefined
  }
}

/** All members but these. */
function takeAway(holder: object, known: ReadonlySet<string | symbol>): void {
  for (const key of Reflect.ownKeys(holder))
    if (!known.has(key)) Reflect.deleteProperty(holder, key)
}

/** A library may hide a name in `globalThis` for good (signal-exit does): in this process it can be taken away again. */
function keepGlobalsRemovable(): void {
  const define = Object.defineProperty
  Object.defineProperty = (target, key, descriptor) =>
    define(target, key, target === globalThis ? { ...descriptor, configurable: true } : descriptor)
}

/** Node loads some globals when they are first read: the value that the getter gives then takes its place. */
function isLoaded(before: unknown, now: unknown): boolean {
  return (
    typeof before === 'function' &&
    before.name.startsWith('get ') &&
    Object.is(before.call(globalThis), now)
  )
}

/** Own members by key; accessors count by their getter, so that nothing is called. */
function membersOf(holder: object): ReadonlyMap<string | symbol, unknown> {
  return new Map(
    Reflect.ownKeys(holder).map((key) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(holder, key)
      return [key, descriptor === undefined ? undefined : (descriptor.get ?? descriptor.value)]
    }),
  )
}
