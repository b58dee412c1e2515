/**
 * Runs clean-ups when the harness is told to stop: by a signal, or by the end of its own process.
 *
 * Handlers run synchronously and kill before anything else, so that a second Ctrl-C finds nothing left to interrupt. Where the
 * program has handlers of its own for a signal, ending is left to them; otherwise the process exits with 128 + the signal.
 */

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
type Signal = keyof typeof numbers

const cleanUps = new Set<() => void>()
const installed = new Map<Signal, () => void>()

/** Registers a clean-up and returns what takes it back. */
export function onStop(cleanUp: () => void): () => void {
  if (cleanUps.size === 0) install()
  cleanUps.add(cleanUp)
  return () => {
    cleanUps.delete(cleanUp)
    if (cleanUps.size === 0) uninstall()
  }
}

function install(): void {
  process.on('exit', cleanAll)
  for (const signal of Object.keys(numbers) as Signal[]) {
    const handler = (): void => {
      cleanAll()
      if (process.listenerCount(signal) === 1) process.exit(128 + numbers[signal])
    }
    installed.set(signal, handler)
    process.on(signal, handler)
  }
}

function uninstall(): void {
  process.off('exit', cleanAll)
  for (const [signal, handler] of installed) process.off(signal, handler)
  installed.clear()
}

function cleanAll(): void {
  for (const cleanUp of cleanUps) cleanUp()
}
