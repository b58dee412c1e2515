/**
 * `killpoint/conformance`: the laws J1 to J11 of a journal backend, for any test runner.
 *
 * What it needs is a *place*: a fresh, empty store, and a way to start processes over it. Everything else that a place can do
 * (kill a process, fail a write, cut the power, damage a record, count syncs) is an ability; a law that needs one which is
 * missing is not judged, and says so. The laws use fast-check and nothing of a test runner.
 */
import { journalLaws, type LawEffort } from './conformance/journal-laws.ts'
import { runLaw, type LawOutcome } from './conformance/law-run.ts'
import { abilitiesOf, type Ability, type LawSubject } from './conformance/law-subject.ts'

export type { LawEffort } from './conformance/journal-laws.ts'
export type { Ability, Cost, LawPlace, LawProcess } from './conformance/law-subject.ts'
export type { LawOutcome } from './conformance/law-run.ts'
export { PretendMachine } from './conformance/machine.ts'

/** One law, ready to run. */
export interface RunnableLaw {
  /** A fact, for a test's title. */
  readonly name: string
  /** J1 to J11, as in `docs/writing-a-backend.md`. */
  readonly law: string
  /** Without these it is not judged. */
  readonly needs: readonly Ability[]
  /** Throws what is wrong. */
  readonly run: () => Promise<LawOutcome>
}

/** How many random cases of each property, where nobody says it. */
const runsDefault = 20

/**
 * All laws over the places that `makePlace` gives, each law in places of its own.
 *
 * @param effort `runs`: random cases of each property, default 20. `seed`: of those; without it one is drawn, and printed
 *   where a property fails.
 */
export function laws(
  makePlace: LawSubject['place'],
  effort: Partial<LawEffort> = {},
): readonly RunnableLaw[] {
  const subject = { name: '', place: makePlace }
  let known: Promise<ReadonlySet<Ability>> | undefined
  const abilities = (): Promise<ReadonlySet<Ability>> => (known ??= abilitiesOf(subject))
  return journalLaws.map((law) => ({
    name: law.title,
    law: law.id,
    needs: law.needs,
    run: async () =>
      await runLaw(law, subject, await abilities(), { runs: runsDefault, ...effort }),
  }))
}

/** What is used of a test runner; `vitest` and `node:test` have it. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown
  readonly it: (title: string, body: (context: TestContext) => Promise<void>) => unknown
}

/** What both runners hand to a test. */
export interface TestContext {
  readonly skip: (why?: string) => void
}

/** One test per law; a law that cannot be judged is skipped, with the reason. */
export function describeLaws(
  { describe, it }: TestRunner,
  name: string,
  makePlace: LawSubject['place'],
  effort: Partial<LawEffort> = {},
): void {
  describe(`laws of the ${name} journal`, () => {
    for (const { law, name: title, run } of laws(makePlace, effort))
      it(`${law}: ${title}`, async (context) => {
        const outcome = await run()
        if (outcome.kind === 'not-judged') context.skip(`not judged: ${outcome.why}`)
      })
  })
}
