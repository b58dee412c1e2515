import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ChildGroup } from '../../src/child-group.ts'
import { spawn } from '../../src/children.ts'
import {
  BudgetExceededError,
  CancelledError,
  ClosedError,
  DeadlineError,
  FencedError,
  FormatVersionError,
  InvalidArgumentError,
  JournalCorruptError,
  JournalUnreadableError,
  NotJsonError,
  RecordTooLargeError,
  RunMismatchError,
  StepFailedError,
  StoppedError,
  StorageError,
} from '../../src/errors.ts'
import type { RunContract } from '../../src/contract.ts'
import { loop } from '../../src/loop.ts'
import { memoryJournal } from '../../src/memory-journal.ts'
import { createRunContext } from '../../src/run-context.ts'
import { step } from '../../src/steps.ts'
import { sleep } from '../../src/waits.ts'
import { Bench, driver, HandBody, rest, type Code } from './runtime/bench-run.ts'
import { heldEnd, openGate } from './runtime/scripted-journal.ts'

const directories: string[] = []
const scratch = (): string => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-run-'))
  directories.push(dir)
  return dir
}
afterAll(() => {
  for (const dir of directories) fs.rmSync(dir, { recursive: true })
})

const hang = (): Promise<never> => new Promise(() => {})

describe('K1: a run context is durable by default', () => {
  it('on disk, under its run id, with no further option', async () => {
    const dir = scratch()
    for (const life of [1, 2]) {
      const context = await createRunContext({ dir, runId: 'r' })
      expect(context.epoch).toBe(life)
      expect(
        await context.drive(
          driver((scope) => step(scope, 's', () => life)),
          null,
        ),
      ).toBe(1)
      await context.close()
    }
    expect(fs.existsSync(path.join(dir, 'r'))).toBe(true)
  })

  it('in memory only where that is asked for', async () => {
    const dir = scratch()
    const backend = memoryJournal()
    const context = await createRunContext({ dir, runId: 'r', backend, inbox: false })
    await context.drive(
      driver((scope) => step(scope, 's', () => 1)),
      null,
    )
    await context.close()
    expect(fs.readdirSync(dir)).toEqual([])
  })

  it.each(['', '.', '..', 'a/b', '../x', 'x'.repeat(300), 'a\0b', 'ä'])(
    'the run id %j is refused',
    async (runId) => {
      await expect(createRunContext({ dir: scratch(), runId })).rejects.toThrow(
        InvalidArgumentError,
      )
    },
  )

  it.each([0, -1, 1.5, Number.NaN])('maxLives %s is refused', async (maxLives) => {
    await expect(new Bench().open({ maxLives })).rejects.toThrow(InvalidArgumentError)
  })
})

describe('K2: a run keeps the contract that it began with', () => {
  const contract: RunContract = {
    driver: 'd',
    task: { a: 1, b: [2] },
    profile: { model: 'm' },
    budget: { tokens: 5 },
    deadlineMs: 1000,
  }

  it.each<readonly [string, RunContract]>([
    ['the same, members in another order', { ...contract, task: { b: [2], a: 1 } }],
    ['nothing', {}],
    ['a part of it', { task: contract.task ?? null }],
  ])('resumed with %s', async (_, again) => {
    const bench = new Bench()
    await (await bench.open(contract)).close()
    await expect((await bench.open(again)).close()).resolves.toBeUndefined()
  })

  it.each<readonly [string, RunContract]>([
    ['driver', { driver: 'e' }],
    ['task', { task: { a: 1, b: [2, 3] } }],
    ['profile', { profile: null }],
    ['budget', { budget: { tokens: 6 } }],
    ['budget', { budget: { tokens: 5, money: 1 } }],
    ['deadlineMs', { deadlineMs: 1001 }],
  ])('another %s is RunMismatchError, and nothing is written', async (member, other) => {
    const bench = new Bench()
    await (await bench.open(contract)).close()
    const error = await bench.open({ ...contract, ...other }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RunMismatchError)
    expect((error as RunMismatchError).details['member']).toBe(member)
    expect(bench.all).toHaveLength(1)
    // It can be resumed as it began: the refused life gave it up.
    await (await bench.open(contract)).close()
  })

  it('a member that it did not begin with is another contract', async () => {
    const bench = new Bench()
    await (await bench.open()).close()
    await expect(bench.open({ budget: { tokens: 5 } })).rejects.toThrow(
      /began with budget none, it is resumed with {"tokens":5}/,
    )
  })

  it('the driver and the task of drive belong to it too', async () => {
    const bench = new Bench()
    const context = await bench.open()
    context.drive(driver(hang, 'one'), { n: 1 }).catch(() => {})
    await rest()
    for (const [name, task] of [
      ['two', { n: 1 }],
      ['one', { n: 2 }],
    ] as const) {
      const life = await bench.open()
      await expect(
        life.drive(
          driver(async () => 1, name),
          task,
        ),
      ).rejects.toThrow(RunMismatchError)
      await life.close()
    }
    const life = await bench.open()
    expect(
      await life.drive(
        driver(async () => 1, 'one'),
        { n: 1 },
      ),
    ).toBe(1)
  })

  it('what the contract names already is not noted again', async () => {
    const bench = new Bench()
    const context = await bench.open({ driver: 'driver', task: null })
    await context.drive(
      driver(async () => 1),
      null,
    )
    expect(bench.all.map(({ type }) => type)).toEqual(['begin', 'end'])
  })

  it.each<readonly [string, RunContract, abstract new (...all: never[]) => Error]>([
    ['a task that is not JSON', { task: Number.NaN }, NotJsonError],
    ['a budget that is negative', { budget: { tokens: -1 } }, InvalidArgumentError],
    ['a deadline that is no number', { deadlineMs: Number.NaN }, InvalidArgumentError],
  ])('%s is refused before the run is opened', async (_, bad, type) => {
    const bench = new Bench()
    await expect(bench.open(bad)).rejects.toThrow(type)
    expect(bench.store.lives).toHaveLength(0)
  })

  it('a task that is too large is refused, and the run can begin with another', async () => {
    const bench = new Bench()
    bench.store.bytesMax = 500
    await expect(bench.open({ task: 'x'.repeat(1000) })).rejects.toThrow(RecordTooLargeError)
    await (await bench.open({ task: 'small' })).close()
    expect(bench.all).toHaveLength(1)
  })
})

describe('K3: a finished run', () => {
  it.each([5, null, undefined, '', { a: [] }])(
    'gives its recorded result %j and does nothing',
    async (value) => {
      const bench = new Bench()
      let ran = 0
      const code: Code = async () => {
        ran += 1
        return value
      }
      expect(await bench.live(code)).toEqual(value)
      const length = bench.all.length
      expect(await bench.live(code)).toEqual(value)
      expect([ran, bench.all.length]).toEqual([1, length])
    },
  )

  it('gives its recorded failure', async () => {
    const bench = new Bench()
    const code: Code = () => Promise.reject(new TypeError('bad'))
    const errors = [
      await bench.live(code).catch((error: Error) => error.message),
      await bench.live(code).catch((error: Error) => error.message),
    ]
    expect(errors).toEqual(['run run failed: TypeError: bad', 'run run failed: TypeError: bad'])
  })

  it.each<readonly [string, unknown, abstract new (...all: never[]) => Error]>([
    ['is not JSON', new Date(0), StepFailedError],
    ['is too large', 'x'.repeat(3000), RecordTooLargeError],
  ])('a result that %s ends the run as failed, for ever', async (what, value, type) => {
    const bench = new Bench()
    bench.store.bytesMax = 2000
    const code: Code = async () => value
    const wanted = what === 'is not JSON' ? NotJsonError : type
    await expect(bench.live(code)).rejects.toThrow(wanted)
    await expect(bench.live(code)).rejects.toThrow(wanted)
  })
})

describe('K5: what ends the run, or this life, ends drive', () => {
  it('a driver that never returns does not keep a cancelled run', async () => {
    const bench = new Bench()
    const life = bench.live(hang)
    await rest()
    const id = bench.inbox.put({ kind: 'cancel', path: '', reason: 'from outside' })
    await expect(life).rejects.toThrow(CancelledError)
    expect(bench.written.at(-1)).toMatchObject({ type: 'end', status: 'cancelled', message: id })
  })

  it('a driver that swallows the cancel records nothing more, and its result does not count', async () => {
    const bench = new Bench()
    let begun = 0
    const life = bench.live(async (scope) => {
      await step(scope, 'a', hang).catch(() => {})
      await step(scope, 'b', () => ++begun).catch(() => {})
      await spawn(
        scope,
        'c',
        driver(async () => ++begun),
        null,
      ).result.catch(() => {})
      await sleep(scope, 'nap', 1).catch(() => {})
      return 'fine'
    })
    await rest()
    bench.inbox.put({ kind: 'cancel', path: '', reason: 'from outside' })
    await expect(life).rejects.toThrow(CancelledError)
    await rest()
    expect([begun, bench.written.map(({ type }) => type)]).toEqual([0, ['end']])
  })

  it('a cancel that was acknowledged before the end wins, one that comes after it is taken away', async () => {
    const bench = new Bench()
    bench.inbox.put({ kind: 'cancel', path: '', reason: 'early' })
    let begun = 0
    await expect(bench.live((scope) => step(scope, 'a', () => ++begun))).rejects.toThrow(
      'run run was cancelled: early',
    )
    expect(begun).toBe(0)
    const other = new Bench()
    await other.live(async () => 'result')
    other.inbox.put({ kind: 'cancel', path: '', reason: 'late' })
    expect(await other.live(async () => 'again')).toBe('result')
  })

  it('a cancel, a deadline and a result race: one record, and all are told the same', async () => {
    const bench = new Bench()
    const { gate, letWrite } = heldEnd()
    const body = new HandBody()
    const context = await bench.open({ gate, deadlineMs: 100 })
    const life = context.drive(
      driver((scope) => step(scope, 'a', body.run)),
      null,
    )
    await rest()
    bench.inbox.put({ kind: 'cancel', path: '', reason: 'first' })
    await rest()
    body.end()
    await bench.clock.advance(100)
    expect(context.outcome).toBeUndefined()
    letWrite()
    await expect(life).rejects.toThrow('cancelled: first')
    expect(bench.written.filter(({ type }) => type === 'end')).toHaveLength(1)
  })

  it('a driver that replays is told of the end when it is committed, and is not taken for diverged before', async () => {
    const bench = new Bench()
    const contract = { deadlineMs: 100 }
    const told: unknown[] = []
    const code: Code = async (scope) => {
      const cooling = sleep(scope, 'cooling', 3_600_000)
      const group = new ChildGroup(scope)
      for (const name of ['a', 'b'])
        group.spawn(
          name,
          driver(async () => name),
          null,
        )
      try {
        for (let next = await group.next(); next !== undefined; next = await group.next());
      } catch (error) {
        told.push(error)
        throw error
      }
      await step(scope, 'after', () => 1)
      await cooling
    }
    await bench.dieAt(rest(), code, contract)
    bench.clock.nowMs += 1_000
    const { gate, letWrite } = heldEnd()
    const life = bench.live(code, { ...contract, gate })
    await rest()
    expect(told).toEqual([])
    letWrite()
    await expect(life).rejects.toThrow(DeadlineError)
    await rest()
    expect(told).toEqual([expect.any(DeadlineError)])
  })

  it('a deadline is absolute: it does not slide, and no life begins anything after it', async () => {
    const bench = new Bench()
    const contract = { deadlineMs: 10_000 }
    let begun = 0
    const code: Code = async (scope) => {
      await step(scope, 'a', () => {
        begun += 1
        return hang()
      }).catch(() => {})
      return 'swallowed'
    }
    for (let life = 0; life < 3; life++) {
      await bench.dieAt(rest(), code, contract)
      bench.clock.nowMs += 3000
    }
    expect(begun).toBe(3)
    const life = bench.live(code, contract)
    await rest()
    await bench.clock.advance(1000)
    await expect(life).rejects.toThrow(DeadlineError)
    await expect(bench.live(code, contract)).rejects.toThrow(DeadlineError)
    expect([begun, bench.written.at(-1)]).toMatchObject([
      4,
      { type: 'end', status: 'failed', error: { code: 'DEADLINE' } },
    ])
  })

  it('a deadline that cannot be recorded ends this life', async () => {
    const bench = new Bench()
    Object.assign(bench.inbox, { seal: () => Promise.reject(new StorageError('no room')) })
    const life = bench.live(hang, { deadlineMs: 10 })
    await rest()
    await bench.clock.advance(10)
    await expect(life).rejects.toThrow('no room')
  })

  it('a deadline that passed while nobody lived: nothing begins', async () => {
    const bench = new Bench()
    await (await bench.open({ deadlineMs: 10 })).close()
    bench.clock.nowMs += 11
    let begun = 0
    await expect(
      bench.live((scope) => step(scope, 'a', () => ++begun).catch(() => 'swallowed')),
    ).rejects.toThrow(DeadlineError)
    expect(begun).toBe(0)
  })

  it('a fence ends this life and not the run; what a driver makes of it is not recorded', async () => {
    const bench = new Bench()
    const body = new HandBody()
    const zombie = await bench.open()
    const life = zombie.drive(
      driver(async (scope) => {
        await step(scope, 'a', body.run).catch(() => {})
        return 'swallowed'
      }),
      null,
    )
    await rest()
    const next = await bench.open()
    body.end()
    await expect(life).rejects.toThrow(FencedError)
    expect(zombie.outcome).toBeUndefined()
    expect(
      await next.drive(
        driver((scope) => step(scope, 'a', () => 'mine')),
        null,
      ),
    ).toBe('mine')
  })

  it('a storage error ends this life; the next goes on', async () => {
    const bench = new Bench()
    const gate = {
      ...openGate,
      write: async (bodies: readonly unknown[]) => {
        if (JSON.stringify(bodies).includes('"b"')) throw new StorageError('ENOSPC')
      },
    }
    const performed: string[] = []
    const code: Code = async (scope) => {
      for (const name of ['a', 'b'])
        await step(scope, name, () => void performed.push(name)).catch(() => {})
      return 'done'
    }
    await expect(bench.live(code, { gate })).rejects.toThrow(StorageError)
    expect(await bench.live(code)).toBe('done')
    expect(performed).toEqual(['a', 'b', 'b'])
  })

  it('an inbox that cannot be read ends this life, never the run', async () => {
    const bench = new Bench()
    bench.inbox.trouble = new JournalUnreadableError('EACCES')
    await expect(
      bench.live(async (scope) => step(scope, 'a', () => 1).catch(() => 'swallowed')),
    ).rejects.toThrow(JournalUnreadableError)
    await expect(bench.live(async () => 'no step at all')).rejects.toThrow(JournalUnreadableError)
    bench.inbox.trouble = undefined
    expect(await bench.live((scope) => step(scope, 'a', () => 1))).toBe(1)
  })

  it('close ends this life at once', async () => {
    const bench = new Bench()
    const context = await bench.open()
    const life = context.drive(
      driver((scope) => step(scope, 'a', hang)),
      null,
    )
    await rest()
    await context.close()
    await context.close()
    await expect(life).rejects.toThrow(ClosedError)
    expect(bench.store.lifeSummaries.at(-1)?.ended).toBe('closed')
  })

  it('drive is for once', async () => {
    const bench = new Bench()
    const context = await bench.open()
    const life = context.drive(driver(hang), null)
    await expect(
      context.drive(
        driver(async () => 1),
        null,
      ),
    ).rejects.toThrow(ClosedError)
    await context.close()
    await expect(life).rejects.toThrow(ClosedError)
  })

  it('a driver that is no driver is refused', async () => {
    const context = await new Bench().open()
    await expect(context.drive({} as never, null)).rejects.toThrow(InvalidArgumentError)
  })
})

describe('stop', () => {
  async function stopped(
    code: Code,
    during: (bench: Bench) => Promise<unknown> = rest,
    inFlight?: HandBody,
  ): Promise<{ readonly bench: Bench; readonly error: unknown; readonly value: unknown }> {
    const bench = new Bench()
    const context = await bench.open()
    const life = context.drive(driver(code), null)
    life.catch(() => {})
    await during(bench)
    context.stop('SIGTERM')
    context.stop('again')
    await rest()
    inFlight?.end()
    let value: unknown
    const error = await life.then(
      (came) => void (value = came),
      (thrown: unknown) => thrown,
    )
    await context.close()
    return { bench, error, value }
  }

  it('what is under way ends and is recorded, nothing new begins', async () => {
    const body = new HandBody()
    let begun = 0
    const { bench, error } = await stopped(
      async (scope) => {
        const first = await step(scope, 'a', body.run)
        await step(scope, 'b', () => ++begun)
        return first
      },
      rest,
      body,
    )
    expect(error).toBeInstanceOf(StoppedError)
    expect((error as Error).message).toContain('run run was asked to stop: SIGTERM')
    expect([begun, bench.written.map((record) => 'key' in record && record.key)]).toEqual([
      0,
      ['a'],
    ])
    expect(bench.store.lifeSummaries.at(-1)?.ended).toBe('closed')
    expect(
      await bench.live(async (scope) => [
        await step(scope, 'a', () => 'again'),
        await step(scope, 'b', () => 'now'),
      ]),
    ).toEqual(['done', 'now'])
  })

  it('a run whose last step was under way ends as done', async () => {
    const body = new HandBody()
    const { error, value } = await stopped((scope) => step(scope, 'a', body.run), rest, body)
    expect([error, value]).toEqual([undefined, 'done'])
  })

  it('what the driver makes of it is not recorded: swallowed in a driver, a child, a loop', async () => {
    const body = new HandBody()
    const { bench, error } = await stopped(
      async (scope) => {
        const child = spawn(
          scope,
          'c',
          driver((inner) => step(inner, 'x', () => 1).catch(() => 'swallowed')),
          null,
        )
        const looped = loop(scope, 'l', {
          initial: 'initial',
          iterate: async (_, inner) => ({
            state: await step(inner, 'x', () => 'fine').catch(() => 'swallowed'),
            done: true,
          }),
        })
        await step(scope, 'a', body.run).catch(() => {})
        await child.result.catch(() => {})
        await looped.catch(() => {})
        return 'swallowed'
      },
      async () => {},
    )
    expect(error).toBeInstanceOf(StoppedError)
    expect(bench.written).toEqual([])
  })

  it('a driver that waits for something else than the run does not keep it', async () => {
    const { error } = await stopped(hang)
    expect(error).toBeInstanceOf(StoppedError)
  })

  it('announced work is waited for', async () => {
    const body = new HandBody()
    let finished = false
    const { error } = await stopped(
      async (scope) => {
        await scope.working(body.run)
        finished = true
        await step(scope, 'a', () => 1)
      },
      rest,
      body,
    )
    expect([error instanceof StoppedError, finished]).toEqual([true, true])
  })

  it('between the intent and the body of a once effect: the step ends, and is not of unknown outcome', async () => {
    const bench = new Bench()
    let letAck = (): void => {}
    const gate = {
      ...openGate,
      acknowledge: (bodies: readonly unknown[]) =>
        JSON.stringify(bodies).includes('"intent"')
          ? new Promise<void>((resolve) => (letAck = resolve))
          : Promise.resolve(),
    }
    const context = await bench.open({ gate })
    let begun = 0
    const code: Code = async (scope) => {
      const value = await step(scope, 'a', () => ++begun, { effect: 'once' })
      await step(scope, 'b', () => 1)
      return value
    }
    const life = context.drive(driver(code), null)
    await rest()
    context.stop('SIGTERM')
    letAck()
    await expect(life).rejects.toThrow(StoppedError)
    await context.close()
    expect(begun).toBe(1)
    expect(await bench.live(code)).toBe(1)
  })

  it('in the delay before another attempt: ends at once, and the attempt has not begun', async () => {
    const { bench, error } = await stopped((scope) =>
      step(scope, 'a', () => Promise.reject(new Error('no')), {
        attempts: 2,
        delayMs: 1000,
        effect: 'once',
      }),
    )
    expect(error).toBeInstanceOf(StoppedError)
    expect(bench.clock.waiting).toEqual([])
    expect(bench.written.map(({ type }) => type)).toEqual(['intent', 'settle'])
  })

  it('before drive: nothing begins', async () => {
    const bench = new Bench()
    const context = await bench.open()
    context.stop('SIGTERM')
    let begun = 0
    await expect(
      context.drive(
        driver((scope) => step(scope, 'a', () => ++begun)),
        null,
      ),
    ).rejects.toThrow(StoppedError)
    expect(begun).toBe(0)
  })

  it('a replay that comes to its end is done all the same', async () => {
    const bench = new Bench()
    const code: Code = (scope) => step(scope, 'a', () => 1)
    await bench.dieAt(rest(), async (scope) => {
      await code(scope)
      await hang()
    })
    const context = await bench.open()
    context.stop('SIGTERM')
    expect(await context.drive(driver(code), null)).toBe(1)
  })
})

describe('what earlier lives left', () => {
  it('is told: epoch, kept, in doubt, cut', async () => {
    const bench = new Bench()
    await bench.dieAt(rest(), async (scope) => {
      await step(scope, 'a', () => 1)
      const child = spawn(
        scope,
        'c',
        driver((inner) => step(inner, 'x', hang, { effect: 'once' })),
        null,
      )
      void sleep(scope, 'nap', 1000)
      await child.result
    })
    const { resumed } = await bench.open()
    expect(resumed).toEqual({ epoch: 2, kept: 1, inDoubt: ['c/x'], cutBytes: 0 })
  })

  it('of a new run: nothing', async () => {
    const { resumed } = await new Bench().open()
    expect(resumed).toEqual({ epoch: 1, kept: 0, inDoubt: [], cutBytes: 0 })
  })
})

describe('a journal of something else', () => {
  async function over(...bodies: readonly object[]): Promise<unknown> {
    const bench = new Bench()
    for (const body of bodies) bench.store.stored.push({ epoch: 1, text: JSON.stringify(body) })
    bench.store.lives.push({ epoch: 1, batches: 1, closed: true })
    const error = await bench.open().catch((thrown: unknown) => thrown)
    expect(bench.store.lifeSummaries.at(-1)?.ended).toBe('closed')
    return error
  }
  const begin = { type: 'begin', version: 1, at: 0, nonce: 'n' }

  it('records that are none of ours, no begin, or two, are damage', async () => {
    expect(await over({ hello: 1 })).toBeInstanceOf(JournalCorruptError)
    expect(await over({ type: 'end', status: 'done' })).toBeInstanceOf(JournalCorruptError)
    expect(await over(begin, begin)).toBeInstanceOf(JournalCorruptError)
  })

  it('records of a newer version are refused as such', async () => {
    expect(await over({ ...begin, version: 99 })).toBeInstanceOf(FormatVersionError)
  })
})

it('a budget that a resume repeats is the one that counts', async () => {
  const bench = new Bench()
  const contract = { budget: { money: 1 } }
  const code: Code = (scope) => step(scope, 'a', () => 1, { reserve: { money: 2 } })
  await expect(bench.live(code, contract)).rejects.toThrow(BudgetExceededError)
})
