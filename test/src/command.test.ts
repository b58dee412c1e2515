import { spawn as startProcess, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand, type CommandOptions, type CommandResult } from '../../src/command.ts'
import {
  DeadlineError,
  InvalidArgumentError,
  OutcomeUnknownError,
  RecordTooLargeError,
  StepFailedError,
} from '../../src/errors.ts'
import { Bench, driver, rest, type Code } from './runtime/bench-run.ts'
import { bundleFixture } from './fixtures/bundle.ts'

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-command-'))
const started: ChildProcess[] = []
const pids = new Set<number>()
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  fs.rmSync(scratch, { recursive: true, force: true })
})

let lifeProgram = ''
beforeAll(async () => {
  lifeProgram = await bundleFixture('command-life', scratch)
})

const here = import.meta.dirname
const longCommand = path.join(here, 'fixtures', 'long-command.mjs')

const node = (text: string): Pick<CommandOptions, 'args'> => ({ args: ['-e', text] })
const command =
  (options: CommandOptions, file = process.execPath): Code<CommandResult> =>
  async (scope) =>
    runCommand(scope, 'tool', file, options)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z /s.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

interface Trace {
  readonly role: string
  readonly pid: number
  readonly key: string
}

function traces(file: string): readonly Trace[] {
  if (!fs.existsSync(file)) return []
  const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const trace = JSON.parse(line) as Trace
    pids.add(trace.pid)
    return trace
  })
}

/** Waits for something that another process does; the test's own limit ends it. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const seen = look()
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const both = (file: string) => (): readonly Trace[] | undefined =>
  traces(file).length >= 2 ? traces(file) : undefined

describe('a command', () => {
  it('its result is recorded once: exit code, outputs, with what was given to it', async () => {
    const bench = new Bench()
    const log = path.join(scratch, 'once.log')
    const code = command({
      ...node(`
        require('node:fs').appendFileSync(${JSON.stringify(log)}, 'ran\\n')
        process.stdin.pipe(process.stdout)
        console.error(process.env.COLOUR, process.env.KILLPOINT_IDEMPOTENCY_KEY, process.cwd())
        process.exitCode = 3`),
      input: 'hällo\n',
      env: { COLOUR: 'red' },
      cwd: '/',
    })
    await bench.dieAt(
      until(() => (bench.written.length === 2 ? true : undefined)),
      async (scope) => {
        await code(scope)
        await new Promise(() => {})
      },
    )
    const result = { exitCode: 3, signal: null, stdout: 'hällo\n', stderr: 'red run/tool /\n' }
    expect(await bench.live(code)).toEqual(result)
    expect(fs.readFileSync(log, 'utf8')).toBe('ran\n')
    expect(bench.written.map(({ type }) => type)).toEqual(['intent', 'settle', 'end'])
    expect(bench.written[1]).toMatchObject({ kind: 'command', status: 'done', value: result })
  })

  it('that was ended by a signal says so', async () => {
    expect(
      await new Bench().live(command(node('process.kill(process.pid, "SIGTERM")'))),
    ).toMatchObject({ exitCode: null, signal: 'SIGTERM' })
  })

  it.each(['/no/such/file', 'no-such-command', '/', 'a\0b'])(
    '%j cannot be started: a failure that is recorded',
    async (file) => {
      const bench = new Bench()
      await expect(bench.live(command({}, file))).rejects.toThrow(StepFailedError)
      expect(bench.written[1]).toMatchObject({ status: 'failed', kind: 'command' })
    },
  )

  it('bytes that are no text come as replacement characters', async () => {
    const { stdout } = await new Bench().live(
      command(node('process.stdout.write(Buffer.from([0xff, 0x41]))')),
    )
    expect(stdout).toBe('\ufffdA')
  })

  it('that does not read its input is none the worse', async () => {
    const input = 'x'.repeat(1 << 20)
    expect(await new Bench().live(command({ ...node('process.exit(0)'), input }))).toMatchObject({
      exitCode: 0,
    })
  })

  it('a large output is whole; a huge one ends the command and fails the unit', async () => {
    const printing = (length: number): Pick<CommandOptions, 'args'> =>
      node(`process.stdout.write('x'.repeat(${length}))`)
    const { stdout } = await new Bench().live(command({ ...printing(5_000_000) }))
    expect(stdout.length).toBe(5_000_000)
    const endless = node(
      `const write = () => process.stdout.write('x'.repeat(65536), write); write()`,
    )
    await expect(
      new Bench().live(command({ ...endless, outputBytesMax: 100_000 })),
    ).rejects.toThrow(RecordTooLargeError)
  })

  it.each<CommandOptions>([
    { outputBytesMax: 0 },
    { timeoutMs: 0 },
    { effect: 'often' as 'once' },
    { reserve: { money: -1 } },
  ])('options %j are refused', async (options) => {
    await new Bench().live(async (scope) => {
      await expect(runCommand(scope, 'tool', 'true', options)).rejects.toThrow(InvalidArgumentError)
    })
  })

  it('other arguments on resume are another program', async () => {
    const bench = new Bench()
    await bench.dieAt(
      until(() => (bench.written.length === 2 ? true : undefined)),
      async (scope) => {
        await command(node('1'))(scope)
        await new Promise(() => {})
      },
    )
    await expect(bench.live(command(node('2')))).rejects.toThrow(
      /with the arguments that were recorded/,
    )
  })
})

describe('a command that does not end', () => {
  it.each([
    ['once', OutcomeUnknownError],
    ['keyed', DeadlineError],
  ] as const)(
    'timeout, of a %s effect: it and what it started are ended before the unit is',
    async (effect, type) => {
      const file = path.join(scratch, `timeout-${effect}.log`)
      const bench = new Bench()
      const life = bench.live(command({ args: [longCommand, file], timeoutMs: 1500, effect }))
      const running = await until(both(file))
      await bench.clock.advance(1500)
      await expect(life).rejects.toThrow(type)
      expect(running.map(({ pid }) => isAlive(pid))).toEqual([false, false])
    },
  )

  it('cancel: it and what it started are ended', async () => {
    const file = path.join(scratch, 'cancel.log')
    const bench = new Bench()
    const life = bench.live(command({ args: [longCommand, file] }))
    const running = await until(both(file))
    bench.inbox.put({ kind: 'cancel', path: '', reason: 'enough' })
    await expect(life).rejects.toThrow('enough')
    await until(() => (running.some(({ pid }) => isAlive(pid)) ? undefined : true))
    expect(bench.written.at(-1)).toMatchObject({ type: 'end', status: 'cancelled' })
  })

  it('stop: it may end by itself', async () => {
    const bench = new Bench()
    const gate = path.join(scratch, 'gate')
    const context = await bench.open()
    const life = context.drive(
      driver(
        command(
          node(`
      const fs = require('node:fs')
      const look = () => fs.existsSync(${JSON.stringify(gate)}) ? process.exit(0) : setTimeout(look, 5)
      look()`),
        ),
      ),
      null,
    )
    life.catch(() => {})
    await until(() => (bench.written.length === 1 ? true : undefined))
    context.stop('SIGTERM')
    await rest()
    fs.writeFileSync(gate, '')
    expect(await life).toMatchObject({ exitCode: 0 })
    expect(context.outcome?.status).toBe('done')
  })
})

describe('a command whose owner was killed', () => {
  interface Line {
    readonly result?: CommandResult
    readonly error?: string
    readonly orphan?: { readonly pid: number; readonly command: string }
  }

  /** Starts a life in a process of its own; gives its lines when it ends. */
  function startLife(
    dir: string,
    effect: string,
    ...args: readonly string[]
  ): { readonly owner: ChildProcess; readonly lines: Promise<readonly Line[]> } {
    const owner = startProcess(
      process.execPath,
      [lifeProgram, dir, effect, process.execPath, ...args],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    started.push(owner)
    const lines = (async () => {
      const all: Line[] = []
      for await (const line of createInterface({ input: owner.stdout }))
        all.push(JSON.parse(line) as Line)
      return all
    })()
    return { owner, lines }
  }

  async function killOwner(
    effect: string,
    name = effect,
  ): Promise<{ readonly dir: string; readonly file: string; readonly orphans: readonly Trace[] }> {
    const dir = path.join(scratch, `killed-${name}`)
    const file = path.join(scratch, `killed-${name}.log`)
    const { owner } = startLife(dir, effect, longCommand, file)
    const orphans = await until(both(file))
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    expect(orphans.map(({ pid }) => isAlive(pid))).toEqual([true, true])
    return { dir, file, orphans }
  }

  it('once: the next life finds the orphans, reports and ends them, and the outcome is unknown', async () => {
    const { dir, file, orphans } = await killOwner('once')
    const lines = await startLife(dir, 'once', longCommand, file).lines
    const reported = lines.flatMap(({ orphan }) => orphan ?? [])
    expect(new Set(reported.map(({ pid }) => pid))).toEqual(new Set(orphans.map(({ pid }) => pid)))
    expect(reported[0]?.command).toContain('long-command.mjs')
    expect(lines.at(-1)).toEqual({ error: 'OUTCOME_UNKNOWN' })
    expect(orphans.map(({ pid }) => isAlive(pid))).toEqual([false, false])
    expect(traces(file)).toHaveLength(2)
  })

  it('in a copy of the store: the orphans of the original are left alone', async () => {
    const { dir, file, orphans } = await killOwner('once', 'original')
    const copy = path.join(scratch, 'copy')
    fs.cpSync(dir, copy, { recursive: true })
    const lines = await startLife(copy, 'once', longCommand, file).lines
    expect(lines).toEqual([{ error: 'OUTCOME_UNKNOWN' }])
    expect(orphans.map(({ pid }) => isAlive(pid))).toEqual([true, true])
    for (const { pid } of orphans) process.kill(pid, 'SIGKILL')
  })

  it('keyed: the orphans are ended first, then it is started again under the same key', async () => {
    const { dir, file, orphans } = await killOwner('keyed')
    const { owner, lines } = startLife(dir, 'keyed', longCommand, file)
    const all = await until(() => (traces(file).length >= 4 ? traces(file) : undefined))
    expect(orphans.map(({ pid }) => isAlive(pid))).toEqual([false, false])
    expect(new Set(all.map(({ key }) => key)).size).toBe(1)
    owner.kill('SIGKILL')
    expect((await lines).flatMap(({ orphan }) => orphan ?? [])).toHaveLength(2)
    for (const { pid } of all) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
})
