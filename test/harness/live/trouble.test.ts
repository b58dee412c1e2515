import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaseRun } from '../../../harness/live/case.ts'
import { openLive } from '../../../harness/live/engine.ts'
import type { LiveOptions } from '../../../harness/live/options.ts'
import { defaultScratchParent } from '../../../harness/live/scratch.ts'
import { TroubleError, troubleText } from '../../../harness/live/trouble.ts'
import type { Trouble } from '../../../harness/live/trouble.ts'
import type { CommandSystem, System } from '../../../harness/system.ts'
import { runToy, threeSteps, toy, toyCase, withToy } from './toy.ts'

let scratch = ''
beforeAll(() => void (scratch = mkdtempSync(join(defaultScratchParent(), 'killpoint-trouble-'))))
afterAll(() => rmSync(scratch, { recursive: true }))

function troubleOf({ ending }: CaseRun): Trouble {
  if (ending.kind !== 'trouble') throw new Error(`expected trouble, got ${JSON.stringify(ending)}`)
  return ending.trouble
}

async function openingTrouble(system: System, options: LiveOptions = {}): Promise<Trouble> {
  try {
    await (await openLive(system, options)).close()
  } catch (error) {
    if (error instanceof TroubleError) return error.trouble
    throw error
  }
  throw new Error('expected it not to open')
}

function command(script: string, more: Partial<CommandSystem> = {}): CommandSystem {
  return {
    kind: 'command',
    name: 'shell',
    claims: ['process'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file: '/bin/sh', arguments: ['-c', script] },
    ...more,
  }
}

async function runCommand(script: string, schedule = '-'): Promise<CaseRun> {
  const engine = await openLive(command(script), { scratch })
  try {
    return await engine.runCase(toyCase(schedule))
  } finally {
    await engine.close()
  }
}

describe('trouble: a worker that misbehaves is never judged', () => {
  it.each([
    ['exit-at-start', 'not-started', /exit code 3 before its first mark/],
    ['hang-at-start', 'hung-at-start', /no op and no mark for 100 ms/],
    ['crash', 'died', /ended by SIGABRT, which nobody injected/],
    ['garbage', 'garbage', /line 2 of the ledger is no mark.*hello, ledger/],
    ['stray', 'stray-files', /wrote "somewhere.txt"/],
    ['flood', 'flooded', /more than 1000000 bytes to stderr/],
    ['children', 'left-children', /left processes running/],
    ['daemon', 'left-children', /outlived the case.*sleep 600/],
    ['open-files', 'not-started', /exit code 1/],
  ])('%s is %s', async (bug, kind, message) => {
    const run = await runToy(
      bug,
      '-',
      {},
      { quietMs: bug === 'hang-at-start' ? 100 : 10_000, stderrBytesMax: 1_000_000 },
    )
    const trouble = troubleOf(run)
    expect(trouble.kind).toBe(kind)
    expect(trouble.message).toMatch(message)
    expect(trouble.hint).not.toBe('')
    if (bug === 'open-files') expect(troubleText(trouble)).toMatch(/EMFILE/)
  })

  it('says that a worker fails by itself when it ends before its fault', async () => {
    const trouble = troubleOf(await runToy('exit-later', 'K20'))
    expect(trouble).toMatchObject({ kind: 'died', life: 1 })
    expect(trouble.message).toMatch(/exit code 5 before anything was injected/)
  })

  it('says that a control did not end well', async () => {
    const trouble = troubleOf(await runToy('exit-later', '-', { control: true, livesMax: 1 }))
    expect(trouble.kind).toBe('control')
  })

  it('says that a verb is missing that is claimed', async () => {
    const workload = { ...threeSteps, outside: [{ kind: 'cancel' }] } as const
    const trouble = troubleOf(await runToy('no-verbs', 'V9=cancel', { workload }))
    expect(trouble).toMatchObject({ kind: 'unclaimed', life: 2 })
  })

  it('removes hundreds of files and goes on', async () => {
    await withToy('many-files', { scratch, codeCache: false }, async (engine) => {
      expect((await engine.runCase(toyCase('-'))).ending).toEqual({ kind: 'done' })
    })
    expect(readdirSync(scratch)).toEqual([])
  })
})

describe('trouble: a wedge', () => {
  it('is the system’s where work had begun, and is confirmed alone', async () => {
    const run = await runToy('stuck', '-', {}, { quietMs: 50 })
    expect(run.ending).toEqual({ kind: 'wedged', life: 1, quietMs: 500 })
    expect(run.lives[0]).toMatchObject({ signal: 'SIGKILL', putDown: true })
    expect(run.entries.map(({ mark }) => mark)).toContainEqual({
      mark: 'wedged',
      life: 1,
      quietMs: 500,
      confirmed: true,
    })
  })

  it('is one too where it looks for something again and again, and each look is recorded', async () => {
    const run = await runToy('looking', '-', { lane: 'recording' }, { quietMs: 50 })
    expect(run.ending).toEqual({ kind: 'wedged', life: 1, quietMs: 500 })
  })

  it('is none where the worker was only slow', async () => {
    const run = await runToy('slow', '-', {}, { quietMs: 150 })
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.entries.some(({ mark }) => mark.mark === 'wedged')).toBe(false)
  })
})

describe('trouble: a system that cannot be started', () => {
  it('says everything that is wrong with a description', async () => {
    const trouble = await openingTrouble({
      ...toy(),
      name: '',
      takeoverMsMax: -1,
      claims: ['process', 'magic' as 'process'],
    })
    expect(trouble.kind).toBe('description')
    expect(trouble.message.match(/\n/g)).toHaveLength(3)
  })

  it('says which file is missing', async () => {
    const entry = join(scratch, 'nowhere.ts')
    const trouble = await openingTrouble({ ...toy(), program: { kind: 'script', entry } })
    expect(trouble).toMatchObject({ kind: 'bundle' })
    expect(trouble.message).toContain(entry)
  })

  it('shows the place of a syntax error', async () => {
    const entry = join(scratch, 'broken.ts')
    writeFileSync(entry, 'const one = 1\nconst = 2\n')
    const trouble = await openingTrouble({ ...toy(), program: { kind: 'script', entry } })
    rmSync(entry)
    expect(trouble).toMatchObject({ kind: 'bundle' })
    expect(trouble.message).toMatch(/broken\.ts:2:6/)
  })

  it('names the function that a backend lacks', async () => {
    const entry = join(scratch, 'worker.ts')
    const backend = join(scratch, 'backend.ts')
    writeFileSync(entry, "import { createBackend } from 'killpoint:backend'\ncreateBackend()\n")
    writeFileSync(backend, 'export const create = 1\n')
    const program = { kind: 'script', entry, modules: { 'killpoint:backend': backend } } as const
    const trouble = await openingTrouble({ ...toy(), program })
    rmSync(entry)
    rmSync(backend)
    expect(trouble).toMatchObject({ kind: 'bundle' })
    expect(trouble.message).toMatch(/backend\.ts.*createBackend/)
  })

  it('leaves nothing behind', () => {
    expect(readdirSync(scratch)).toEqual([])
  })

  it('says that an executable is not there', async () => {
    const engine = await openLive(
      command('', { program: { kind: 'executable', file: '/nowhere/worker' } }),
    )
    const run = await engine.runCase(toyCase('-'))
    await engine.close()
    expect(troubleOf(run)).toMatchObject({ kind: 'spawn' })
    expect(troubleOf(run).message).toMatch(/\/nowhere\/worker: ENOENT/)
  })
})

describe('trouble: what this kind of system cannot show', () => {
  it('an executable without hooks has no ops to be killed at', async () => {
    const run = await runCommand('true', 'K3')
    expect(troubleOf(run)).toMatchObject({ kind: 'unsupported' })
  })

  it('a process does not lose power', async () => {
    expect(troubleOf(await runToy('', 'P9'))).toMatchObject({ kind: 'unsupported' })
  })
})

describe('trouble: a quick executable', () => {
  const begin = String.raw`printf '{"mark":"begin","life":%s}\n{"mark":"done","life":%s,"status":"done","outcome":{}}\n' $KILLPOINT_LIFE $KILLPOINT_LIFE >&3`

  it('runs to its end, with its life mark first', async () => {
    const run = await runCommand(begin)
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.entries.map(({ mark }) => mark.mark)).toEqual(['life', 'begin', 'done', 'exit'])
  })

  it('is known by its exit code where it fails', async () => {
    const run = await runCommand(`${begin}; exit 9`)
    expect(run.ending).toEqual({ kind: 'unfinished' })
    expect(run.lives.map(({ code }) => code)).toEqual([9, 9, 9])
  })
})

describe('trouble: a full disk under the harness', () => {
  const mounted = mountSmall()
  afterAll(() => {
    if (mounted !== undefined) execFileSync('umount', [mounted])
    if (mounted !== undefined) rmSync(mounted, { recursive: true })
  })

  it('is refused at the start', async (context) => {
    if (mounted === undefined) context.skip('mounting a small tmpfs needs root on Linux')
    const trouble = await openingTrouble(toy(), { scratch: mounted ?? '' })
    expect(trouble).toMatchObject({ kind: 'scratch-full' })
    expect(trouble.message).toMatch(/has \d+ bytes left, the harness needs 8388608/)
    expect(readdirSync(mounted ?? '')).toEqual([])
  })

  it('is not taken for the system’s own while cases run', async (context) => {
    if (mounted === undefined) context.skip('mounting a small tmpfs needs root on Linux')
    execFileSync('mount', ['-o', 'remount,size=12m', mounted ?? ''])
    const run = await runToy('', '-', {}, { scratch: mounted ?? '' }).then(async (before) => {
      expect(before.ending).toEqual({ kind: 'done' })
      return await withToy('', { scratch: mounted ?? '' }, async (engine) => {
        writeFileSync(join(mounted ?? '', 'ballast'), Buffer.alloc(8 * 1024 * 1024))
        return await engine.runCase(toyCase('K9'))
      })
    })
    expect(troubleOf(run)).toMatchObject({ kind: 'scratch-full' })
  })
})

/** A tmpfs of one megabyte, where this host and user can have one. */
function mountSmall(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', directory], { stdio: 'ignore' })
    return directory
  } catch {
    // Root without the right to mount, as in most containers.
    rmSync(directory, { recursive: true })
    return undefined
  }
}
