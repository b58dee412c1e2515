import { describe, expect, it } from 'vitest'
import { CancelledError, ClosedError, DeadlineError, StorageError } from '../../src/errors.ts'
import { endedError } from '../../src/run.ts'
import { Bench, rest } from './runtime/bench-run.ts'
import { heldEnd, openGate } from './runtime/scripted-journal.ts'

const done = { type: 'end', status: 'done', value: 1 } as const
const note = (key: string) => ({ type: 'spawn', key, args: 'h', driver: 'd' }) as const

describe('a run', () => {
  it('R3: of two that would end it the first stands, and both are told so', async () => {
    const bench = new Bench()
    const { run } = await bench.open()
    const both = await Promise.all([
      run.endWith(done),
      run.endWith({ type: 'end', status: 'failed' }),
    ])
    expect(both).toEqual([done, done])
    expect(await run.endWith({ type: 'end', status: 'failed' })).toEqual(done)
    expect(bench.written).toEqual([done])
  })

  it('R3: after the end nothing is written, and while it is written nothing else is', async () => {
    const bench = new Bench()
    const { gate, letWrite } = heldEnd()
    const { run } = await bench.open({ gate })
    const ending = run.endWith(done)
    let told: unknown
    run.commit(note('c')).catch((error: unknown) => (told = error))
    await rest()
    // R1: nobody is told of an end that is not durable.
    expect([told, run.ended, run.isEnding]).toEqual([undefined, undefined, true])
    letWrite()
    await ending
    await rest()
    expect(told).toBeInstanceOf(ClosedError)
    expect(bench.written).toEqual([done])
  })

  it('R2: after a failed append everything is refused with its cause', async () => {
    const bench = new Bench()
    let broken = false
    const gate = {
      ...openGate,
      write: async () => {
        if (broken) throw new StorageError('EIO')
      },
    }
    const { run } = await bench.open({ gate })
    broken = true
    await expect(run.commit(note('a'))).rejects.toThrow('EIO')
    broken = false
    await expect(run.commit(note('b'))).rejects.toThrow('EIO')
    await expect(run.endWith(done)).rejects.toThrow('EIO')
    await expect(run.mayBegin('c', {})).rejects.toThrow('EIO')
    await run.over
    expect(bench.written).toEqual([])
  })

  it('records of one batch are one append, and its seq is that of the last', async () => {
    const bench = new Bench()
    const { run } = await bench.open()
    expect(await run.commit(note('a'), note('b'))).toBe(3)
    expect(bench.store.lives[0]?.batches).toBe(2)
  })

  it('R4: a deadline that has passed ends the run before anything begins', async () => {
    const bench = new Bench()
    const { run } = await bench.open({ deadlineMs: 10 })
    bench.clock.nowMs += 10
    await expect(run.mayBegin('a', {})).rejects.toThrow(DeadlineError)
    expect(bench.written).toMatchObject([{ type: 'end', error: { code: 'DEADLINE' } }])
  })

  it('R4: a cancel is consumed by the record that ends the run, and taken away', async () => {
    const bench = new Bench()
    const { run } = await bench.open()
    const id = bench.inbox.put({ kind: 'cancel', path: '', reason: 'why' })
    await expect(run.mayBegin('a', {})).rejects.toThrow(CancelledError)
    expect(bench.written).toMatchObject([{ type: 'end', status: 'cancelled', message: id }])
    expect(bench.inbox.messages).toEqual([])
  })

  it('an end without an error says that the run is finished', () => {
    expect(endedError('r', done)).toBeInstanceOf(ClosedError)
    expect(
      endedError('r', { type: 'end', status: 'cancelled', error: { name: 'C', message: 'why' } })
        .message,
    ).toBe('run r was cancelled: why')
  })
})
