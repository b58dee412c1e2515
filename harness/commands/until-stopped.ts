/** Work that a stop may cut down in the middle. */

/**
 * A terminal's Ctrl-C goes to every process of its group: shards die of it. What dies while everything is being stopped is no fault
 * of the harness, and what was under way says nothing.
 */
export async function untilStopped<Outcome>(
  stop: AbortSignal,
  body: () => Promise<Outcome>,
): Promise<Outcome | undefined> {
  try {
    return await body()
  } catch (error) {
    if (stop.aborted) return undefined
    throw error
  }
}
