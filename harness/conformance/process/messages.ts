/**
 * What the laws and a process that works on a backend for them say to each other, over Node's own channel (`serialization:
 * 'advanced'`, so that `undefined`, `-0` and dates arrive as what they are).
 */
import type { OwnerIdentity } from '../../../src/identity.ts'
import type { Durability } from '../../../src/journal.ts'
import type { Ability } from '../law-subject.ts'

/** To the process. */
export type Order =
  /** First, and once: makes the backend. */
  | {
      readonly kind: 'begin'
      readonly dir: string
      readonly self: OwnerIdentity
      /** Of its nonces. */
      readonly seed: string
    }
  | Call
  /** Makes its next write, or sync, fail; or the second, third … from now. */
  | { readonly kind: 'fail'; readonly what: 'write' | 'sync'; readonly nth: number }
  /** The answer to an {@link Answer} of kind `liveness`. */
  | { readonly kind: 'liveness'; readonly id: number; readonly liveness: string }

/** What is answered with `done` or `failed`. */
export type Call = { readonly id: number } & (
  | {
      readonly kind: 'backend'
      readonly member: 'open' | 'read' | 'salvage' | 'list'
      readonly values: readonly unknown[]
    }
  | {
      readonly kind: 'journal'
      /** As `open` answered. */
      readonly journal: number
      readonly member: 'append' | 'close'
      readonly values: readonly unknown[]
    }
  | { readonly kind: 'cost' }
  | { readonly kind: 'look' }
)

/** From the process. */
export type Answer =
  | { readonly id: number; readonly kind: 'done'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly error: PackedError }
  | { readonly id: number; readonly kind: 'liveness'; readonly owner: OwnerIdentity }

/** What a process had spent when it last answered a call on the backend or on a journal, to the moment. */
export interface Spent {
  /** Through `node:fs`. */
  readonly bytes: number
  readonly syncs: number
  /** Bytes that the native hooks had logged, by the name of the log; nothing without them. */
  readonly logged: Readonly<Record<string, number>>
}

/** What a process found when it looked at the backend that it made. */
export interface Look {
  readonly durability: Durability
  readonly abilities: readonly Ability[]
  /** Why its files are not what `node:fs` was asked to write; absent where they are. */
  readonly unseen?: string
}

/** An error, or whatever else was thrown. */
export interface PackedError {
  /** The same for the same object; 0 for what is no object. */
  readonly identity: number
  readonly isError: boolean
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly hint?: string
  readonly details?: unknown
  readonly cause?: PackedError
}

/** Stands for a value that cannot be sent. */
const standIn = 'killpoint cannot send'

/** Values as they can be sent: a function or a symbol in a list becomes something that stands for it. */
export function pack(value: unknown): unknown {
  if (typeof value === 'function') return { [standIn]: 'function' }
  if (typeof value === 'symbol') return { [standIn]: 'symbol' }
  // `map` leaves holes as they are.
  return Array.isArray(value) ? value.map(pack) : value
}

/** The values that were packed. */
export function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, standIn)) return value
  return (value as Record<string, unknown>)[standIn] === 'symbol' ? Symbol('s') : () => 1
}
