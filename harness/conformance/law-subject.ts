/**
 * What the journal laws need of a backend under test. Everything optional is an ability: a law that needs one which is
 * missing is skipped, and says so. Nothing here knows a test framework.
 */
import type { JournalBackend } from '../../src/journal.ts'

export interface LawSubject {
  readonly name: string
  /** A fresh, empty store. */
  readonly place: () => LawPlace | Promise<LawPlace>
}

export interface LawPlace {
  /** Another process that works on this store. */
  readonly start: () => LawProcess
  /** Cuts the power: every process dies, and each change that is not durable is kept or lost as `keep` says. */
  readonly losePower?: (keep: (index: number) => boolean) => void
  /** Changes one byte of the batches that the first life of a run committed, its last one apart; `drawn` says which. */
  readonly damage?: (runId: string, drawn: number) => Promise<void>
  /** What had been written and synced, by all processes, when the last call was answered. */
  readonly cost?: () => Cost | Promise<Cost>
  readonly dispose: () => Promise<void>
}

export interface Cost {
  readonly bytes: number
  readonly syncs: number
}

export interface LawProcess {
  readonly backend: JournalBackend
  /** Dies here and now; what it has under way stops where it is. */
  readonly kill?: () => void
  /** Makes the next write, or sync, of this process fail; or the second, third … from now. */
  readonly failNext?: (what: 'write' | 'sync', nth?: number) => void
}

/** `cost`: what an append costs can be compared; `syncs`: that something is synced can be seen, which asks for less. */
export type Ability =
  'kill' | 'lose-power' | 'damage' | 'cost' | 'syncs' | 'fail' | 'salvage' | 'list'

/** The abilities that a subject has. */
export async function abilitiesOf(subject: LawSubject): Promise<ReadonlySet<Ability>> {
  const place = await subject.place()
  try {
    return abilitiesIn(place)
  } finally {
    await place.dispose()
  }
}

function abilitiesIn(place: LawPlace): ReadonlySet<Ability> {
  const process = place.start()
  const has: readonly (readonly [Ability, boolean])[] = [
    ['kill', process.kill !== undefined],
    ['lose-power', place.losePower !== undefined],
    ['damage', place.damage !== undefined],
    ['cost', place.cost !== undefined],
    ['syncs', place.cost !== undefined],
    ['fail', process.failNext !== undefined],
    ['salvage', process.backend.salvage !== undefined],
    ['list', process.backend.list !== undefined],
  ]
  return new Set(has.filter(([, present]) => present).map(([ability]) => ability))
}
