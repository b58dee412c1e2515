/**
 * A promise that its caller may drop. What it rejects with is in the journal, or it ended the whole run, so that a driver
 * which never looks at it hides nothing; without this, Node would end the process for it.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
