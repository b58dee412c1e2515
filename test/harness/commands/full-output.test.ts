import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { notebookProject } from '../fixtures/notebook-project.ts'
import { built } from './cli.ts'

const full = '/dev/full'

let project: ReturnType<typeof notebookProject>
afterEach(() => project.remove())

/** Runs a command whose standard output, or error, is on a full device. */
async function intoFull(
  args: readonly string[],
  which: 'stdout' | 'stderr',
): Promise<{ readonly code: number | null; readonly text: string }> {
  project = notebookProject()
  const fd = openSync(full, 'w')
  const [out, err] = which === 'stdout' ? [fd, 'pipe' as const] : ['pipe' as const, fd]
  const child = spawn(process.execPath, [built, ...args], {
    cwd: project.directory,
    stdio: ['ignore', out, err],
  })
  closeSync(fd)
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, text }
}

describe.skipIf(!existsSync(full))('an output that is full', () => {
  it.each([[['list']], [['list', '--json']], [['--help']]])(
    'standard output that takes nothing from %j is told on standard error, and is no pass',
    async (args) => {
      const { code, text } = await intoFull(args, 'stdout')
      expect(code).toBe(4)
      expect(text).toMatch(/^standard output cannot be written: ENOSPC.*\n {2}hint: make room/)
      expect(text).not.toMatch(/^ +at /m)
    },
  )

  it('standard error that takes nothing changes no answer', async () => {
    const { code, text } = await intoFull(['list'], 'stderr')
    expect(code).toBe(0)
    expect(text).toContain('0 systems')
  })
})
