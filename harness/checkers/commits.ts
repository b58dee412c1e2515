/**
 * When a step was committed, and who showed it.
 *
 * To the oracle a step is committed at the earliest of: its ack (the workload observed its result, a child that holds it
 * settled); the start of any effect that the workload orders after it; `done`. Each is kept once per owner, because owners
 * that overlap need not know of each other (`ownership.ts`).
 */
import type { History } from '../history.ts'
import { endOf } from '../history.ts'
import type { Group, Model, Unit } from '../model.ts'
import { isChildWithin, unitsBelow } from '../model.ts'
import type { Happened, Owner, Ownership } from './ownership.ts'

/** One sign that a step is committed. */
export interface Commit extends Happened {
  readonly how: 'observed' | 'settled' | 'ordered' | 'done'
  /** The step, child or state that shows it. */
  readonly by: string
}

/** Signs of commitment by unit id, in ledger order; at most one per owner and unit. */
export type Commits = ReadonlyMap<string, readonly Commit[]>

/** What is needed to find them. */
export interface CommitSource {
  readonly history: History
  readonly model: Model
  readonly ownership: Ownership
  /** True for places in the ledger that count for nothing. */
  readonly isVoid: (index: number) => boolean
}

/** All signs of commitment in a history. */
export function commitsOf(source: CommitSource): Commits {
  const collector = new Collector(source)
  for (const { mark, index } of commitMarks(source)) {
    const owner =
      mark.mark === 'effect'
        ? { life: mark.life, epoch: mark.epoch }
        : source.ownership.ownerAt(mark.life, index)
    switch (mark.mark) {
      case 'effect':
        collector.ordered(mark.step, owner, index)
        break
      case 'observed':
        // A cancelled step has no result; what may not follow a cancel is the tree's business.
        if (mark.state !== 'cancelled')
          collector.add(mark.step, { ...owner, index, how: 'observed', by: mark.state })
        break
      case 'settle':
        if (mark.status === 'done') collector.settled(mark.child, owner, index)
        break
      case 'done':
        collector.all({ ...owner, index, how: 'done', by: mark.status })
        break
    }
  }
  return collector.commits
}

type CommitMark = Extract<
  History['entries'][number]['mark'],
  { readonly mark: 'effect' | 'observed' | 'settle' | 'done' }
>

function* commitMarks({
  history,
  isVoid,
}: CommitSource): Iterable<{ readonly mark: CommitMark; readonly index: number }> {
  for (const [place, { mark }] of history.entries.entries()) {
    const { mark: name } = mark
    if (name !== 'effect' && name !== 'observed' && name !== 'settle' && name !== 'done') continue
    // A command may outlive its life; it began before that ended, and shows what was committed then.
    const index = Math.min(place, endOf(history.lives.get(mark.life)))
    if (!isVoid(index)) yield { mark, index }
  }
}

class Collector {
  readonly commits = new Map<string, Commit[]>()
  readonly #model: Model
  /** Per owner: how many members of each ordered group are known to be committed. */
  readonly #reached = new Map<string, Map<Group, number>>()

  constructor({ model }: CommitSource) {
    this.#model = model
  }

  add(step: string, commit: Commit): void {
    const list = this.commits.get(step)
    if (list === undefined) this.commits.set(step, [commit])
    else if (!list.some(({ life, epoch }) => life === commit.life && epoch === commit.epoch))
      list.push(commit)
  }

  all(commit: Commit): void {
    for (const step of this.#model.units.keys()) this.add(step, commit)
  }

  settled(child: string, owner: Owner, index: number): void {
    for (const unit of this.#model.units.values())
      if (isChildWithin(this.#model, unit.child, child))
        this.add(unit.id, { ...owner, index, how: 'settled', by: child })
  }

  /** The start of an effect commits everything that the workload orders before it; each member once per owner. */
  ordered(step: string, owner: Owner, index: number): void {
    const unit = this.#model.units.get(step)
    if (unit === undefined) return
    const reached = this.#reachedBy(owner)
    for (const { parent, index: place } of unit.path) {
      if (!parent.isOrdered) continue
      const from = reached.get(parent) ?? 0
      if (place <= from) continue
      reached.set(parent, place)
      for (const before of parent.members.slice(from, place))
        for (const { id } of unitsIn(before))
          this.add(id, { ...owner, index, how: 'ordered', by: step })
    }
  }

  #reachedBy({ life, epoch }: Owner): Map<Group, number> {
    const key = `${life} ${epoch}`
    const known = this.#reached.get(key)
    if (known !== undefined) return known
    const fresh = new Map<Group, number>()
    this.#reached.set(key, fresh)
    return fresh
  }
}

function unitsIn(task: Group | Unit): readonly Unit[] {
  return 'members' in task ? unitsBelow(task) : [task]
}
