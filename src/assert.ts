/**
 * Assertions for the impossible. What a caller, a disk or another process can cause is never asserted: it is a typed
 * error of `errors.ts`.
 */

/** A state that the code's own reasoning excludes. Seeing one means a bug in killpoint itself. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
  readonly code = 'KILLPOINT_ASSERTION'
}

/** Throws {@link AssertionError} unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(`impossible state: ${message}`)
}
