/**
 * Waits: durable timers and signals.
 *
 *   W1  a timer's due time is absolute and recorded when it is first armed; a restart waits for what is left of it
 *   W2  a timer fires once; an overdue one fires on resume
 *   W3  a signal is consumed by one record that names it: once, by one wait, in any number of lives
 */
import { InvalidArgumentError } from './errors.ts'
import { assertJson, type JsonValue } from './json.ts'
import type { SettleRecord } from './records.ts'
import type { SignalMessage } from './inbox.ts'
import type { Settlement } from './run-view.ts'
import type { Scope } from './scope.ts'

/** Waits until `dueMs`, milliseconds since the epoch. Resolves with the due time that was recorded. */
export async function sleepUntil(scope: Scope, name: string, dueMs: number): Promise<number> {
  assertTime(dueMs, 'dueMs')
  return timer(scope, name, { until: dueMs }, () => dueMs)
}

/** Waits for `ms` milliseconds from the first time that any life asks. Resolves with the due time that was recorded. */
export async function sleep(scope: Scope, name: string, ms: number): Promise<number> {
  assertTime(ms, 'ms')
  return timer(scope, name, { ms }, () => scope.run.clock.now() + ms)
}

async function timer(
  scope: Scope,
  name: string,
  args: JsonValue,
  dueOf: () => number,
): Promise<number> {
  const key = scope.claim(name)
  try {
    const unit = { key, kind: 'timer', args } as const
    return (await scope.settle(unit, (hash) => fire(scope, key, hash, dueOf))) as number
  } finally {
    scope.release(name)
  }
}

async function fire(
  scope: Scope,
  key: string,
  args: string,
  dueOf: () => number,
): Promise<Settlement> {
  const { run } = scope
  await run.assertMayBegin(key)
  const armed = scope.recorded.intents.get(key)?.[0]?.due
  const due = armed ?? dueOf()
  if (armed === undefined) await run.commit({ type: 'intent', key, kind: 'timer', args, due })
  try {
    await run.clock.until(due, waitSignal(scope))
  } catch (error) {
    throw interruption(scope) ?? error
  }
  return commitWait(scope, { type: 'settle', key, kind: 'timer', args, status: 'done', value: due })
}

/** Waits for the next signal of this name that no other wait consumed, and gives its payload. */
export async function receive(scope: Scope, name: string, signalName: string): Promise<JsonValue> {
  const { inbox } = scope.run
  if (inbox === undefined)
    throw new InvalidArgumentError(`run ${scope.runId} has no inbox, so no signal can reach it`, {
      hint: 'give createRunContext a dir or an inbox',
    })
  const key = scope.claim(name)
  try {
    const unit = { key, kind: 'signal', args: signalName } as const
    return (await scope.settle(unit, (args) => consume(scope, key, args, signalName))) as JsonValue
  } finally {
    scope.release(name)
  }
}

async function consume(
  scope: Scope,
  key: string,
  args: string,
  signalName: string,
): Promise<Settlement> {
  const { run } = scope
  for (;;) {
    await run.assertMayBegin(key)
    const message = await take(scope, signalName)
    if (message !== undefined) {
      const { id, payload: value } = message
      if (!scope.isOpen) run.unclaim(id)
      const settled = await commitWait(scope, {
        type: 'settle',
        key,
        kind: 'signal',
        args,
        status: 'done',
        value,
        message: id,
      })
      await run.consume(id)
      return settled
    }
    await run.inbox?.changed(waitSignal(scope))
    const interrupted = interruption(scope)
    if (interrupted !== undefined) throw interrupted
  }
}

/** The oldest message of this name that is nobody's; from here on it is this wait's. */
async function take(scope: Scope, name: string): Promise<SignalMessage | undefined> {
  const { run } = scope
  for (const message of (await run.inbox?.pending()) ?? []) {
    if (message.kind !== 'signal' || message.name !== name) continue
    if (run.claim(message.id)) return message
  }
  return undefined
}

function waitSignal(scope: Scope): AbortSignal {
  return AbortSignal.any([scope.signal, scope.run.stopSignal])
}

function interruption({ signal, run }: Scope): unknown {
  if (signal.aborted) return signal.reason
  return run.stopSignal.aborted ? run.refuseStopped() : undefined
}

async function commitWait(scope: Scope, record: SettleRecord): Promise<Settlement> {
  if (!scope.isOpen) throw scope.signal.reason
  assertJson(record.value)
  return { key: record.key, seq: await scope.run.commit(record), record }
}

function assertTime(ms: number, what: string): void {
  if (Number.isSafeInteger(ms) && ms >= 0) return
  throw new InvalidArgumentError(`expected ${what} in whole milliseconds >= 0, got ${ms}`, {
    hint: 'round it, and compute due times from the clock of the run',
  })
}
