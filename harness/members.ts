/** What is wrong with an object that somebody wrote by hand: members that are unknown, missing or of another kind, all of them at once. */
import { inspect } from 'node:util'

/** What a member is to be. */
export interface Member {
  /** Ends the sentence `expected …`. */
  readonly expected: string
  readonly holds: (value: unknown) => boolean
  /** True where it may be left out. */
  readonly isOptional?: true
}

/** The members that an object may have. */
export type Members = Readonly<Record<string, Member>>

/** Everything that is wrong with a value that is to have these members, and no others. */
export function memberMistakes(value: unknown, members: Members): readonly string[] {
  if (!isObject(value)) return [`expected an object, found ${told(value)}`]
  const known = Object.keys(members)
  // An instance of a class may keep what it likes: a service its server, a system what it was made from.
  const unknown = isPlain(value) ? Object.keys(value).filter((name) => !known.includes(name)) : []
  const wrong = Object.entries(members).filter(([name, { holds, isOptional }]) =>
    value[name] === undefined ? isOptional !== true : !holds(value[name]),
  )
  return [
    ...unknown.map((name) => `${name} is unknown; known are ${known.join(', ')}`),
    ...wrong.map(
      ([name, { expected }]) => `${name}: expected ${expected}, found ${told(value[name])}`,
    ),
  ]
}

/** The mistakes of each item of a list, behind its place and, where it has one, its name; of names that two of them have, too. */
export function listMistakes(
  what: string,
  list: readonly unknown[],
  mistakes: (item: unknown) => readonly string[],
): readonly string[] {
  const names = list.map(nameOf)
  const twice = new Set(
    names.filter((name, index) => typeof name === 'string' && names.indexOf(name) !== index),
  )
  return [
    ...itemMistakes(what, list, mistakes),
    ...[...twice].map((name) => `${what}: two are named ${told(name)}`),
  ]
}

/** The same of the items alone. */
export function itemMistakes(
  what: string,
  list: readonly unknown[],
  mistakes: (item: unknown) => readonly string[],
): readonly string[] {
  return list.flatMap((item, index) => {
    const name = nameOf(item)
    const place = `${what}[${index}]${typeof name === 'string' ? ` ${told(name)}` : ''}`
    return mistakes(item).map((each) => `${place}: ${each}`)
  })
}

function nameOf(item: unknown): unknown {
  return isObject(item) ? item['name'] : undefined
}

/** A member that may be left out. */
export function optional(member: Member): Member {
  return { ...member, isOptional: true }
}

/** A list. */
export function list(of: string): Member {
  return { expected: `a list of ${of}`, holds: Array.isArray }
}

/** A function. */
export const callable: Member = {
  expected: 'a function',
  holds: (value) => typeof value === 'function',
}

/** A text that says something. */
export const text: Member = {
  expected: 'a text',
  holds: (value) => typeof value === 'string' && value !== '',
}

/** Texts by name. */
export const texts: Member = {
  expected: 'an object of texts',
  holds: (value) =>
    isObject(value) && Object.values(value).every((each) => typeof each === 'string'),
}

/** A list of texts. */
export const textList: Member = {
  expected: 'a list of texts',
  holds: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
}

/** Yes or no. */
export const flag: Member = {
  expected: 'true or false',
  holds: (value) => typeof value === 'boolean',
}

/** Only ever true, or left out. */
export const onlyTrue: Member = { expected: 'true, or nothing', holds: (value) => value === true }

/** A whole number from 1. */
export const count: Member = {
  expected: 'a whole number from 1',
  holds: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
}

/** One of these words. */
export function oneOf(words: readonly string[]): Member {
  return {
    expected: words.join(' or '),
    holds: (value) => words.includes(value as string),
  }
}

/** True for what can have members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function told(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60 })
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
