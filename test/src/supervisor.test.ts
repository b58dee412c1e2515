import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { spawn } from '../../src/children.ts'
import {
  CancelledError,
  InvalidArgumentError,
  NotJsonError,
  RunMismatchError,
  RunNotFoundError,
  RunOwnedError,
  StoppedError,
} from '../../src/errors.ts'
import type { JsonValue } from '../../src/json.ts'
import { step } from '../../src/steps.ts'
import { createSupervisor, type Supervisor } from '../../src/supervisor.ts'
import { receive } from '../../src/waits.ts'
import { driver, HandBody, rest } from './runtime/bench-run.ts'

const directories: string[] = []
afterAll(() => {
  for (const dir of directories) fs.rmSync(dir, { recursive: true })
})

function supervised(): Supervisor {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-supervisor-'))
  directories.push(dir)
  return createSupervisor({ dir })
}

const two = driver(async (scope) => [
  (await spawn(
    scope,
    'c',
    driver((inner) => step(inner, 'x', () => 'child')),
    null,
  ).result) ?? null,
  await step(scope, 'own', () => 'own'),
])

describe('a supervisor', () => {
  it('runs a tree, gives its output, and gives it again', async () => {
    const supervisor = supervised()
    expect(await supervisor.run(two, { n: 1 }, { runId: 'r' })).toEqual(['child', 'own'])
    expect(await supervisor.run(two, { n: 1 }, { runId: 'r' })).toEqual(['child', 'own'])
    await expect(supervisor.run(two, { n: 2 }, { runId: 'r' })).rejects.toThrow(RunMismatchError)
  })

  it('what it cannot work with is refused before the run begins, and the run is free', async () => {
    const supervisor = supervised()
    const wrong = [
      () => supervisor.run({ name: '', run: async () => 1 }, null, { runId: 'r' }),
      () => supervisor.run(null as never, null, { runId: 'r' }),
      () => supervisor.run(two, null, undefined as never),
      () => supervisor.run(two, null, { runId: 'r', signal: new AbortController() as never }),
      () => supervisor.run(two, null, { runId: 'r', onResumed: 5 as never }),
      async () => createSupervisor(undefined as never),
      () => supervisor.cancel('r', 42 as never),
    ]
    for (const each of wrong) await expect(each()).rejects.toThrow(InvalidArgumentError)
    expect(await supervisor.run(two, null, { runId: 'r' })).toEqual(['child', 'own'])
  })

  it('an abort may have any reason', async () => {
    const supervisor = supervised()
    const signal = AbortSignal.abort(Object.create(null))
    await expect(supervisor.run(two, null, { runId: 'r', signal })).rejects.toThrow(StoppedError)
    expect(await supervisor.run(two, null, { runId: 'r' })).toEqual(['child', 'own'])
  })

  it('a run that was stopped in order goes on where it was, and says what was kept', async () => {
    const supervisor = supervised()
    const stopper = new AbortController()
    const body = new HandBody()
    const begun: string[] = []
    const code = driver(async (scope) => {
      const results: JsonValue[] = []
      for (const name of ['a', 'b', 'c']) {
        results.push(
          await step(scope, name, () => {
            begun.push(name)
            return name === 'b' && begun.length === 2 ? body.run() : name
          }),
        )
      }
      return results
    })
    const first = supervisor.run(code, null, { runId: 'r', signal: stopper.signal })
    first.catch(() => {})
    while (body.begun === 0) await rest()
    stopper.abort('SIGTERM')
    body.end('b')
    await expect(first).rejects.toThrow(StoppedError)
    let kept: number | undefined
    expect(
      await supervisor.run(code, null, {
        runId: 'r',
        onResumed: (resumed) => (kept = resumed.kept),
      }),
    ).toEqual(['a', 'b', 'c'])
    expect([begun, kept]).toEqual([['a', 'b', 'c'], 2])
  })

  it('a signal that is aborted already stops before anything begins', async () => {
    const supervisor = supervised()
    let begun = 0
    const life = supervisor.run(
      driver((scope) => step(scope, 'a', () => ++begun)),
      null,
      { runId: 'r', signal: AbortSignal.abort('x') },
    )
    await expect(life).rejects.toThrow(StoppedError)
    expect(begun).toBe(0)
  })

  it('a live owner is not robbed', async () => {
    const supervisor = supervised()
    const body = new HandBody()
    const first = supervisor.run(
      driver((scope) => step(scope, 'a', body.run)),
      null,
      { runId: 'r' },
    )
    while (body.begun === 0) await rest()
    await expect(supervisor.run(two, null, { runId: 'r' })).rejects.toThrow(RunOwnedError)
    body.end('fine')
    expect(await first).toBe('fine')
  })

  it('a signal from another process reaches the wait, durably', async () => {
    const supervisor = supervised()
    const life = supervisor.run(
      driver((scope) => receive(scope, 'wait', 'approve')),
      null,
      { runId: 'r' },
    )
    await expect(supervisor.signal('r2', 'approve', 1)).rejects.toThrow(RunNotFoundError)
    for (;;) {
      const reply = await supervisor
        .signal('r', 'approve', { yes: true })
        .catch((error: unknown) => error)
      if (!(reply instanceof RunNotFoundError)) break
    }
    expect(await life).toEqual({ yes: true })
    expect(await supervisor.signal('r', 'approve', 2)).toEqual({
      state: 'too-late',
      status: 'done',
    })
  })

  it('a signal without a name or with a payload that is not JSON is refused', async () => {
    const supervisor = supervised()
    await supervisor
      .run(
        driver(() => Promise.reject(new StoppedError('x'))),
        null,
        { runId: 'r' },
      )
      .catch(() => {})
    await expect(supervisor.signal('r', '', 1)).rejects.toThrow(InvalidArgumentError)
    const other = supervised()
    const stopper = AbortSignal.abort('x')
    await other
      .run(
        driver((scope) => receive(scope, 'w', 's')),
        null,
        { runId: 'r', signal: stopper },
      )
      .catch(() => {})
    await expect(other.signal('r', 's', Number.NaN)).rejects.toThrow(NotJsonError)
  })

  it('a cancel is accepted, ends the run, and is too late the second time', async () => {
    const supervisor = supervised()
    const body = new HandBody()
    const life = supervisor.run(
      driver((scope) => step(scope, 'a', body.run)),
      null,
      { runId: 'r' },
    )
    life.catch(() => {})
    while (body.begun === 0) await rest()
    expect(await supervisor.cancel('r', 'why')).toEqual({ state: 'accepted' })
    await expect(life).rejects.toThrow('run r was cancelled: why')
    expect(await supervisor.cancel('r', 'again')).toEqual({
      state: 'too-late',
      status: 'cancelled',
    })
    await expect(
      supervisor.run(
        driver(async () => 1),
        null,
        { runId: 'r' },
      ),
    ).rejects.toThrow(CancelledError)
    await expect(supervisor.cancel('nobody', 'why')).rejects.toThrow(RunNotFoundError)
  })

  it('a cancel that nobody lived to see ends the run before anything begins', async () => {
    const supervisor = supervised()
    const stopper = new AbortController()
    let begun = 0
    const code = driver((scope) => step(scope, 'a', () => ++begun))
    stopper.abort('x')
    await supervisor.run(code, null, { runId: 'r', signal: stopper.signal }).catch(() => {})
    expect(await supervisor.cancel('r', 'while dead')).toEqual({ state: 'accepted' })
    await expect(supervisor.run(code, null, { runId: 'r' })).rejects.toThrow('while dead')
    expect(begun).toBe(0)
  })

  it('a cancel of a child: accepted while it runs, too late when it settled', async () => {
    const supervisor = supervised()
    const body = new HandBody()
    const go = new HandBody()
    const life = supervisor.run(
      driver(async (scope) => {
        const quick = spawn(
          scope,
          'quick',
          driver(async () => 1),
          null,
        )
        const slow = spawn(
          scope,
          'slow',
          driver((inner) => step(inner, 'x', body.run)),
          null,
        )
        await quick.result
        const came = await slow.result.catch((error: Error) => error.name)
        await step(scope, 'go', go.run)
        return came ?? null
      }),
      null,
      { runId: 'r' },
    )
    while (body.begun === 0) await rest()
    expect(await supervisor.cancel('r', 'why', 'quick')).toEqual({
      state: 'too-late',
      status: 'done',
    })
    expect(await supervisor.cancel('r', 'why', 'slow')).toEqual({ state: 'accepted' })
    while (go.begun === 0) await rest()
    expect(await supervisor.cancel('r', 'why', 'slow')).toEqual({
      state: 'too-late',
      status: 'cancelled',
    })
    go.end()
    expect(await life).toBe('CancelledError')
  })

  it('the tree is read without owning the run', async () => {
    const supervisor = supervised()
    const body = new HandBody()
    const life = supervisor.run(
      driver(async (scope) => {
        await step(scope, 'a', () => 1)
        return step(scope, 'b', body.run, { effect: 'once' })
      }),
      null,
      { runId: 'r' },
    )
    while (body.begun === 0) await rest()
    const tree = await supervisor.tree('r')
    expect(tree.children.map(({ key, status }) => `${key} ${status}`)).toEqual([
      'a done',
      'b running',
    ])
    body.end(2)
    expect(await life).toBe(2)
    expect((await supervisor.tree('r')).status).toBe('done')
    await expect(supervisor.tree('nobody')).rejects.toThrow(RunNotFoundError)
  })
})
