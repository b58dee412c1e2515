/** Work that is done several at a time. */

/** Runs `work` for each item, so many at once; what came of them in the order of the items. Throws what the first of them throws. */
export async function several<Item, Value>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const values: Value[] = []
  const waiting = items.entries()
  const lane = async (): Promise<void> => {
    for (const [place, item] of waiting) values[place] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane))
  return values
}
