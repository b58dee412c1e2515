/**
 * An inbox in memory, for lives of one test.
 */
import type { Inbox, InboxMessage, NewMessage } from '../../../src/inbox.ts'

export class MemoryInbox implements Inbox {
  messages: InboxMessage[] = []
  /** Thrown by the next reads. */
  trouble: Error | undefined
  reads = 0
  private count = 0
  private seen = 0
  private readonly watchers = new Set<() => void>()

  readonly publish = async (message: NewMessage): Promise<string> => this.put(message)

  /** Publishes at once. */
  put(message: NewMessage): string {
    this.count += 1
    const id = `${String(this.count).padStart(4, '0')}-m`
    this.messages = [...this.messages, { ...message, id }]
    const watchers = [...this.watchers]
    for (const wake of watchers) wake()
    return id
  }

  readonly pending = async (): Promise<readonly InboxMessage[]> => {
    this.reads += 1
    if (this.trouble !== undefined) throw this.trouble
    this.seen = this.count
    return this.messages
  }

  readonly hasNews = (): boolean => {
    if (this.trouble !== undefined) throw this.trouble
    return this.seen < this.count
  }

  readonly remove = async (id: string): Promise<void> => {
    this.messages = this.messages.filter((message) => message.id !== id)
  }

  readonly changed = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        this.watchers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.watchers.add(wake)
      signal.addEventListener('abort', wake, { once: true })
      if (signal.aborted) wake()
    })

  /** How many wait for a change. */
  get waiting(): number {
    return this.watchers.size
  }
}
