/** Bounded parallelism with results in the order of what was asked. */

/**
 * Runs `work` on items, up to `jobs` at once, and yields results in item order. Items are taken as they are needed: at most
 * twice as many as there are jobs are under way or wait for an earlier, slower one. When the consumer leaves, no further item
 * is taken, and what is under way is waited for.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  jobs: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const iterator = items[Symbol.iterator]()
  const window: Promise<Result>[] = []
  const fill = (): void => {
    while (window.length < 2 * jobs) {
      const next = iterator.next()
      if (next.done === true) return
      const result = work(next.value)
      // Its failure is thrown when its turn comes, not as an unhandled rejection before.
      result.catch(() => undefined)
      window.push(result)
    }
  }
  try {
    for (fill(); window.length > 0; fill()) yield await (window.shift() as Promise<Result>)
  } finally {
    await Promise.allSettled(window)
    iterator.return?.()
  }
}
