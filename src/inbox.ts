/**
 * The inbox: how another process reaches a run, and the only way in.
 *
 * A message is acknowledged when `publish` resolves: it is then whole and durable, and the owner of the run, now or later,
 * consumes it by one record that names its id. The inbox itself decides nothing; a message whose id a record names is
 * spent, whether or not its file is still there.
 *
 * A run that is about to end *seals* its inbox, looks into it once more and then commits its end. So of a cancel and an end
 * that race, one knows of the other: a cancel that was published before the seal is seen by that last look, and one that
 * finds the seal after it was published is told that it may be too late. Without the seal a cancel could be acknowledged
 * between the last look and the end, and the run would end as if nothing had come.
 */
import type { JsonValue } from './json.ts'

export interface SignalMessage {
  readonly kind: 'signal'
  readonly id: string
  readonly name: string
  readonly payload: JsonValue
}

export interface CancelMessage {
  readonly kind: 'cancel'
  readonly id: string
  /** Key of the child to cancel; empty for the whole run. */
  readonly path: string
  readonly reason: string
}

export type InboxMessage = SignalMessage | CancelMessage

/** A message before it has an id. */
export type NewMessage = Omit<SignalMessage, 'id'> | Omit<CancelMessage, 'id'>

export interface Inbox {
  /** Durable when it resolves; gives the id. Ids sort in order of publication. */
  readonly publish: (message: NewMessage) => Promise<string>
  /** What was published and not removed, oldest first. Cheap where there is nothing. */
  readonly pending: () => Promise<readonly InboxMessage[]>
  /**
   * At once: true where something was published that no `pending` has given yet. Left out where that cannot be known at
   * once; a cancel that is acknowledged while a step is about to begin may then find it begun.
   */
  readonly hasNews?: () => boolean
  /** From here on nothing that is published is sure to be seen; in force when it resolves, and safe to call twice. */
  readonly seal?: () => Promise<void>
  /** Takes the seal of a dead life away: the run goes on. */
  readonly unseal?: () => Promise<void>
  /** True from `seal` on. To be asked after a publication, and answered from the store itself. */
  readonly isSealed?: () => Promise<boolean>
  /** Takes a spent message away; nothing depends on whether that lasts. */
  readonly remove: (id: string) => Promise<void>
  /** Resolves after something may have been published, or when the signal aborts. */
  readonly changed: (signal: AbortSignal) => Promise<void>
}
