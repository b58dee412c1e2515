/** One thing of each kind: of those of a kind the one of lowest rank, so that it does not depend on how they are dealt. */

interface Kept<Item> {
  readonly rank: number
  readonly place: number
  readonly item: Item
}

export class OneOfEach<Item> {
  readonly #kept = new Map<string, Kept<Item>>()
  #place = 0

  /** `rank`: of two equal ones the first stays. */
  add(kind: string, rank: number, item: Item): void {
    const known = this.#kept.get(kind)
    const place = this.#place++
    if (known === undefined || rank < known.rank) this.#kept.set(kind, { rank, place, item })
  }

  /** In the order in which they were added. */
  list(): readonly Item[] {
    return [...this.#kept.values()]
      .toSorted((left, right) => left.place - right.place)
      .map(({ item }) => item)
  }
}
