import { describe, expect, it } from 'vitest'
import { runMutants, type MutationOptions } from '../../../harness/mutate/mutation-run.ts'
import type { Mutant } from '../../../harness/mutate/mutant.ts'
import type { MutantOutcome } from '../../../harness/mutate/outcome.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'
import { scenarios } from '../../../scenarios/index.ts'
import { mutants, sampleMutants } from '../../../scenarios/mutants/index.ts'

/** Hunts one mutant with the seed of `killpoint mutate`. */
async function hunted(
  mutant: Mutant,
  options: Partial<MutationOptions> = {},
): Promise<MutantOutcome> {
  const [report] = await runMutants({
    mutants: [mutant],
    scenarios,
    system: fileSystemUnderTest,
    seed: 'mutants',
    cases: 30,
    jobs: 2,
    now: () => 0,
    ...options,
  })
  if (report === undefined) throw new Error('no report')
  return report.outcome
}

function known(id: string): Mutant {
  const found = mutants.find((mutant) => mutant.id === id)
  if (found === undefined) throw new Error(`no mutant ${id}`)
  return found
}

const equivalent: Mutant = {
  ...known('B18-cursor-in-memory'),
  id: 'B18-nothing-wrong',
  find: 'const last = scope.recorded.iterated.get(key)',
  replace: 'const last = scope.recorded.iterated.get(`${key}`)',
}

describe('hunt: real processes', () => {
  const found = new Map<string, MutantOutcome>()

  it.each(sampleMutants)('%s is caught by a verdict of its own', async (id) => {
    const outcome = await hunted(known(id))
    expect(outcome).toMatchObject({ kind: 'caught', by: { isOwn: true } })
    found.set(id, outcome)
  })

  it('gives the same case for the same seed, however many run at once', async () => {
    const id = 'B18-cursor-in-memory'
    expect(await hunted(known(id), { jobs: 1 })).toEqual(found.get(id))
  })

  it('says that a mutant with nothing wrong in it survived', async () => {
    expect(await hunted(equivalent, { cases: 2 })).toEqual({
      kind: 'survived',
      cases: 2,
      ms: 0,
      notes: [],
    })
  })

  it('goes on after a verdict that is not its own, and says so where no other comes', async () => {
    const mutant: Mutant = { ...known('B06-acked-before-write'), verdicts: ['COST'] }
    const outcome = await hunted(mutant, { cases: 2 })
    expect(outcome).toMatchObject({
      kind: 'caught-otherwise',
      cases: 2,
      by: { verdict: 'LOST_COMMIT', isOwn: false },
    })
  })

  it('does not take a mutant that fails by itself for one that is caught', async () => {
    const mutant: Mutant = { ...equivalent, replace: "throw new Error('always')" }
    const outcome = await hunted(mutant)
    expect(outcome).toMatchObject({ kind: 'broken' })
    expect((outcome as { why: string }).why).toMatch(/^loop without a fault: WEDGED/)
  })

  it('tells that a mutant does not parse', async () => {
    const outcome = await hunted({ ...equivalent, replace: 'const const' })
    expect(outcome).toMatchObject({ kind: 'broken' })
    expect((outcome as { why: string }).why).toContain('src/loop.ts')
  })

  it('tells that a mutant has drifted, or that no worker loads its file', async () => {
    expect(await hunted({ ...equivalent, find: 'was there once' })).toMatchObject({
      kind: 'broken',
      why: expect.stringContaining('exactly once, found it 0 times') as string,
    })
    const elsewhere = {
      ...equivalent,
      file: 'harness/command-line.ts',
      find: 'await program.parseAsync()',
    }
    expect(await hunted(elsewhere)).toMatchObject({
      kind: 'broken',
      why: expect.stringContaining('is in no worker') as string,
    })
  })

  it('catches what no dying process shows over the disk model', async () => {
    expect(await hunted(known('B07-no-data-sync'), { jobs: 1 })).toMatchObject({
      kind: 'caught',
      by: { verdict: 'LOST_COMMIT' },
    })
  })
})
