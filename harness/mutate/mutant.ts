/**
 * Mutants: bugs planted on purpose, as data, to show that the gate can go red.
 *
 * A mutant is one small edit of a source file of the reference runtime, or two. It is applied to the text as it is bundled and
 * never to the file, so the sources stay clean and two mutants never meet.
 *
 *   M1  the text to be replaced is in its file exactly once: none or several is drift, and an error
 *   M2  a transform knows whether its files were ever bundled: a mutant that reached no worker proves nothing
 *   M3  what counts as caught is a breach in a case whose control held, and whether the verdict is one of the mutant's own
 */
import { relative, sep } from 'node:path'
import { HarnessError } from '../errors.ts'
import type { Harm } from '../explorer/job.ts'
import type { SourceTransform } from '../live/bundle.ts'
import { isBreach, type Breach, type Verdict } from '../verdict.ts'

/**
 * The least that it takes to show a mutant.
 *
 *   kill   SIGKILL alone
 *   stop   a process that is stopped and goes on after its successor has begun
 *   race   several processes at once
 *   act    another process that signals, cancels or terminates
 *   clock  a clock that goes on between two lives
 *   disk   power loss, storage errors, damaged media, or a count of costs: no process that dies shows it, the explorer does
 */
export type MutantNeed = 'kill' | 'stop' | 'race' | 'act' | 'clock' | 'disk'

/** One place of a mutant. */
export interface Edit {
  /** The file that it is planted in, from the root of the package, with `/`. */
  readonly file: string
  /** Text that occurs in that file exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Mutant extends Edit {
  /** The class and a few words: `B01-no-intent`. Unique. */
  readonly id: string
  /** The class of real bugs that it stands for: `B01` (`scenarios/mutants/classes.ts`). */
  readonly class: string
  /** What the planted bug does, one clause in the present tense. */
  readonly title: string
  /** Where the bug takes two to show, one that does wrong and one that believes it: the other place. */
  readonly also?: Edit
  /** The verdicts that count as its own. */
  readonly verdicts: readonly [Breach, ...Breach[]]
  /** Names of the scenarios that are run first. */
  readonly scenarios: readonly [string, ...string[]]
  readonly needs: MutantNeed
  /** Of a mutant for the explorer: what shows it; absent: not known, so all that there is. */
  readonly harms?: readonly [Harm, ...Harm[]]
  /** Real cases of the class: `owner/repository#number`. */
  readonly cites: readonly string[]
}

/** Who can show a mutant: real processes, or the explorer alone. */
export function engineOf({ needs }: Pick<Mutant, 'needs'>): 'live' | 'explorer' {
  return needs === 'disk' ? 'explorer' : 'live'
}

/** The edits of a mutant. */
export function editsOf({ file, find, replace, also }: Mutant): readonly Edit[] {
  return [{ file, find, replace }, ...(also === undefined ? [] : [also])]
}

/** The mutated text of the file of one of a mutant's edits. @throws HarnessError `MUTANT_DRIFT` */
export function mutate({ id }: Pick<Mutant, 'id'>, edit: Edit, text: string): string {
  const { file, find, replace } = edit
  const at = text.indexOf(find)
  const count = at < 0 ? 0 : text.split(find).length - 1
  if (count === 1) return text.slice(0, at) + replace + text.slice(at + find.length)
  throw new HarnessError(
    'MUTANT_DRIFT',
    `mutant ${id}: expected its text in ${file} exactly once, found it ${count} times`,
    {
      hint: 'the source has changed: plant the same bug into the new text, in scenarios/mutants',
      details: { mutant: id, file, count },
    },
  )
}

/** A mutant on its way into a bundle. */
export interface Planting {
  readonly transform: SourceTransform
  /** True once all of the mutant's files were bundled. */
  readonly wasApplied: () => boolean
}

/** Plants a mutant into the sources under `root`, the directory of the package. */
export function plant(mutant: Mutant, root: string): Planting {
  const edits = editsOf(mutant)
  const applied = new Set<Edit>()
  return {
    transform: (path, text) => {
      const file = relative(root, path).split(sep).join('/')
      const here = edits.filter((edit) => edit.file === file)
      if (here.length === 0) return undefined
      for (const edit of here) applied.add(edit)
      return here.reduce((mutated, edit) => mutate(mutant, edit, mutated), text)
    },
    wasApplied: () => applied.size === edits.length,
  }
}

/** Everything that is wrong with a table of mutants, but for its drift; empty where it is sound. */
export function mutantMistakes(
  mutants: readonly Mutant[],
  known: { readonly classes: ReadonlySet<string>; readonly scenarios: ReadonlySet<string> },
): readonly string[] {
  const ids = mutants.map(({ id }) => id)
  const twice = new Set(ids.filter((id, index) => ids.indexOf(id) !== index))
  return [
    ...[...twice].map((id) => `two mutants are named ${id}`),
    ...mutants.flatMap((mutant) =>
      mistakesOf(mutant, known).map((mistake) => `${mutant.id}: ${mistake}`),
    ),
  ]
}

function mistakesOf(
  mutant: Mutant,
  known: { readonly classes: ReadonlySet<string>; readonly scenarios: ReadonlySet<string> },
): readonly string[] {
  const { id, verdicts, scenarios, cites } = mutant
  const wrong: string[] = []
  if (!/^[A-Z]\d\d-[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id) || !id.startsWith(`${mutant.class}-`))
    wrong.push(`expected an id like ${mutant.class}-no-intent`)
  if (!known.classes.has(mutant.class)) wrong.push(`the class ${mutant.class} is unknown`)
  for (const { find, replace } of editsOf(mutant)) {
    if (find === '' || find === replace) wrong.push('it changes nothing')
    if (replace.split('\n').length > linesMax) wrong.push(`it is longer than ${linesMax} lines`)
  }
  for (const verdict of verdicts as readonly Verdict[])
    if (!isBreach(verdict)) wrong.push(`${verdict} is no breach`)
  for (const scenario of scenarios)
    if (!known.scenarios.has(scenario)) wrong.push(`the scenario ${scenario} is unknown`)
  for (const cite of cites)
    if (!/^[\w.-]+\/[\w.-]+#\d+$/.test(cite))
      wrong.push(`cites ${cite}, which is no owner/repository#number`)
  return wrong
}

/** A planted bug of more lines is another program. */
const linesMax = 10
