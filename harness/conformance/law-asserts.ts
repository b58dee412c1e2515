/**
 * Assertions that need no test framework.
 */
import type { JsonValue } from '../../src/json.ts'

export type Outcome<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: unknown }

export async function outcomeOf<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'value', value: await promise }
  } catch (error) {
    return { kind: 'error', error }
  }
}

export function assertTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`)
}

export function assertEqual(came: unknown, expected: unknown, what: string): void {
  const [left, right] = [textOf(came), textOf(expected)]
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`)
}

/** The outcome is a typed error with one of these codes, and says what to do. */
export function assertCode(
  outcome: Outcome<unknown>,
  codes: readonly string[],
  what: string,
): void {
  if (outcome.kind === 'value')
    throw new Error(`${what}: expected ${codes.join(' or ')}, it resolved`)
  const error = outcome.error as { readonly code?: string; readonly hint?: string }
  if (!codes.includes(error.code ?? ''))
    throw new Error(`${what}: expected ${codes.join(' or ')}, got ${String(outcome.error)}`, {
      cause: outcome.error,
    })
  if (typeof error.hint !== 'string' || error.hint === '')
    throw new NoHintError(
      `${what}: expected the error to have a hint, got ${String(outcome.error)}`,
    )
}

/** An error was the right one, and does not say what to do. */
export class NoHintError extends Error {}

export function bodiesOf(
  records: readonly { readonly body: JsonValue }[] | undefined,
): readonly JsonValue[] {
  return (records ?? []).map(({ body }) => body)
}

function textOf(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value, sortMembers)
}

/** The order of members does not matter. */
function sortMembers(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(members)
}
