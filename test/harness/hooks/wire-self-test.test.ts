import { describe, expect, it } from 'vitest'
import { wireForms } from '../../../harness/hooks/forms/wire-forms.ts'
import { wireSelfTest } from '../../../harness/hooks/wire-self-test.ts'

describe('wire door: self-test', () => {
  const result = wireSelfTest()

  it.each(wireForms.map(({ name }) => name))('%s is seen', async (name) => {
    const form = (await result).forms.find((each) => each.name === name)
    expect(form?.ok, `${form?.expected.join(', ')} / ${form?.seen.join(', ')}`).toBe(true)
  })

  it('the process came through', async () => {
    expect((await result).failure).toBeUndefined()
    expect((await result).ok).toBe(true)
  })

  it('a door that sees no messages is no pass', async () => {
    const { ok, forms, failure } = await wireSelfTest('public')
    expect([ok, failure]).toEqual([false, undefined])
    expect(forms.map(({ seen }) => seen)).toEqual(wireForms.map(() => []))
  })
})
