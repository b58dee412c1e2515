import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, describe, expect, it } from 'vitest'
import { endOrphans, findOrphans } from '../../src/orphans.ts'

const started: ChildProcess[] = []
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
})

/** A process that is there when this resolves. */
async function marked(value: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)'],
    {
      env: { ...process.env, KILLPOINT_TEST_MARK: value },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  started.push(child)
  await once(child.stdout, 'data')
  return child
}

describe('orphans', () => {
  it('are found by their whole mark, with their command line, and never this process', async () => {
    const value = `own-${process.pid}`
    process.env['KILLPOINT_TEST_MARK'] = value
    const [one, two] = await Promise.all([marked(value), marked(`${value}0`)])
    const found = await findOrphans('KILLPOINT_TEST_MARK', value)
    expect(found.map(({ pid }) => pid)).toEqual([one.pid])
    expect(found[0]?.command).toContain('setInterval')
    expect(await findOrphans('KILLPOINT_TEST_MARK', 'nobody')).toEqual([])
    expect(two.exitCode).toBeNull()
  })

  it('are ended, and gone when that resolves', async () => {
    const value = `end-${process.pid}`
    const orphans = await Promise.all([marked(value), marked(value)])
    const exits = orphans.map((child) => once(child, 'exit'))
    await endOrphans('KILLPOINT_TEST_MARK', value)
    expect(await findOrphans('KILLPOINT_TEST_MARK', value)).toEqual([])
    expect((await Promise.all(exits)).map(([, signal]) => signal as string)).toEqual([
      'SIGKILL',
      'SIGKILL',
    ])
  })

  it('are not ended where nobody wants that any more', async () => {
    const value = `abort-${process.pid}`
    const child = await marked(value)
    await expect(
      endOrphans('KILLPOINT_TEST_MARK', value, AbortSignal.abort(new Error('enough'))),
    ).rejects.toThrow('enough')
    expect(child.exitCode).toBeNull()
  })
})
