/**
 * The law suite over a backend that processes of its own work with: what `killpoint validate` does first.
 *
 *  1  Each law draws from a seed of its own, named by its title: one law alone draws what it draws among all.
 *  2  A law whose claims are not made is not run; one that needs what a place of processes cannot do says so.
 */
import { availableParallelism } from 'node:os'
import { random } from '../seed.ts'
import { several } from '../several.ts'
import type { Claim } from '../system.ts'
import type { Breach } from '../verdict.ts'
import { NoHintError } from './law-asserts.ts'
import { journalLaws, type JournalLaw } from './journal-laws.ts'
import type { Ability } from './law-subject.ts'
import type { LawProgram } from './process/law-process.ts'
import { processPlace } from './process/place.ts'

/** One law, and what became of it. */
export interface LawReport {
  /** `J5`, or several: `J1 J2 J3`. */
  readonly law: string
  /** A fact. */
  readonly title: string
  readonly outcome:
    | { readonly kind: 'held' }
    /** `what`: one line, or two: what is wrong, and what was drawn. */
    | { readonly kind: 'broken'; readonly verdict: Breach; readonly what: string }
    | { readonly kind: 'not-claimed'; readonly claims: readonly Claim[] }
    | { readonly kind: 'skipped'; readonly why: string }
}

export interface LawOrder {
  readonly program: LawProgram
  readonly claims: readonly Claim[]
  readonly seed: string
  /** Directory for the places; it exists. */
  readonly scratch: string
  /** As {@link wantedLaws} takes them; default all. */
  readonly only?: readonly string[]
  /** Laws at once; default one per core. */
  readonly jobs?: number
  readonly isOver?: () => boolean
  readonly onLaw?: (report: LawReport) => void
}

/** Random cases of each property. */
const runs = 4

/** What a broken law is called, by its first number. */
const verdicts: Readonly<Record<string, Breach>> = {
  J1: 'LOST_COMMIT',
  J2: 'PHANTOM',
  J3: 'PHANTOM',
  J4: 'DIVERGED',
  J5: 'ZOMBIE_WRITE',
  J6: 'FALSE_ACK',
  J7: 'CORRUPT_ACCEPTED',
  J8: 'PHANTOM',
  J9: 'DIVERGED',
  J10: 'COST',
  J11: 'ZOMBIE_WRITE',
}

/** The claim behind each law; all others are about records that survive a process. */
const claimOf: Readonly<Record<string, Claim>> = { J5: 'fencing', J11: 'guarded' }

const unseen =
  'its files are not written through node:fs, so nothing can be counted or made to fail'

/** Why a law that needs this is not judged here. */
const whyUnable: Readonly<Record<Ability, string>> = {
  kill: '',
  'lose-power': 'crash states of the explorer show power loss',
  damage:
    'where a record lies is not known here: your own test runner can say it (killpoint/conformance)',
  cost: unseen,
  syncs: `${unseen}, and the native hooks do not see them either (killpoint doctor)`,
  fail: unseen,
  salvage: 'it has no salvage',
  list: 'it has no list',
}

/** Laws that speak of no claim: the call alone is asked. */
const always: ReadonlySet<string> = new Set(['closing', 'open options', 'run ids'])

/** The laws that these words name: as the table has them (`J5`, `J3 J6`, `run ids`), or a number that stands in several. All of them for no word. */
export function wantedLaws(words: readonly string[] = []): readonly JournalLaw[] {
  if (words.length === 0) return journalLaws
  const ids = new Set(journalLaws.map(({ id }) => id))
  return journalLaws.filter(({ id }) =>
    words.some((word) => (ids.has(word) ? id === word : id.split(' ').includes(word))),
  )
}

/** Every name that {@link wantedLaws} knows. */
export const lawNames: readonly string[] = [
  ...new Set(journalLaws.flatMap(({ id }) => (always.has(id) ? [id] : id.split(' ')))),
].toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true }))

/** Runs the laws; in their own order. */
export async function runLaws(order: LawOrder): Promise<readonly LawReport[]> {
  const { jobs = availableParallelism() } = order
  return await several(wantedLaws(order.only), jobs, async (law) => {
    const report = { law: law.id, title: law.title, outcome: await outcomeOf(law, order) }
    order.onLaw?.(report)
    return report
  })
}

async function outcomeOf(law: JournalLaw, order: LawOrder): Promise<LawReport['outcome']> {
  if (order.isOver?.() === true) return { kind: 'skipped', why: 'the time was over' }
  const missing = claimsOf(law).filter((claim) => !order.claims.includes(claim))
  if (missing.length > 0) return { kind: 'not-claimed', claims: missing }
  const { program, scratch } = order
  const abilities: ReadonlySet<Ability> = new Set(['kill', ...program.abilities])
  const unable = law.needs.filter((need) => !abilities.has(need)).map((need) => whyUnable[need])
  if (unable.length > 0) return { kind: 'skipped', why: [...new Set(unable)].join('; ') }
  // fast-check takes a whole number.
  const seed = random(order.seed, 'laws', law.title).int32()
  const place = (): ReturnType<typeof processPlace> => processPlace(program, scratch, String(seed))
  try {
    await law.check({ name: program.name, place }, { runs, seed })
    return { kind: 'held' }
  } catch (error) {
    const isHint = error instanceof Error && error.cause instanceof NoHintError
    return { kind: 'broken', verdict: isHint ? 'DIVERGED' : verdictOf(law), what: wordsOf(error) }
  }
}

/**
 * The claim that a broken law breaks: power loss where it speaks of that, else that of its first number, where it is more than a
 * matter of form.
 */
export function claimBroken(
  { law, title }: Pick<LawReport, 'law' | 'title'>,
  verdict: string,
): Claim | undefined {
  if (journalLaws.some((each) => each.title === title && each.isOfPower === true)) return 'power'
  const [first = ''] = law.split(' ')
  return verdicts[first] === verdict ? (claimOf[first] ?? 'process') : undefined
}

function verdictOf({ id }: JournalLaw): Breach {
  return verdicts[id.split(' ')[0] ?? ''] ?? 'DIVERGED'
}

function claimsOf({ id, isOfPower }: JournalLaw): readonly Claim[] {
  if (always.has(id)) return []
  const claims = id.split(' ').map((law) => claimOf[law] ?? 'process')
  return [...new Set([...claims, ...(isOfPower === true ? (['power'] as const) : [])])]
}

/** What is wrong, and with which drawn input: fast-check's own words are for a test runner. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? error.cause.message : undefined
  const [, drawn] = /^Counterexample: (.*)$/m.exec(error.message) ?? []
  if (cause === undefined || drawn === undefined) return error.message
  return drawn === '[[]]' ? cause : `${cause}\ndrawn: ${drawn}`
}
