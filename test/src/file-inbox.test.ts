import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  InvalidArgumentError,
  JournalCorruptError,
  JournalUnreadableError,
  NotJsonError,
  RecordTooLargeError,
  StorageError,
} from '../../src/errors.ts'
import { fileInbox, messageBytesMax } from '../../src/file-inbox.ts'
import { systemFileSystem, type FileSystem } from '../../src/file-system.ts'
import type { Inbox, InboxMessage, NewMessage } from '../../src/inbox.ts'
import { SimDisk, type Fate, type Op } from '../support/sim-disk.ts'
import { rest } from './runtime/bench-run.ts'

const directories: string[] = []
afterAll(() => {
  for (const dir of directories) fs.rmSync(dir, { recursive: true, force: true })
})
function scratch(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-inbox-'))
  directories.push(dir)
  return dir
}

const signal = (payload: unknown): NewMessage =>
  ({ kind: 'signal', name: 's', payload }) as NewMessage
const payloads = (messages: readonly InboxMessage[]): readonly unknown[] =>
  messages.map((message) => (message.kind === 'signal' ? message.payload : message.reason))

/** Nonces that two inboxes of one test do not share. */
let nonces = 0
const random = { nonce: () => `n${(nonces += 1)}` }

describe('an inbox of files', () => {
  it('gives what was published, oldest first, to every process, until it is removed', async () => {
    const dir = scratch()
    const [sender, owner] = [fileInbox({ dir, runId: 'r' }), fileInbox({ dir, runId: 'r' })]
    expect(await owner.pending()).toEqual([])
    expect(owner.hasNews?.()).toBe(false)
    const ids = [
      await sender.publish(signal(1)),
      await sender.publish({ kind: 'cancel', path: 'c', reason: 'why' }),
      await sender.publish(signal({ deep: [null] })),
    ]
    expect(owner.hasNews?.()).toBe(true)
    const messages = await owner.pending()
    expect(messages.map(({ id }) => id)).toEqual(ids)
    expect(payloads(messages)).toEqual([1, 'why', { deep: [null] }])
    expect(owner.hasNews?.()).toBe(false)
    await owner.remove(ids[1] ?? '')
    await owner.remove('gone already')
    expect(payloads(await owner.pending())).toEqual([1, { deep: [null] }])
    expect(payloads(await fileInbox({ dir, runId: 'r' }).pending())).toEqual([1, { deep: [null] }])
  })

  it('is of one run: ids that differ in case or signs share nothing', async () => {
    const dir = scratch()
    for (const runId of ['r', 'R', 'r.', '%72'])
      if (runId !== '%72') await fileInbox({ dir, runId }).publish(signal(runId))
    for (const runId of ['r', 'R', 'r.'])
      expect(payloads(await fileInbox({ dir, runId }).pending())).toEqual([runId])
    expect(() => fileInbox({ dir, runId: '../r' })).toThrow(InvalidArgumentError)
  })

  it('writes nothing until something is published', async () => {
    const dir = path.join(scratch(), 'none')
    const inbox = fileInbox({ dir, runId: 'r' })
    expect(await inbox.pending()).toEqual([])
    await inbox.remove('x')
    await inbox.unseal?.()
    expect(fs.existsSync(dir)).toBe(false)
  })

  it('passes over what is not of its making, and what is not whole yet', async () => {
    const dir = scratch()
    const inbox = fileInbox({ dir, runId: 'r' })
    await inbox.publish(signal(1))
    const home = path.join(dir, '.inbox', 'r')
    fs.writeFileSync(path.join(home, '00000002-abc.json.tmp'), '{"kind":')
    fs.writeFileSync(path.join(home, 'notes.json'), 'hello')
    expect(payloads(await inbox.pending())).toEqual([1])
    expect(inbox.hasNews?.()).toBe(false)
    await inbox.publish(signal(2))
    expect(payloads(await inbox.pending())).toEqual([1, 2])
  })

  it.each([
    ['nothing', ''],
    ['half of it', '{"kind":"signal","name":"s"'],
    ['bytes that are no text', '\u00ff\u00fe'],
    ['another kind', '{"kind":"stop"}'],
    ['no payload', '{"kind":"signal","name":"s"}'],
    ['a number', '5'],
    ['null', 'null'],
    ['a lone surrogate', '{"kind":"signal","name":"s","payload":"\\ud800"}'],
  ])('a message that holds %s is damage, with its file: never passed over', async (_, text) => {
    const dir = scratch()
    const inbox = fileInbox({ dir, runId: 'r' })
    const id = await inbox.publish(signal(1))
    const file = path.join(dir, '.inbox', 'r', `${id}.json`)
    fs.writeFileSync(file, Buffer.from(text, 'latin1'))
    const error = await inbox.pending().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(JournalCorruptError)
    expect((error as JournalCorruptError).details['file']).toBe(file)
  })

  it.each<readonly [string, NewMessage, abstract new (...all: never[]) => Error]>([
    ['a payload that is not JSON', signal(Number.NaN), NotJsonError],
    ['a payload that is too large', signal('x'.repeat(messageBytesMax)), RecordTooLargeError],
  ])('%s is refused, and nothing is written', async (_, message, type) => {
    const dir = scratch()
    await expect(fileInbox({ dir, runId: 'r' }).publish(message)).rejects.toThrow(type)
    expect(fs.readdirSync(dir)).toEqual([])
  })

  it('changed resolves after its time, or at once on abort; it polls at a whole number of milliseconds', async () => {
    const inbox = fileInbox({ dir: scratch(), runId: 'r', pollMs: 1 })
    await inbox.changed(new AbortController().signal)
    await fileInbox({ dir: scratch(), runId: 'r', pollMs: 2 ** 30 }).changed(AbortSignal.abort())
    expect(() => fileInbox({ dir: '/', runId: 'r', pollMs: 0 })).toThrow(InvalidArgumentError)
  })

  it('a message that may not be removed is no news, so that nobody looks for ever', async () => {
    const dir = scratch()
    const stuck: FileSystem = {
      ...systemFileSystem,
      unlink: () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' })),
    }
    const inbox = fileInbox({ dir, runId: 'r', fileSystem: stuck })
    const id = await inbox.publish(signal(1))
    await inbox.pending()
    await inbox.remove(id)
    expect(inbox.hasNews?.()).toBe(false)
    expect(payloads(await inbox.pending())).toEqual([1])
  })

  it('a message that no run could take is refused where it is sent', async () => {
    const inbox = fileInbox({ dir: scratch(), runId: 'r' })
    const wrong = [
      { kind: 'cancel', path: '', reason: 42 },
      { kind: 'cancel', path: null, reason: 'r' },
      { kind: 'cancel', path: '', reason: 'half \ud83d' },
      { kind: 'signal', name: '', payload: 1 },
    ] as unknown as readonly NewMessage[]
    for (const message of wrong)
      await expect(inbox.publish(message)).rejects.toThrow(InvalidArgumentError)
    expect(await inbox.pending()).toEqual([])
  })

  it('stays where it is when the process goes elsewhere', async () => {
    const dir = scratch()
    const before = process.cwd()
    const inbox = fileInbox({ dir: path.relative(before, dir), runId: 'r' })
    process.chdir(os.tmpdir())
    try {
      await inbox.publish({ kind: 'signal', name: 's', payload: 1 })
    } finally {
      process.chdir(before)
    }
    expect(await fileInbox({ dir, runId: 'r' }).pending()).toHaveLength(1)
  })

  it('the seal of a run is no other run: whatever that is called', async () => {
    const dir = scratch()
    await fileInbox({ dir, runId: 'a' }).seal?.()
    for (const runId of ['a.sealed', 'a~sealed', 'a']) {
      const inbox = fileInbox({ dir, runId })
      await inbox.publish({ kind: 'signal', name: 's', payload: 1 })
      expect(await inbox.pending()).toHaveLength(1)
      expect(await inbox.isSealed?.()).toBe(runId === 'a')
    }
  })

  it('a seal is seen by every process until it is taken away', async () => {
    const dir = scratch()
    const [owner, sender] = [fileInbox({ dir, runId: 'r' }), fileInbox({ dir, runId: 'r' })]
    expect(await sender.isSealed?.()).toBe(false)
    await owner.seal?.()
    await owner.seal?.()
    expect(await sender.isSealed?.()).toBe(true)
    await owner.unseal?.()
    expect(await sender.isSealed?.()).toBe(false)
  })
})

describe('an inbox of files on a bad disk', () => {
  /** Publishes two messages in a process with this fate; tells what was acknowledged. */
  async function publishTwo(
    disk: SimDisk,
    fate: (op: Op) => Fate,
  ): Promise<{
    readonly acked: readonly number[]
    readonly errors: readonly unknown[]
    readonly ops: number
  }> {
    const process = disk.process(fate)
    const inbox = fileInbox({ dir: '/runs', runId: 'r', fileSystem: process.fileSystem, random })
    const acked: number[] = []
    const errors: unknown[] = []
    const work = (async () => {
      for (const payload of [1, 2])
        await inbox.publish(signal(payload)).then(
          () => acked.push(payload),
          (error: unknown) => errors.push(error),
        )
    })()
    await Promise.race([work, process.death])
    process.kill()
    return { acked, errors, ops: process.ops.length }
  }

  function reader(disk: SimDisk): Inbox {
    return fileInbox({ dir: '/runs', runId: 'r', fileSystem: disk.process().fileSystem, random })
  }

  async function newDisk(): Promise<SimDisk> {
    const disk = new SimDisk()
    const { fileSystem } = disk.process()
    await fileSystem.makeDirectory('/runs')
    await fileSystem.syncDirectory('/')
    return disk
  }

  it('killed at any op, before or after it: what was acknowledged is there, whole; what was not is whole or absent', async () => {
    const { ops } = await publishTwo(await newDisk(), () => ({ kind: 'go' }))
    expect(ops).toBeGreaterThan(15)
    for (let number = 1; number <= ops; number++)
      for (const when of ['before', 'after'] as const) {
        const disk = await newDisk()
        const { acked } = await publishTwo(disk, (op) =>
          op.number === number ? { kind: 'die', when } : { kind: 'go' },
        )
        const found = payloads(await reader(disk).pending())
        expect([acked, [...acked, ...(acked.length < 2 ? [acked.length + 1] : [])]]).toContainEqual(
          found,
        )
      }
  })

  it('power lost at any op, with any of the unsynced changes kept: the same', async () => {
    const { ops } = await publishTwo(await newDisk(), () => ({ kind: 'go' }))
    for (let number = 1; number <= ops; number++)
      for (const keep of [
        () => false,
        () => true,
        ({ index }: { index: number }) => index % 2 === 0,
        ({ index }: { index: number }) => index % 2 === 1,
        () => 3,
      ]) {
        const disk = await newDisk()
        const { acked } = await publishTwo(disk, (op) =>
          op.number === number ? { kind: 'die', when: 'after' } : { kind: 'go' },
        )
        disk.losePower(keep)
        const found = payloads(await reader(disk).pending())
        expect([acked, [...acked, ...(acked.length < 2 ? [acked.length + 1] : [])]]).toContainEqual(
          found,
        )
      }
  })

  it('after both were acknowledged and the power was lost, both are there', async () => {
    const disk = await newDisk()
    await publishTwo(disk, () => ({ kind: 'go' }))
    disk.losePower(() => false)
    expect(payloads(await reader(disk).pending())).toEqual([1, 2])
  })

  it('an op that fails: StorageError, nothing acknowledged, and nothing that is no message', async () => {
    const { ops } = await publishTwo(await newDisk(), () => ({ kind: 'go' }))
    for (let number = 1; number <= ops; number++)
      for (const code of ['ENOSPC', 'EIO']) {
        const disk = await newDisk()
        const { acked, errors } = await publishTwo(disk, (op) =>
          op.number === number ? { kind: 'fail', code } : { kind: 'go' },
        )
        expect(
          errors.every(
            (error) => error instanceof StorageError || error instanceof JournalUnreadableError,
          ),
        ).toBe(true)
        const found = payloads(await reader(disk).pending())
        for (const payload of acked) expect(found).toContain(payload)
        expect(found.every((payload) => payload === 1 || payload === 2)).toBe(true)
      }
  })

  it('a write that is cut short is gone on with', async () => {
    const disk = await newDisk()
    await publishTwo(disk, ({ kind }) =>
      kind === 'write' ? { kind: 'short', written: 3 } : { kind: 'go' },
    )
    expect(payloads(await reader(disk).pending())).toEqual([1, 2])
  })

  it.each(['exists', 'list', 'open', 'read'] as const)(
    'what cannot be read (%s) is JournalUnreadableError, never an empty inbox',
    async (kind) => {
      const disk = await newDisk()
      await publishTwo(disk, () => ({ kind: 'go' }))
      const { fileSystem } = disk.process((op) =>
        op.kind === kind ? { kind: 'fail', code: 'EACCES' } : { kind: 'go' },
      )
      const inbox = fileInbox({ dir: '/runs', runId: 'r', fileSystem, random })
      await expect(inbox.pending()).rejects.toThrow(JournalUnreadableError)
    },
  )

  it('publishers at the same time: all messages are there, once, and each in the order of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const disk = await newDisk()
        const { fileSystem } = disk.process()
        const slow: FileSystem = {
          ...fileSystem,
          rename: (from, to) =>
            scheduler.schedule(Promise.resolve()).then(() => fileSystem.rename(from, to)),
          makeDirectory: (name) =>
            scheduler.schedule(Promise.resolve()).then(() => fileSystem.makeDirectory(name)),
        }
        const work = ['a', 'b', 'c'].map(async (who) => {
          const inbox = fileInbox({ dir: '/runs', runId: 'r', fileSystem: slow, random })
          for (const count of [1, 2]) await inbox.publish(signal(`${who}${count}`))
        })
        await scheduler.waitFor(Promise.all(work))
        const found = payloads(await reader(disk).pending()) as readonly string[]
        expect([...found].sort()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
        for (const who of ['a', 'b', 'c'])
          expect(found.filter((each) => each.startsWith(who))).toEqual([`${who}1`, `${who}2`])
      }),
      { seed: 3, numRuns: 40 },
    )
    await rest()
  })
})
