/** What counts as time that a quiet process had, on a machine that others use too. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  hadMs,
  lookAtGroup,
  Patience,
  type GroupLook,
  type ThreadLook,
} from '../../../harness/live/patience.ts'

function look(onProcessorMs: number, waitedMs = 0, isBusy = false): GroupLook {
  return new Map<string, ThreadLook>([['7', { onProcessorMs, waitedMs, isBusy }]])
}

describe('patience: what a group had between two looks', () => {
  it.each<[string, GroupLook, GroupLook, number]>([
    ['all of it where it slept (P2)', look(5), look(5), 500],
    ['what it ran where it spins (P1)', look(5, 0, true), look(505, 0, true), 500],
    ['next to nothing where it is starved (P3)', look(5, 10, true), look(6, 509, true), 1],
    ['nothing where it waits for the disk (P3)', look(5, 0, true), look(5, 0, true), 0],
    ['not what it waited in between (P3)', look(5), look(8, 400), 100],
    ['what a thread ran that was not there before', new Map(), look(40, 0, true), 40],
  ])('%s', (_, before, after, expected) => expect(hadMs(before, after, 500)).toBe(expected))

  it('counts no more than two steps where the look itself is late (P4)', () => {
    let now = 0
    const patience = new Patience(
      () => look(0),
      500,
      () => now,
    )
    now = 60_000
    patience.look()
    expect(patience.hadMs).toBe(1_000)
    now += 500
    patience.look()
    expect(patience.hadMs).toBe(1_500)
  })

  it('never comes to its end for a process that gets no processor, however long it takes', () => {
    let now = 0
    const patience = new Patience(
      () => look(now / 1_000, now, true),
      500,
      () => now,
    )
    for (; now < 600_000; now += 500) patience.look()
    expect(patience.hadMs).toBeLessThan(1_000)
  })
})

describe('patience: a real group', () => {
  it('sees the threads of every member, and whether they want a processor', async () => {
    const script = "process.stdout.write('up'); for (;;);"
    const child = spawn(process.execPath, ['-e', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const { pid = 0 } = child
    await once(child.stdout, 'data')
    const threads = [...lookAtGroup(pid).values()]
    process.kill(-pid, 'SIGSTOP')
    process.kill(-pid, 'SIGKILL')
    await once(child, 'exit')
    expect(threads.some(({ isBusy }) => isBusy)).toBe(true)
    expect(threads.reduce((sum, { onProcessorMs }) => sum + onProcessorMs, 0)).toBeGreaterThan(0)
    expect(lookAtGroup(pid).size).toBe(0)
  })

  it('sees a service and its children, whatever their groups, and nobody else (P5)', async () => {
    const busy = "process.stdout.write('up'); for (;;);"
    const leads = `const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(busy)}], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
      child.stdout.once('data', () => process.stdout.write(String(child.pid)))`
    const service = spawn(process.execPath, ['-e', leads], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const { pid = 0 } = service
    const [told] = (await once(service.stdout, 'data')) as [Buffer]
    const child = Number(told)
    const nobody = lookAtGroup(-1, [])
    const seen = [...lookAtGroup(-1, [pid]).values()]
    process.kill(child, 'SIGKILL')
    process.kill(pid, 'SIGKILL')
    await once(service, 'exit')
    expect(nobody.size).toBe(0)
    expect(seen.some(({ isBusy }) => isBusy)).toBe(true)
    expect(lookAtGroup(-1, [pid]).size).toBe(0)
  })
})
