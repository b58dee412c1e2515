import { describe, expect, it } from 'vitest'
import { Mailbox, type MailboxOwner } from '../../src/mailbox.ts'
import type { CancelMessage } from '../../src/inbox.ts'
import { rest } from './runtime/bench-run.ts'
import { MemoryInbox } from './runtime/memory-inbox.ts'

class Stage {
  readonly inbox = new MemoryInbox()
  readonly consumed = new Set<string>()
  readonly ended = new Set<string>()
  readonly cancels: CancelMessage[] = []
  readonly failures: Error[] = []
  readonly owner: MailboxOwner = {
    consumed: this.consumed,
    cancelRun: async (message) => void this.cancels.push(message),
    hasEnded: (path) => this.ended.has(path),
    onFailure: (error) => this.failures.push(error),
  }
  readonly mailbox = new Mailbox(this.inbox, this.owner)

  signal(name: string): string {
    return this.inbox.put({ kind: 'signal', name, payload: null })
  }

  cancel(path: string): string {
    return this.inbox.put({ kind: 'cancel', path, reason: 'r' })
  }
}

describe('a mailbox', () => {
  it('M1: a message that a record names is taken away and acted on no more', async () => {
    const stage = new Stage()
    stage.consumed.add(stage.cancel(''))
    stage.consumed.add(stage.signal('s'))
    await stage.mailbox.look()
    expect(stage.inbox.messages).toEqual([])
    expect(stage.cancels).toEqual([])
    expect(stage.mailbox.take('s')).toBeUndefined()
  })

  it('M1: what it is for has ended: taken away', async () => {
    const stage = new Stage()
    stage.ended.add('c')
    stage.cancel('c')
    stage.cancel('d')
    await stage.mailbox.look()
    expect(stage.inbox.messages).toEqual([expect.objectContaining({ path: 'd' })])
  })

  it('M2: a look that is under way does not count for who comes later', async () => {
    const stage = new Stage()
    let letRead = (): void => {}
    const { pending } = stage.inbox
    Object.assign(stage.inbox, {
      pending: async () => {
        const seen = await pending()
        await new Promise<void>((resolve) => (letRead = resolve))
        return seen
      },
    })
    const first = stage.mailbox.look()
    await rest()
    stage.cancel('')
    const second = stage.mailbox.look()
    const third = stage.mailbox.look()
    letRead()
    await first
    expect(stage.cancels).toEqual([])
    await rest()
    letRead()
    await Promise.all([second, third])
    expect(stage.cancels).toHaveLength(1)
    expect(stage.inbox.reads).toBe(2)
  })

  it('M3: what cannot be read ends this life, for everybody who looks', async () => {
    const stage = new Stage()
    stage.inbox.trouble = new Error('EACCES')
    await expect(stage.mailbox.look()).rejects.toThrow('EACCES')
    expect(stage.failures).toEqual([stage.inbox.trouble])
  })

  it('M3: also in a look that nobody asked for', async () => {
    const stage = new Stage()
    stage.mailbox.watch(new AbortController().signal)
    stage.inbox.trouble = new Error('EACCES')
    stage.signal('s')
    await rest()
    expect(stage.failures).toEqual([stage.inbox.trouble])
  })

  it('takes signals oldest first, each once, and again what was given back', async () => {
    const stage = new Stage()
    const [first, second] = [stage.signal('s'), stage.signal('s')]
    await stage.mailbox.look()
    expect([
      stage.mailbox.take('s')?.id,
      stage.mailbox.take('s')?.id,
      stage.mailbox.take('s'),
    ]).toEqual([first, second, undefined])
    stage.mailbox.giveBack(first)
    expect(stage.mailbox.take('s')?.id).toBe(first)
    await stage.mailbox.consume(first)
    stage.mailbox.giveBack(first)
    expect(stage.mailbox.take('s')).toBeUndefined()
  })

  it('a cancel reaches the child that is registered, or that registers later', async () => {
    const stage = new Stage()
    const told: string[] = []
    stage.mailbox.onCancel('c', ({ id }) => told.push(id))
    const [early, late] = [stage.cancel('c'), stage.cancel('d')]
    await stage.mailbox.look()
    expect(told).toEqual([early])
    stage.mailbox.onCancel('d', ({ id }) => told.push(id))
    expect(told).toEqual([early, late])
    stage.mailbox.offCancel('d')
    await stage.mailbox.look()
    expect(told).toEqual([early, late, early])
  })

  it('one poll serves all that wait, and stops with the last of them', async () => {
    const stage = new Stage()
    const aborters = [1, 2, 3].map(() => new AbortController())
    const waits = aborters.map(({ signal }) => stage.mailbox.changed(signal))
    await rest()
    expect(stage.inbox.waiting).toBe(1)
    for (const aborter of aborters) aborter.abort()
    await Promise.all(waits)
    await rest()
    expect(stage.inbox.waiting).toBe(0)
  })

  it('wakes for what is new only, and who waits again at once does not spin', async () => {
    const stage = new Stage()
    const signal = new AbortController().signal
    let woken = 0
    const again = (): void =>
      void stage.mailbox.changed(signal).then(() => {
        woken += 1
        again()
      })
    again()
    stage.signal('nobody waits for this')
    await rest()
    await rest()
    expect(woken).toBe(1)
    stage.mailbox.giveBack('unknown')
    await rest()
    expect(woken).toBe(1)
  })

  it('a signal that has aborted already wakes at once', async () => {
    const stage = new Stage()
    await stage.mailbox.changed(AbortSignal.abort())
    expect(stage.inbox.waiting).toBe(0)
  })

  it('an inbox that cannot tell at once has no news', () => {
    const { publish, pending, remove, changed } = new MemoryInbox()
    const mailbox = new Mailbox({ publish, pending, remove, changed }, new Stage().owner)
    expect(mailbox.hasNews()).toBe(false)
  })
})
