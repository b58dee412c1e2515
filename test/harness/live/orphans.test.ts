import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { markerVariable } from '../../../harness/live/environment.ts'
import { OrphanFinder } from '../../../harness/live/orphans.ts'
import { killGroup, processState, signalProcess } from '../../../harness/live/process-state.ts'

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

function start(marker?: string): ChildProcess & { readonly pid: number } {
  const child = spawn('sleep', ['600'], {
    stdio: 'ignore',
    detached: true,
    env: {
      PATH: process.env['PATH'],
      ...(marker === undefined ? {} : { [markerVariable]: marker }),
    },
  })
  started.push(child)
  if (child.pid === undefined) throw new Error('sleep did not start')
  return child as ChildProcess & { readonly pid: number }
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('exit', resolve))
}

describe.skipIf(process.platform !== 'linux')('orphans', () => {
  it('are known by the marker of their case, and nobody else is', async () => {
    const mine = start('c1/a')
    const other = start('c1/b')
    const foreign = [start('c2/a'), start()]
    const finder = new OrphanFinder('c1')
    expect(finder.find('a')).toEqual([{ pid: mine.pid, command: 'sleep 600' }])
    expect(finder.sweep('a').map(({ pid }) => pid)).toEqual([mine.pid])
    await gone(mine)
    expect(finder.find('a')).toEqual([])
    expect(finder.sweep().map(({ pid }) => pid)).toEqual([other.pid])
    expect(foreign.every(({ pid }) => processState(pid) === 'running')).toBe(true)
  })
})

describe('process state', () => {
  it('tells running, stopped and gone apart', async () => {
    const child = start()
    expect(processState(child.pid)).toBe('running')
    expect(signalProcess(child.pid, 'SIGSTOP')).toBe(true)
    while (processState(child.pid) === 'running')
      await new Promise((resolve) => setImmediate(resolve))
    expect(processState(child.pid)).toBe('stopped')
    expect(killGroup(child.pid)).toBe(true)
    await gone(child)
    expect(processState(child.pid)).toBe('gone')
    expect(killGroup(child.pid)).toBe(false)
    expect(signalProcess(child.pid, 'SIGTERM')).toBe(false)
  })
})
