/** Ctrl-C: the first one ends the command with what is known by then; the engine has killed everything it started. */
export interface Stopping {
  readonly signal: AbortSignal
  /** Takes the handlers back. */
  readonly forget: () => void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Turns the signals that end a process into one that is asked. */
export function stopOnSignals(): Stopping {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  for (const signal of signals) process.on(signal, stop)
  return {
    signal: controller.signal,
    forget: () => {
      for (const signal of signals) process.off(signal, stop)
    },
  }
}
