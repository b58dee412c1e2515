/**
 * The worker's modules, evaluated for a life: anew, or once for many lives where nobody could tell.
 *
 * To evaluate a bundle costs more than to run a short life in it, and what was compiled for its classes is of no use to the classes
 * of the next evaluation. A worker that says how its life is begun (`runLife` in `worker.ts`) is therefore begun again in the
 * modules of the life before, as long as these are as new:
 *
 *  E1  Before each life every top-level name of the bundle holds what it held when the modules had just been evaluated, and every
 *      array, plain object, map and set under such a name its own members. Otherwise the modules are evaluated anew.
 *  E2  What hides from E1 (a closure, a private member, a weak map) is looked for from outside: some lives are run in kept modules
 *      and in new ones, and have to do the same (`shard-main.ts`). Where one does not, nothing of that shard counts, and all of it
 *      is done again with new modules for every life.
 */
import { readFileSync } from 'node:fs'
import { compileFunction } from 'node:vm'

/** Times that modules were not as new when they were needed again, after which they are no longer kept. */
const strikesMax = 3

/**
 * The bundler's function that gives a function its name, called for every closure that is made: a definition of a member that is
 * mostly there already. In the same number of characters, so that positions in the bundle stay what they are.
 */
const nameAlways = 'var __name=(target,value)=>__defProp(target,"name",{value,configurable:true});'
const nameWhereOther =
  'var __name=(t,v)=>t.name===v?t:__defProp(t,"name",{value:v,configurable:!0}); '

/** What the next life needs to begin in the modules of this one. */
interface Kept {
  readonly main: () => unknown
  /** What stands under the top-level names now. */
  readonly read: () => readonly unknown[]
  readonly values: readonly unknown[]
  readonly members: readonly Members[]
}

/** Evaluates one bundle. */
export class Evaluation {
  readonly #program: (...scope: unknown[]) => unknown
  readonly #scope: readonly [unknown, string, string]
  readonly #names: readonly string[]
  #kept: Kept | undefined
  #strikes = 0

  /** `scope`: what a CommonJS module is given besides its exports: `require`, its file name, its directory. */
  constructor(bundle: string, scope: readonly [unknown, string, string]) {
    const text = readFileSync(bundle, 'utf8').replace(nameAlways, nameWhereOther)
    this.#scope = scope
    this.#names = namesIn(text)
    // A last function in the scope of the bundle: it can read what the bundle's top level names.
    this.#program = compileFunction(
      `${text}\n;return function(__killpointCode){"use strict";return eval(__killpointCode)}`,
      ['exports', 'require', 'module', '__filename', '__dirname'],
      { filename: bundle },
    ) as (...scope: unknown[]) => unknown
  }

  /** Begins a life, in the modules of the life before where they are as new and `mayKeep`. Throws what the program throws. */
  begin(mayKeep: boolean): void {
    if (mayKeep && this.#kept !== undefined) {
      if (isAsNew(this.#kept)) {
        this.#kept.main()
        return
      }
      this.#strikes += 1
    }
    this.#evaluate(mayKeep && this.#strikes < strikesMax)
  }

  #evaluate(keeps: boolean): void {
    const begun: (() => unknown)[] = []
    Reflect.set(globalThis, againKey, (main: () => unknown) => begun.push(main))
    const [require, filename, directory] = this.#scope
    const module = { exports: {} }
    const peek = this.#program(module.exports, require, module, filename, directory)
    Reflect.deleteProperty(globalThis, againKey)
    const [main] = begun
    if (main === undefined) return
    if (keeps) this.#kept = keptOf(main, peek as Peek, this.#names)
    main()
  }
}

type Peek = (code: string) => unknown

function keptOf(main: () => unknown, peek: Peek, names: readonly string[]): Kept {
  const readers = peek(`[${names.map((name) => `()=>${name}`).join()}]`) as (() => unknown)[]
  const own = names.filter((name, place) => isOwn(name, readers[place]))
  const read = peek(`()=>[${own.join()}]`) as () => readonly unknown[]
  const values = read()
  return { main, read, values, members: values.flatMap((value) => membersOf(value) ?? []) }
}

/** Whether it is a name of the bundle's top level, and not one of the global object or of some function inside. */
function isOwn(name: string, read: (() => unknown) | undefined): boolean {
  try {
    const value = read?.()
    const global = Reflect.getOwnPropertyDescriptor(globalThis, name)
    return global === undefined || ('value' in global && !Object.is(global.value, value))
  } catch {
    // Not declared there, or never given a value.
    return false
  }
}

/** E1. */
function isAsNew({ read, values, members }: Kept): boolean {
  return isEqual(values, read()) && members.every((isUnchanged) => isUnchanged())
}

const againKey = Symbol.for('killpoint.again')

/** A holder under a top-level name, and whether it holds what it held. */
type Members = () => boolean

function membersOf(value: unknown): Members | undefined {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return undefined
  if (value instanceof Map) return holding(() => [...value].flat())
  if (value instanceof Set) return holding(() => [...value])
  if (Array.isArray(value)) return holding(() => value as readonly unknown[])
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const descriptors = Object.values(Object.getOwnPropertyDescriptors(value))
  // Exports of a module: what their getters would give is under a name of its own.
  if (descriptors.some((descriptor) => 'get' in descriptor)) return undefined
  const record = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(record)
  const held = keys.map((key) => record[key])
  return () => {
    let count = 0
    for (const key in record) {
      if (key !== keys[count] || !Object.is(record[key], held[count])) return false
      count += 1
    }
    return count === keys.length
  }
}

function holding(read: () => readonly unknown[]): Members {
  const held = [...read()]
  return () => isEqual(held, read())
}

function isEqual(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false
  for (let place = 0; place < left.length; place += 1)
    if (!Object.is(left[place], right[place])) return false
  return true
}

/** Every name that a text may declare. Members of the global object with a getter are left alone: to ask is to load what is behind. */
function namesIn(text: string): readonly string[] {
  const names = new Set(text.match(/[A-Za-z_$][\w$]*/g))
  for (const name of notNames) names.delete(name)
  return [...names].filter((name) => {
    const global = Reflect.getOwnPropertyDescriptor(globalThis, name)
    return global === undefined || 'value' in global
  })
}

const notNames =
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  )
