import { describe, expect, it } from 'vitest'
import { Activity } from '../../src/activity.ts'
import { AssertionError } from '../../src/assert.ts'
import { rest } from './runtime/bench-run.ts'

describe('activity', () => {
  it('calls back at once where nothing moves', async () => {
    let idle = false
    new Activity().whenIdle(() => (idle = true))
    await rest()
    expect(idle).toBe(true)
  })

  it('waits for everything that moves, also for what begins meanwhile', async () => {
    const activity = new Activity()
    let idle = false
    activity.begin()
    activity.whenIdle(() => (idle = true))
    await rest()
    activity.begin()
    activity.end()
    await rest()
    expect(idle).toBe(false)
    activity.end()
    // Handed over in the same turn: never idle between the two.
    void Promise.resolve().then(() => activity.begin())
    await rest()
    expect(idle).toBe(false)
    activity.end()
    await rest()
    expect(idle).toBe(true)
  })

  it('work that fails has ended too', async () => {
    const activity = new Activity()
    await expect(activity.during(() => Promise.reject(new Error('x')))).rejects.toThrow('x')
    let idle = false
    activity.whenIdle(() => (idle = true))
    await rest()
    expect(idle).toBe(true)
  })

  it('an end without a beginning is a bug', () => {
    expect(() => new Activity().end()).toThrow(AssertionError)
  })
})
