/**
 * The lives that this thread holds open right now, by nonce.
 *
 * Process and thread alone cannot tell an owner that lives from one that gave up without a word (its storage failed, so
 * it could not write an end marker): both are this very process. Shared by all copies of this module in the thread.
 */
const registry = Symbol.for('killpoint.heldNonces')

export function hold(nonce: string): void {
  held().add(nonce)
}

export function release(nonce: string): void {
  held().delete(nonce)
}

export function isHeld(nonce: string): boolean {
  return held().has(nonce)
}

function held(): Set<string> {
  const home = globalThis as { [registry]?: Set<string> }
  return (home[registry] ??= new Set())
}
