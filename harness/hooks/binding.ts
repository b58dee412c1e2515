/** The internal fs binding: the one place that every form of `node:fs` goes through. */

/** A function of the binding. */
export type Native = (this: unknown, ...args: unknown[]) => unknown

/** `process.binding('fs')`: functions by name, and the few classes and symbols that the hooks need. */
export interface FsBinding {
  [name: string]: unknown
  readonly FileHandle: { new (fd: number): object; readonly prototype: Record<string, unknown> }
  /** Passed as the request by `fs.promises`. */
  readonly kUsePromises: symbol
}

/** The request of a callback call: the binding calls `oncomplete` when the op is done. */
export interface FsRequest {
  oncomplete: (this: FsRequest, error: Error | null, ...value: unknown[]) => void
}

/** The binding of the thread that asks. @throws Error where this Node has none (then only the public API can be wrapped). */
export function internalBinding(name: string): unknown {
  const owner = process as unknown as {
    binding: (name: string) => unknown
    noDeprecation?: boolean
  }
  const before = owner.noDeprecation
  // With --pending-deprecation the look-up itself warns (DEP0111), in the program's own output.
  owner.noDeprecation = true
  try {
    return owner.binding(name)
  } finally {
    if (before === undefined) delete owner.noDeprecation
    else owner.noDeprecation = before
  }
}

/** Undoes replacements, last one first. */
export type Undo = () => void

/** Replaces a member of the binding by what `make` returns for the original; nothing where this Node lacks it. */
export function replace(
  holder: Record<string, unknown>,
  name: string,
  make: (original: Native) => Native,
): Undo {
  const original = holder[name]
  if (typeof original !== 'function') return () => undefined
  const hooked = make(original as Native)
  Object.defineProperty(hooked, 'name', { value: name, configurable: true })
  holder[name] = hooked
  return () => {
    holder[name] = original
  }
}
