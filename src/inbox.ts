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
import { inspect } from 'node:util'
import { InvalidArgumentError } from './errors.ts'
import { assertValue, type JsonValue } from './json.ts'
import { errorMessageMax } from './recorded-error.ts'

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

/** Throws for what no run could take: whoever sends it is told, and not the run. @throws InvalidArgumentError, NotJsonError */
export function assertMessage(message: NewMessage): void {
  if (message.kind === 'signal') {
    assertSignalName(message.name)
    assertValue(message.payload, 'payload')
    return
  }
  assertReason(message.reason)
  if (typeof message.path === 'string' && message.path.isWellFormed()) return
  throw new InvalidArgumentError(`expected the key of a child, got ${shown(message.path)}`, {
    hint: 'leave it out to cancel the whole run',
  })
}

/** Throws unless a signal may have this name. @throws InvalidArgumentError */
export function assertSignalName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name.isWellFormed()) return
  throw new InvalidArgumentError(`expected the name of a signal, got ${shown(name)}`, {
    hint: 'the wait and its sender name it alike: a text of at least one whole character',
  })
}

/** Throws unless a cancel may be recorded with this reason. @throws InvalidArgumentError */
export function assertReason(reason: unknown): asserts reason is string {
  if (typeof reason === 'string' && reason.isWellFormed() && reason.length <= errorMessageMax)
    return
  throw new InvalidArgumentError(`expected a reason for the cancel, got ${shown(reason)}`, {
    hint: `say in a text of whole characters, at most ${errorMessageMax}, why; of an error its message`,
  })
}

function shown(value: unknown): string {
  if (typeof value === 'string' && value.length > 80) return `${value.length} characters`
  return inspect(value, { depth: 0 }).split('\n')[0] ?? ''
}
