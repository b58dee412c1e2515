/** The gate through which the hooks' own file calls pass the hooked binding unseen. */
export interface Gate {
  /** Name of the binding function whose raw result is wanted; `undefined` while program code runs. */
  own: string | undefined
  raw: unknown
}

/** Runs one of the hooks' own file calls. */
export function withOwn<T>(gate: Gate, call: () => T): T {
  const { own } = gate
  gate.own = ''
  try {
    return call()
  } finally {
    gate.own = own
  }
}
