import { describe, expect, test } from 'vitest'
import { forms } from '../../../harness/hooks/forms/all.ts'
import { chooseDoor, selfTest } from '../../../harness/hooks/self-test.ts'
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

describe('the public door', () => {
  test('sees all forms but those that Node keeps to itself, and says which', async () => {
    const result = await selfTest({ node, door: 'public' })
    const missed = result.forms.filter(({ ok }) => !ok)
    expect(missed.map(({ name }) => name).filter((name) => !/iterable|cp/.test(name))).toEqual([])
    // What it does not see it leaves alone: nothing is seen by halves but the directories that such a call makes openly.
    expect(missed.flatMap(({ seen }) => seen).filter((op) => !op.startsWith('mkdir'))).toEqual([])
    expect(result.failure).toBeUndefined()
  })

  test('is not chosen where the binding shows everything', async () => {
    expect(await chooseDoor(node)).toMatchObject({ door: 'binding', missed: [] })
  })

  test('is chosen, with the reason, where it does not', async () => {
    const chosen = await chooseDoor('/nowhere/node')
    expect([chosen.door, chosen.missed.length]).toEqual(['public', forms.length])
    expect(chosen.why).toContain('ENOENT')
  })
})
