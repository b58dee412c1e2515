/**
 * Runs the journal laws for one backend under vitest.
 */
import { describe, test } from 'vitest'
import { journalLaws, type LawEffort } from './journal-laws.ts'
import { abilitiesOf, type LawSubject } from './law-subject.ts'

/** One test per law; a law that needs what the backend cannot give is skipped, with the reason in its title. */
export async function runLaws(subject: LawSubject, effort: LawEffort): Promise<void> {
  const abilities = await abilitiesOf(subject)
  describe(`laws of the ${subject.name} journal`, () => {
    for (const law of journalLaws) {
      const missing = law.needs.filter((ability) => !abilities.has(ability))
      const reason = missing.length === 0 ? '' : ` (not judged: cannot ${missing.join(', ')})`
      test.skipIf(missing.length > 0)(`${law.id}: ${law.title}${reason}`, () =>
        law.check(subject, effort),
      )
    }
  })
}
