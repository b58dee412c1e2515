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
import { isChildWithin } from '../model.ts'
import type { Happened, Owner, Ownership } from './ownership.ts'
import { isSame } from './ownership.ts'

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
  const { history, ownership, isVoid } = source
  const collector = new Collector(source.model)
  // Once for each crash state: a plain loop, and nothing is made that is not kept.
  for (let place = 0; place < history.entries.length; place += 1) {
    const mark = history.entries[place]?.mark
    if (mark === undefined) continue
    switch (mark.mark) {
      case 'effect': {
        // A command may outlive its life; it began before that ended, and shows what was committed then.
        const index = Math.min(place, endOf(history.lives.get(mark.life)))
        if (!isVoid(index)) collector.ordered(mark.step, mark, index)
        break
      }
      case 'observed':
        // A cancelled step has no result; what may not follow a cancel is the tree's business.
        if (mark.state !== 'cancelled' && !isVoid(place))
          collector.add(mark.step, ownership.ownerAt(mark.life, place), place, {
            how: 'observed',
            by: mark.state,
          })
        break
      case 'settle':
        if (mark.status === 'done' && !isVoid(place))
          collector.settled(mark.child, ownership.ownerAt(mark.life, place), place)
        break
      case 'done':
        if (!isVoid(place))
          collector.all(ownership.ownerAt(mark.life, place), place, {
            how: 'done',
            by: mark.status,
          })
        break
      default:
    }
  }
  return collector.commits
}

type Sign = Pick<Commit, 'how' | 'by'>

class Collector {
  readonly commits = new Map<string, Commit[]>()
  readonly #model: Model
  /** Per owner: how many members of each ordered group are known to be committed. */
  readonly #reached: { readonly owner: Owner; readonly groups: Map<Group, number> }[] = []

  constructor(model: Model) {
    this.#model = model
  }

  add(step: string, { life, epoch }: Owner, index: number, { how, by }: Sign): void {
    const list = this.commits.get(step)
    if (list === undefined) this.commits.set(step, [{ life, epoch, index, how, by }])
    else if (!list.some((each) => each.life === life && each.epoch === epoch))
      list.push({ life, epoch, index, how, by })
  }

  all(owner: Owner, index: number, sign: Sign): void {
    for (const step of this.#model.units.keys()) this.add(step, owner, index, sign)
  }

  settled(child: string, owner: Owner, index: number): void {
    const sign: Sign = { how: 'settled', by: child }
    for (const unit of this.#model.units.values())
      if (isChildWithin(this.#model, unit.child, child)) this.add(unit.id, owner, index, sign)
  }

  /** The start of an effect commits everything that the workload orders before it; each member once per owner. */
  ordered(step: string, owner: Owner, index: number): void {
    const unit = this.#model.units.get(step)
    if (unit === undefined) return
    const reached = this.#reachedBy(owner)
    const sign: Sign = { how: 'ordered', by: step }
    for (const { parent, index: place } of unit.path) {
      if (!parent.isOrdered) continue
      const from = reached.get(parent) ?? 0
      if (place <= from) continue
      reached.set(parent, place)
      for (let member = from; member < place; member += 1)
        this.#below(parent.members[member], owner, index, sign)
    }
  }

  #below(task: Group | Unit | undefined, owner: Owner, index: number, sign: Sign): void {
    if (task === undefined) return
    if (!('members' in task)) this.add(task.id, owner, index, sign)
    else for (const member of task.members) this.#below(member, owner, index, sign)
  }

  #reachedBy(owner: Owner): Map<Group, number> {
    const known = this.#reached.find((each) => isSame(each.owner, owner))
    if (known !== undefined) return known.groups
    const groups = new Map<Group, number>()
    this.#reached.push({ owner, groups })
    return groups
  }
}
