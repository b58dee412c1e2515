/**
 * Ctrl-C: the first one ends the command with what is known by then; the engine has killed everything it started. The second
 * one ends it at once.
 */
export interface Stopping {
  readonly signal: AbortSignal
  /** Takes the handlers back. */
  readonly forget: () => void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Exit code of a command that was not let end: 128 + SIGINT, as shells know it. */
const endedAtOnce = 130

/** Turns the signals that end a process into one that is asked. */
export function stopOnSignals(): Stopping {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(endedAtOnce)
    controller.abort()
  }
  for (const signal of signals) process.on(signal, stop)
  return {
    signal: controller.signal,
    forget: () => {
      for (const signal of signals) process.off(signal, stop)
    },
  }
}
