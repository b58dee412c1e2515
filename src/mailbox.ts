/**
 * The mailbox: the inbox of a run as its owner sees it.
 *
 *   M1  a message is consumed by one record that names it, or because what it is for has ended; then it is taken away
 *   M2  an acknowledged cancel is seen by every look that begins after it
 *   M3  what cannot be read ends this life: a message that was acknowledged is never passed over
 */
import type { CancelMessage, Inbox, InboxMessage, SignalMessage } from './inbox.ts'

/** What the mailbox needs of its run. */
export interface MailboxOwner {
  /** Names of the messages that a record names. */
  readonly consumed: Set<string>
  /** Ends the run; resolves when that is committed. */
  readonly cancelRun: (message: CancelMessage) => Promise<void>
  /** True where the child that is to be cancelled has ended. */
  readonly hasEnded: (path: string) => boolean
  readonly onFailure: (error: Error) => void
}

type CancelHandler = (message: CancelMessage) => void

export class Mailbox {
  private readonly inbox: Inbox
  private readonly owner: MailboxOwner
  private messages: readonly InboxMessage[] = []
  /** Signals that a wait of this life took and has not recorded yet. */
  private readonly taken = new Set<string>()
  private readonly handlers = new Map<string, CancelHandler>()
  /** What was there before this life is no news, and may wait. */
  private hasLooked = false
  private looking: Promise<void> | undefined
  private lookingNext: Promise<void> | undefined
  private readonly waiters = new Set<() => void>()
  private polling: AbortController | undefined

  constructor(inbox: Inbox, owner: MailboxOwner) {
    this.inbox = inbox
    this.owner = owner
  }

  /** Reads the inbox and acts on cancels. A look that is under way does not count for who comes later (M2). */
  look(): Promise<void> {
    if (this.looking === undefined) {
      this.looking = this.lookNow().finally(() => {
        this.looking = undefined
      })
      return this.looking
    }
    this.lookingNext ??= this.looking
      .catch(() => {})
      .then(() => {
        this.lookingNext = undefined
        return this.look()
      })
    return this.lookingNext
  }

  /**
   * As {@link look}, for who has looked before: a look that is under way shows all that is news now, unless more was published
   * since. Were it to count for nothing here too, two who look in turns would be news to each other for ever.
   */
  lookAgain(): Promise<void> {
    return this.looking === undefined || this.inbox.hasNews?.() === true
      ? this.look()
      : this.looking
  }

  /** At once: true where a look would find nothing to act on; false also where that cannot be seen at once. */
  isQuiet(): boolean {
    if (!this.hasLooked || this.looking !== undefined || this.messages.length > 0) return false
    try {
      return this.inbox.hasNews?.() === false
    } catch {
      // For a look to tell (M3).
      return false
    }
  }

  /** The run is about to end: a cancel that is published from here on is not sure to be seen. A look is to follow. */
  async seal(): Promise<void> {
    await this.inbox.seal?.()
  }

  /** The run goes on, although an earlier life was about to end it. */
  async unseal(): Promise<void> {
    await this.inbox.unseal?.()
  }

  /**
   * At once: true where something may have been published that no look has acted on, as far as that can be known at once: what a look
   * is just reading is no news to the inbox any more.
   */
  hasNews(): boolean {
    return this.looking !== undefined || (this.inbox.hasNews?.() ?? false)
  }

  /** The oldest signal of this name that is nobody's; from here on it is the caller's. */
  take(name: string): SignalMessage | undefined {
    for (const message of this.messages) {
      if (message.kind !== 'signal' || message.name !== name || this.isSpent(message.id)) continue
      this.taken.add(message.id)
      return message
    }
    return undefined
  }

  /** Notes that a committed record names a message, and takes it away. */
  async consume(id: string): Promise<void> {
    this.owner.consumed.add(id)
    this.taken.delete(id)
    await this.remove(id)
  }

  /** Gives a taken signal back: the wait that took it ended and recorded nothing. */
  giveBack(id: string): void {
    if (this.taken.delete(id)) this.wakeAll()
  }

  /** Resolves after a look that found something new, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => this.attend(signal, resolve))
  }

  /** Keeps looking until the signal aborts, so that a cancel is seen while nothing begins. */
  watch(signal: AbortSignal): void {
    const again = (): void => {
      if (!signal.aborted) this.attend(signal, again)
    }
    again()
  }

  /** Lets a cancel from outside reach a child; at once where one is waiting for it. */
  onCancel(path: string, handler: CancelHandler): void {
    this.handlers.set(path, handler)
    const waiting = this.messages.find(
      (message) => isCancelOf(message, path) && !this.isSpent(message.id),
    )
    if (waiting?.kind === 'cancel') handler(waiting)
  }

  offCancel(path: string): void {
    this.handlers.delete(path)
  }

  private async lookNow(): Promise<void> {
    try {
      const known = new Set(this.messages.map(({ id }) => id))
      this.messages = await this.inbox.pending()
      this.hasLooked = true
      const isNews = this.messages.some(({ id }) => !known.has(id))
      for (const message of this.messages) await this.act(message)
      if (isNews) this.wakeAll()
    } catch (error) {
      this.owner.onFailure(error as Error)
      throw error
    }
  }

  private async act(message: InboxMessage): Promise<void> {
    const { id } = message
    if (this.owner.consumed.has(id)) await this.remove(id)
    else if (message.kind === 'signal') return
    else if (message.path === '') await this.owner.cancelRun(message)
    else if (this.owner.hasEnded(message.path)) await this.consume(id)
    else this.handlers.get(message.path)?.(message)
  }

  /** Calls back once: at the next change, or when the signal aborts. */
  private attend(signal: AbortSignal, callback: () => void): void {
    const wake = (): void => {
      this.waiters.delete(wake)
      signal.removeEventListener('abort', wake)
      if (this.waiters.size === 0) this.polling?.abort()
      callback()
    }
    this.waiters.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    if (signal.aborted) wake()
    else void this.poll()
  }

  // One poll for all that wait, while anything does.
  private async poll(): Promise<void> {
    if (this.polling !== undefined) return
    try {
      while (this.waiters.size > 0) {
        this.polling = new AbortController()
        await this.inbox.changed(this.polling.signal)
        if (this.waiters.size > 0) await this.look()
      }
    } catch {
      // `look` ended this life, and with it everything that waits here.
    } finally {
      this.polling = undefined
    }
  }

  private wakeAll(): void {
    // Whoever wakes may wait again at once.
    const waiters = [...this.waiters]
    for (const wake of waiters) wake()
  }

  private isSpent(id: string): boolean {
    return this.taken.has(id) || this.owner.consumed.has(id)
  }

  private async remove(id: string): Promise<void> {
    this.messages = this.messages.filter((message) => message.id !== id)
    await this.inbox.remove(id)
  }
}

function isCancelOf(message: InboxMessage, path: string): boolean {
  return message.kind === 'cancel' && message.path === path
}
