import { join } from 'node:path'
import { transform } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { editsOf, mutantMistakes, mutate } from '../../harness/mutate/mutant.ts'
import { readRecord } from '../../harness/mutate/record.ts'
import { packageRoot, sourceOf } from '../../harness/mutate/sources.ts'
import { scenarios } from '../../scenarios/index.ts'
import { bugClasses } from '../../scenarios/mutants/classes.ts'
import { mutants } from '../../scenarios/mutants/index.ts'

const root = packageRoot()
const known = {
  classes: new Set(Object.keys(bugClasses)),
  scenarios: new Set(scenarios.map(({ name }) => name)),
}

describe('mutants: the table', () => {
  it('has no mistakes', () => expect(mutantMistakes(mutants, known)).toEqual([]))
  it('stands for every class', () =>
    expect(new Set(mutants.map((mutant) => mutant.class))).toEqual(known.classes))
  it('cites only cases of its classes', () => {
    for (const mutant of mutants)
      for (const cite of mutant.cites) expect(bugClasses[mutant.class]?.cites).toContain(cite)
  })
})

describe('mutants: the sources', () => {
  it.each(mutants.map((mutant) => [mutant.id, mutant] as const))(
    '%s is found once in its file, and what it makes of it parses',
    async (_, mutant) => {
      for (const edit of editsOf(mutant)) {
        const mutated = mutate(mutant, edit, sourceOf(mutant, edit, root))
        await expect(transform(mutated, { loader: 'ts' })).resolves.toBeDefined()
      }
    },
  )
})

describe('mutants: the committed record', () => {
  const recorded = readRecord(join(root, 'docs', 'track-record.json'))?.mutants ?? []
  it('is of these mutants: `npm run track-record` writes it anew', () =>
    expect(recorded.map(({ id }) => id)).toEqual(mutants.map(({ id }) => id)))
  it('has 60 or more, each caught', () => {
    expect(recorded.filter(({ outcome }) => outcome !== 'caught')).toEqual([])
    expect(recorded.length).toBeGreaterThanOrEqual(60)
  })
})
