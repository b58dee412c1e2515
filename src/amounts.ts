/**
 * Amounts of what a budget counts.
 */
import { InvalidArgumentError } from './errors.ts'

/** What a budget counts. */
export const resources = ['iterations', 'tokens', 'money'] as const

export type Resource = (typeof resources)[number]

/** Amounts by resource; an absent resource is zero in a reservation and unlimited in a limit. Whole numbers from 0. */
export interface Amounts {
  /** Committed loop iterations. Only loops spend them. */
  readonly iterations?: number
  readonly tokens?: number
  /** In the caller's unit: cents, micro-dollars. */
  readonly money?: number
}

/** Throws `InvalidArgumentError` unless `value` holds amounts of these resources and nothing else. */
export function assertAmounts(
  value: unknown,
  what: string,
  allowed: readonly Resource[] = resources,
): asserts value is Amounts {
  if (typeof value !== 'object' || value === null) throw refuse(what, String(value), allowed)
  for (const [name, amount] of Object.entries(value)) {
    if (!allowed.includes(name as Resource)) throw refuse(what, `a member ${name}`, allowed)
    if (!Number.isSafeInteger(amount) || amount < 0)
      throw refuse(what, `${name} ${String(amount)}`, allowed)
  }
}

function refuse(what: string, came: string, allowed: readonly Resource[]): InvalidArgumentError {
  return new InvalidArgumentError(
    `expected ${what} to hold whole numbers from 0 by resource, got ${came}`,
    {
      hint: `name any of ${allowed.join(', ')}; count money in its smallest unit, and leave out what has no limit`,
      details: { what, came },
    },
  )
}
