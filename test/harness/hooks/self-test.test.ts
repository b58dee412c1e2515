import { describe, expect, test } from 'vitest'
import { forms } from '../../../harness/hooks/forms/all.ts'
import { selfTest } from '../../../harness/hooks/self-test.ts'
import { node } from './run-worker.ts'

describe.each(['serial', 'native'] as const)('every form in %s order', (order) => {
  const result = selfTest({ node, order })

  test.each(forms.map(({ name }) => name))('%s', async (name) => {
    const form = (await result).forms.find((each) => each.name === name)
    expect(form?.ok, `${form?.expected.join(', ')} / ${form?.seen.join(', ')}`).toBe(true)
  })

  test('the process came through', async () => {
    expect((await result).failure).toBeUndefined()
    expect((await result).ok).toBe(true)
  })
})

test('a Node that does not start is a failure, not a pass', async () => {
  const result = await selfTest({ node: '/nowhere/node' })
  expect(result.ok).toBe(false)
  expect(result.failure).toContain('ENOENT')
})
