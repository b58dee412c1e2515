/**
 * Waits: durable timers and signals.
 *
 *   W1  a timer's due time is absolute and recorded when it is first armed; a restart waits for what is left of it
 *   W2  a timer fires once; an overdue one fires on resume
 *   W3  a signal is consumed by one record that names it: once, by one wait, in any number of lives
 *   W4  a wait takes nothing while its driver, or one above, has been handed what may end it: the signal then stays for the next
 *       wait. In a scope that lives on, a wait that nobody awaits any more waits on
 */
import { InvalidArgumentError } from './errors.ts'
import { handled } from './handled.ts'
import { assertSignalName } from './inbox.ts'
import type { JsonValue } from './json.ts'
import type { Mailbox } from './mailbox.ts'
import type { Scope } from './scope.ts'

/**
 * Waits until `dueMs`, milliseconds since the epoch. Resolves with the due time that was recorded.
 *
 * @throws InvalidArgumentError, and what ended the run
 */
export function sleepUntil(scope: Scope, name: string, dueMs: number): Promise<number> {
  return handled(timer(scope, name, { until: dueMs }, dueMs, () => dueMs))
}

/**
 * Waits for `ms` milliseconds from the first time that any life asks. Resolves with the due time that was recorded.
 *
 * @throws InvalidArgumentError, and what ended the run
 */
export function sleep(scope: Scope, name: string, ms: number): Promise<number> {
  return handled(timer(scope, name, { ms }, ms, () => addMs(scope.run.clock.now(), ms)))
}

async function timer(
  scope: Scope,
  name: string,
  args: JsonValue,
  asked: number,
  dueOf: () => number,
): Promise<number> {
  assertTime(asked)
  const key = scope.claim(name)
  try {
    const unit = { key, kind: 'timer', args } as const
    return (await scope.settle(unit, (hash) => fire(scope, key, hash, dueOf))) as number
  } finally {
    scope.release(name)
  }
}

async function fire(scope: Scope, key: string, args: string, dueOf: () => number): Promise<void> {
  await scope.mayBegin(key)
  const armed = scope.recorded.intents.get(key)?.[0]?.due
  const due = armed ?? dueOf()
  if (armed === undefined) await scope.commit({ type: 'intent', key, kind: 'timer', args, due })
  await scope.run.clock.until(due, scope.signal)
  const fired = { status: 'done', value: due } as const
  await scope.commitSettlement({ type: 'settle', key, kind: 'timer', args, ...fired })
}

/**
 * Waits for the next signal of this name that no other wait consumed, and gives its payload.
 *
 * @throws InvalidArgumentError, RecordTooLargeError (the payload; the signal is then spent), and what ended the run
 */
export function receive(scope: Scope, name: string, signalName: string): Promise<JsonValue> {
  return handled(wait(scope, name, signalName))
}

async function wait(scope: Scope, name: string, signalName: string): Promise<JsonValue> {
  const { mailbox } = scope.run
  if (mailbox === undefined)
    throw new InvalidArgumentError(`run ${scope.runId} has no inbox, so no signal can reach it`, {
      hint: 'give createRunContext a dir or an inbox',
    })
  assertSignalName(signalName)
  const key = scope.claim(name)
  try {
    const unit = { key, kind: 'signal', args: signalName } as const
    const consumed = scope.settle(unit, (args) =>
      consume(scope, mailbox, { key, args, signalName }),
    )
    return (await consumed) as JsonValue
  } finally {
    scope.release(name)
  }
}

interface SignalWait {
  readonly key: string
  readonly args: string
  readonly signalName: string
}

async function consume(
  scope: Scope,
  mailbox: Mailbox,
  { key, args, signalName }: SignalWait,
): Promise<void> {
  await scope.mayBegin(key)
  for (;;) {
    scope.assertOpen()
    // Who was handed something else may be about to leave this wait behind, and what it took would reach nobody (W4).
    if (!scope.isAtRest) {
      await scope.rest()
      continue
    }
    const message = mailbox.take(signalName)
    if (message === undefined) {
      await mailbox.changed(scope.signal)
      continue
    }
    const { id, payload } = message
    const received = { status: 'done', value: payload, message: id } as const
    try {
      await scope.commitSettlement({ type: 'settle', key, kind: 'signal', args, ...received })
    } catch (error) {
      mailbox.giveBack(id)
      throw error
    }
    await mailbox.consume(id)
    return
  }
}

/** Beyond what any clock will reach, a wait is for ever all the same. */
function addMs(now: number, ms: number): number {
  return Math.min(now + ms, Number.MAX_SAFE_INTEGER)
}

function assertTime(ms: number): void {
  if (Number.isSafeInteger(ms) && ms >= 0) return
  throw new InvalidArgumentError(`expected a time in whole milliseconds from 0, got ${ms}`, {
    hint: 'round it, and compute due times from the clock of the run',
  })
}
