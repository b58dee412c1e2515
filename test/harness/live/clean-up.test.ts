import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { markerVariable } from '../../../harness/live/environment.ts'
import { buildModule } from '../../built-module.ts'

let scratch = ''
beforeEach(() => void (scratch = mkdtempSync(join(tmpdir(), 'killpoint-clean-up-'))))
afterEach(() => rmSync(scratch, { recursive: true }))

const programs = mkdtempSync(join(tmpdir(), 'killpoint-clean-up-program-'))
const live = join(programs, 'harness-process.mjs')
const explorer = join(programs, 'explorer-process.mjs')
beforeAll(async () => {
  for (const program of [live, explorer]) {
    const source = `./fixtures/${basename(program, '.mjs')}.ts`
    await buildModule(fileURLToPath(new URL(source, import.meta.url)), program)
  }
})
afterAll(() => rmSync(programs, { recursive: true }))

// A worker, a zombie and its successor, and of each two children, one of which left its group.
async function startHarness(how = '', note = ''): Promise<ChildProcess> {
  return await start([live, scratch, how, note], 9)
}

async function start(program: readonly string[], processes: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, program, { stdio: ['pipe', 'ignore', 'ignore'] })
  await until(() => ours().length === processes)
  return child
}

async function ended(child: ChildProcess): Promise<number | string | null> {
  return await new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  )
}

/** Processes of any case whose state directory lies in this test's scratch directory. */
function ours(): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1')
      return environment.includes(`${markerVariable}=`) && environment.includes(`${scratch}/`)
    } catch {
      return false
    }
  })
}

/** Whether it lives: one that is dead and not waited for has no environment. */
function isMarked(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${markerVariable}=`)
  } catch {
    return false
  }
}

/** Until it is so; the runner's own timeout ends what never comes. A look reads what every process of the host was told: not too often. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe.skipIf(process.platform !== 'linux')('clean-up: nothing survives the harness', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('after %s: exit code %i, no process and no file is left', async (signal, code) => {
    const harness = await startHarness()
    harness.kill(signal)
    expect(await ended(harness)).toBe(code)
    expect(ours()).toEqual([])
    expect(readdirSync(scratch)).toEqual([])
  })

  it('after SIGKILL: the warden kills what is left and removes it', async () => {
    const harness = await startHarness()
    harness.kill('SIGKILL')
    expect(await ended(harness)).toBe('SIGKILL')
    await until(() => ours().length === 0 && readdirSync(scratch).length === 0)
  })

  it.each([
    ['SIGKILL', 'SIGKILL'],
    ['SIGTERM', 143],
  ] as const)('after %s of an exploration: the same', async (signal, code) => {
    const harness = await start([explorer, scratch], 3)
    harness.kill(signal)
    expect(await ended(harness)).toBe(code)
    await until(() => ours().length === 0 && readdirSync(scratch).length === 0)
  })

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'after %s: a server that it started is gone',
    async (signal) => {
      const note = `${scratch}.server`
      const harness = await startHarness('', note)
      const pid = readFileSync(note, 'utf8')
      rmSync(note)
      expect(isMarked(pid)).toBe(true)
      harness.kill(signal)
      await ended(harness)
      await until(() => !isMarked(pid) && ours().length === 0)
      await until(() => readdirSync(scratch).length === 0)
    },
  )

  it.each([
    ['exit', 7],
    ['throw', 1],
  ])('after %s: the same', async (how, code) => {
    const harness = await startHarness(how)
    harness.stdin?.write('now\n')
    expect(await ended(harness)).toBe(code)
    await until(() => ours().length === 0 && readdirSync(scratch).length === 0)
  })
})
