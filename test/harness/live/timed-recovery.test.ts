import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Started } from '../../../harness/live/case-context.ts'
import { isTimed, TimedRecovery } from '../../../harness/live/timed-recovery.ts'
import { toyCase } from './toy.ts'

const directory = mkdtempSync(join(tmpdir(), 'killpoint-timed-'))
afterAll(() => rmSync(directory, { recursive: true }))
mkdirSync(join(directory, 'run'))
writeFileSync(join(directory, 'run', '000001.log'), 'x'.repeat(70))
writeFileSync(join(directory, 'other'), 'yy')

type Told = { -readonly [Name in keyof Started]?: Started[Name] } & {
  told: { back: boolean }
}

function started(): Told & Started {
  return { told: { back: false } } as unknown as Told & Started
}

describe('timed recovery', () => {
  it('says what the life found, and that it was seen to be back', async () => {
    const life = started()
    const timed = new TimedRecovery(directory)
    const watch = timed.watch(life)
    await watch.step()
    expect([watch.isPending(), timed.found]).toEqual([true, undefined])
    life.told.back = true
    await watch.step()
    expect(watch.isPending()).toBe(false)
    expect(timed.found).toEqual({ bytes: 72, ms: expect.any(Number) })
  })

  it('says nothing of a life that had ended before anybody looked', async () => {
    const life = started()
    const timed = new TimedRecovery(directory)
    const watch = timed.watch(life)
    life.told.back = true
    life.end = { code: 0, signal: null }
    await watch.step()
    expect([watch.isPending(), timed.found]).toEqual([false, undefined])
  })

  it('is of one case in four, the same ones each time, and of none that is recorded', () => {
    const ids = Array.from({ length: 400 }, (_, index) => `case-${index}`)
    const timed = ids.filter((id) => isTimed(toyCase('-', { id })))
    expect(timed.length).toBeGreaterThan(60)
    expect(timed.length).toBeLessThan(140)
    expect(ids.filter((id) => isTimed(toyCase('-', { id })))).toEqual(timed)
    expect(ids.some((id) => isTimed(toyCase('-', { id, lane: 'recording' })))).toBe(false)
  })
})
