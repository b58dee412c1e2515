/** Runs one law where its subject can do what it needs. */
import type { JournalLaw, LawEffort } from './journal-laws.ts'
import type { Ability, LawSubject } from './law-subject.ts'

/** What became of a law. A law that is broken throws. */
export type LawOutcome =
  { readonly kind: 'held' } | { readonly kind: 'not-judged'; readonly why: string }

/** Runs it; throws what is wrong. */
export async function runLaw(
  law: JournalLaw,
  subject: LawSubject,
  abilities: ReadonlySet<Ability>,
  effort: LawEffort,
): Promise<LawOutcome> {
  const missing = law.needs.filter((ability) => !abilities.has(ability))
  if (missing.length > 0)
    return { kind: 'not-judged', why: `the place cannot ${missing.map(wordFor).join(', ')}` }
  await law.check(subject, effort)
  return { kind: 'held' }
}

function wordFor(ability: Ability): string {
  switch (ability) {
    case 'kill':
      return 'kill a process'
    case 'lose-power':
      return 'lose power'
    case 'damage':
      return 'damage a record'
    case 'cost':
      return 'count bytes and syncs'
    case 'syncs':
      return 'count syncs'
    case 'fail':
      return 'fail a write or sync'
    case 'salvage':
      return 'salvage a damaged run'
    case 'list':
      return 'list runs'
  }
}
