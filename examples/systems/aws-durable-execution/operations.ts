/**
 * What the service keeps of an execution: the state of each operation, as a fold over the records of a journal. The rules are those of the
 * public API (`CheckpointDurableExecution`), as the SDK's own test server has them.
 */
import type { OperationUpdate, WireOperation } from '@aws/durable-execution-sdk-js'

/** One append to the journal; all of it or none. Times are milliseconds since 1970, by the service's clock. */
export type ServiceRecord =
  | { readonly type: 'started'; readonly input: string; readonly at: number }
  | { readonly type: 'updates'; readonly updates: readonly OperationUpdate[]; readonly at: number }
  /** Waits that are over, and steps whose next attempt may begin. */
  | { readonly type: 'due'; readonly ids: readonly string[]; readonly at: number }
  | { readonly type: 'ended'; readonly status: 'SUCCEEDED' | 'FAILED'; readonly text: string }

/** An operation whose time is up some day. */
export interface Pending {
  readonly id: string
  readonly due: number
}

const executionId = 'execution'

/** The state of one execution. */
export class Operations {
  readonly #operations = new Map<string, WireOperation>()
  #changed = new Set<string>()
  input: string | undefined
  ended: Extract<ServiceRecord, { type: 'ended' }> | undefined

  apply(record: ServiceRecord): void {
    switch (record.type) {
      case 'started':
        this.input = record.input
        this.#set({
          Id: executionId,
          Type: 'EXECUTION',
          Status: 'STARTED',
          StartTimestamp: textOf(record.at),
          ExecutionDetails: { InputPayload: record.input },
        })
        return
      case 'updates':
        for (const update of record.updates) this.#update(update, record.at)
        return
      case 'due':
        for (const id of record.ids) this.#due(id, record.at)
        return
      case 'ended':
        this.ended = record
    }
  }

  /** Ids that changed since this was last asked. */
  takeChanged(): readonly string[] {
    const changed = [...this.#changed]
    this.#changed = new Set()
    return changed
  }

  get(id: string): WireOperation | undefined {
    return this.#operations.get(id)
  }

  /** All but those inside of a context that is over, which are not needed to replay it. */
  visible(): readonly WireOperation[] {
    return [...this.#operations.values()].filter((each) => !this.#isPruned(each))
  }

  /** What somebody waits for that time alone brings, the earliest first. */
  pending(): readonly Pending[] {
    const all = this.visible().flatMap(({ Id = '', Status, WaitDetails, StepDetails }) => {
      if (Status === 'STARTED' && WaitDetails?.ScheduledEndTimestamp !== undefined)
        return [{ id: Id, due: Date.parse(String(WaitDetails.ScheduledEndTimestamp)) }]
      if (Status === 'PENDING' && StepDetails?.NextAttemptTimestamp !== undefined)
        return [{ id: Id, due: Date.parse(String(StepDetails.NextAttemptTimestamp)) }]
      return []
    })
    return all.toSorted((left, right) => left.due - right.due)
  }

  #isPruned({ ParentId }: WireOperation): boolean {
    const parent = ParentId === undefined ? undefined : this.#operations.get(ParentId)
    if (parent === undefined) return false
    const isOver = parent.Status === 'SUCCEEDED' || parent.Status === 'FAILED'
    return (isOver && parent.ContextDetails?.ReplayChildren !== true) || this.#isPruned(parent)
  }

  #update(update: OperationUpdate, at: number): void {
    const { Id = '', ParentId, Name, Type, SubType, Action, Payload, Error: error } = update
    const before: WireOperation = this.#operations.get(Id) ?? {
      Id,
      Type,
      Status: 'STARTED',
      StartTimestamp: textOf(at),
      ...(ParentId === undefined ? {} : { ParentId }),
      ...(Name === undefined ? {} : { Name }),
      ...(SubType === undefined ? {} : { SubType }),
    }
    if (Action === 'START') {
      const seconds = update.WaitOptions?.WaitSeconds
      const wait =
        seconds === undefined
          ? {}
          : { WaitDetails: { ScheduledEndTimestamp: textOf(at + seconds * 1000) } }
      this.#set({ ...before, Status: 'STARTED', ...wait })
      return
    }
    const attempt = (before.StepDetails?.Attempt ?? 0) + 1
    if (Action === 'RETRY') {
      const next = textOf(at + (update.StepOptions?.NextAttemptDelaySeconds ?? 0) * 1000)
      const details = { Attempt: attempt, NextAttemptTimestamp: next, Error: error }
      this.#set({ ...before, Status: 'PENDING', StepDetails: details })
      return
    }
    if (Action !== 'SUCCEED' && Action !== 'FAIL') throw new Error(`no updates of kind ${Action}`)
    const result = { Result: Payload, Error: error }
    this.#set({
      ...before,
      Status: Action === 'SUCCEED' ? 'SUCCEEDED' : 'FAILED',
      EndTimestamp: textOf(at),
      ...(Type === 'STEP' ? { StepDetails: { Attempt: attempt, ...result } } : {}),
      ...(Type === 'CONTEXT'
        ? { ContextDetails: { ...result, ReplayChildren: update.ContextOptions?.ReplayChildren } }
        : {}),
    })
  }

  #due(id: string, at: number): void {
    const operation = this.#operations.get(id)
    if (operation?.Type === 'STEP') this.#set({ ...operation, Status: 'READY' })
    else if (operation !== undefined)
      this.#set({ ...operation, Status: 'SUCCEEDED', EndTimestamp: textOf(at) })
  }

  #set(operation: WireOperation): void {
    const { Id = '' } = operation
    this.#operations.set(Id, operation)
    this.#changed.add(Id)
  }
}

function textOf(at: number): string {
  return new Date(at).toISOString()
}
