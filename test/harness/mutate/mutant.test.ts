import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mutantMistakes, mutate, plant, type Mutant } from '../../../harness/mutate/mutant.ts'
import { packageRoot, sourceOf } from '../../../harness/mutate/sources.ts'

const mutant: Mutant = {
  id: 'B01-sample',
  class: 'B01',
  title: 'one becomes two',
  file: 'src/sample.ts',
  find: 'one()',
  replace: 'two()',
  verdicts: ['REDONE'],
  scenarios: ['loop'],
  needs: 'kill',
  cites: ['some-body/some.thing#12'],
}
const known = { classes: new Set(['B01']), scenarios: new Set(['loop']) }

describe('mutant: an edit', () => {
  it('replaces its text where that is there once', () =>
    expect(mutate(mutant, mutant, 'a\none()\nb')).toBe('a\ntwo()\nb'))
  it.each([
    ['none', 'a'],
    ['two', 'one() + one()'],
  ])('is drift where there are %s', (_, text) =>
    expect(() => mutate(mutant, mutant, text)).toThrow(
      expect.objectContaining({ code: 'MUTANT_DRIFT', details: expect.anything() }),
    ),
  )
  it('takes `$&` in its text as it stands', () =>
    expect(mutate(mutant, { ...mutant, replace: '$&$1' }, 'one()')).toBe('$&$1'))
  it('names its file where that is gone', () =>
    expect(() => sourceOf(mutant, mutant, packageRoot())).toThrow('there is no src/sample.ts'))
})

describe('mutant: planted', () => {
  it('with a place in two files, it is applied when both were bundled', () => {
    const also = { file: 'src/other.ts', find: 'three()', replace: 'four()' }
    const { transform, wasApplied } = plant({ ...mutant, also }, '/package')
    expect(transform(join('/package', 'src', 'sample.ts'), 'one()')).toBe('two()')
    expect(wasApplied()).toBe(false)
    expect(transform(join('/package', 'src', 'other.ts'), 'three()')).toBe('four()')
    expect(wasApplied()).toBe(true)
  })
  it('changes its own file and no other, and knows that it did', () => {
    const { transform, wasApplied } = plant(mutant, '/package')
    expect(transform(join('/package', 'test', 'src', 'sample.ts'), 'one()')).toBeUndefined()
    expect(wasApplied()).toBe(false)
    expect(transform(join('/package', 'src', 'sample.ts'), 'one()')).toBe('two()')
    expect(wasApplied()).toBe(true)
  })
})

describe('mutant: a table', () => {
  const mistakes = (...changes: readonly Partial<Mutant>[]): readonly string[] =>
    mutantMistakes(
      changes.map((change) => ({ ...mutant, ...change })),
      known,
    )
  it('that is sound has no mistakes', () => expect(mistakes({})).toEqual([]))
  it.each<[string, Partial<Mutant>, string]>([
    ['an id outside its class', { id: 'B02-sample' }, 'expected an id like B01-no-intent'],
    ['an unknown class', { class: 'B99', id: 'B99-x' }, 'the class B99 is unknown'],
    ['no change', { replace: 'one()' }, 'it changes nothing'],
    ['another program', { replace: '\n'.repeat(10) }, 'it is longer than 10 lines'],
    ['a verdict that is no breach', { verdicts: ['HOLDS' as 'REDONE'] }, 'HOLDS is no breach'],
    ['an unknown scenario', { scenarios: ['lop'] }, 'the scenario lop is unknown'],
    ['a cite of nothing', { cites: ['somewhere'] }, 'cites somewhere'],
  ])('names %s', (_, change, mistake) => {
    expect(mistakes(change)).toEqual([expect.stringContaining(mistake)])
  })
  it('names ids that stand twice', () =>
    expect(mistakes({}, {})).toContain('two mutants are named B01-sample'))
})
