/**
 * The service that a durable function of AWS runs under, over any journal backend: it gives an execution its state, takes its updates,
 * lets time pass while it is suspended, and invokes the function again until it ends. No AWS service is called.
 *
 *  1  What the function is told is in the journal before it is told.
 *  2  One token, one checkpoint: each consumes the token that the one before it gave.
 *  3  A function that is replaced, or whose journal failed, is told so by an error of scope INVOCATION, and ends.
 */
import {
  type CheckpointDurableExecutionRequest,
  type CheckpointDurableExecutionResponse,
  type DurableExecutionClient,
  DurableExecutionClientError,
  DurableExecutionClientErrorScope,
  type DurableLambdaHandler,
  type GetDurableExecutionStateRequest,
  type GetDurableExecutionStateResponse,
} from '@aws/durable-execution-sdk-js'
import type { Journal, RecordBody } from 'killpoint/journal'
import { Operations, type ServiceRecord } from './operations.ts'

/** How an execution ended: the function's result or error, as JSON. */
export type Ended = Extract<ServiceRecord, { type: 'ended' }>

/** Time of the service: passes when somebody waits. */
export interface ServiceClock {
  readonly now: () => number
  readonly until: (at: number) => Promise<void>
}

/** Operations in one answer; the function asks for the rest. The service's own pages are larger. */
const pageSize = 10

/** One execution, owned by this process. */
export class Execution implements DurableExecutionClient {
  readonly #journal: Journal
  readonly #clock: ServiceClock
  readonly #operations = new Operations()
  #tokens = 0

  constructor(journal: Journal, clock: ServiceClock) {
    this.#journal = journal
    this.#clock = clock
    for (const { body } of journal.recovered)
      this.#operations.apply(body as unknown as ServiceRecord)
    this.#operations.takeChanged()
  }

  /**
   * Starts it, or goes on with it, until it ends.
   *
   * @throws Error `DurableExecutionAlreadyStartedException` where it was started with another input
   */
  async run(handler: DurableLambdaHandler, input: unknown): Promise<Ended> {
    const text = JSON.stringify(input)
    const { input: known = await this.#start(text) } = this.#operations
    if (known !== text) throw new AlreadyStarted()
    for (;;) {
      const { ended } = this.#operations
      if (ended !== undefined) return ended
      await this.#invoke(handler)
    }
  }

  async getExecutionState({
    Marker = '0',
  }: GetDurableExecutionStateRequest): Promise<GetDurableExecutionStateResponse> {
    return this.#page(Number(Marker))
  }

  async checkpoint({
    CheckpointToken,
    Updates = [],
  }: CheckpointDurableExecutionRequest): Promise<CheckpointDurableExecutionResponse> {
    if (CheckpointToken !== this.#token()) throw invocationError('Invalid Checkpoint Token')
    const updates = asSent(Updates)
    this.#tokens += 1
    try {
      if (updates.length > 0)
        await this.#append({ type: 'updates', updates, at: this.#clock.now() })
    } catch (error) {
      throw invocationError('the journal did not take it', error)
    }
    const Operations = this.#operations.takeChanged().flatMap((id) => {
      const operation = this.#operations.get(id)
      return operation === undefined ? [] : [operation]
    })
    return { CheckpointToken: this.#token(), NewExecutionState: { Operations } }
  }

  async #start(input: string): Promise<string> {
    await this.#append({ type: 'started', input, at: this.#clock.now() })
    return input
  }

  async #invoke(handler: DurableLambdaHandler): Promise<void> {
    this.#tokens += 1
    const event = {
      DurableExecutionArn: this.#journal.runId,
      CheckpointToken: this.#token(),
      UpdatedOperationIds: [...this.#operations.takeChanged()],
      InitialExecutionState: this.#page(0),
    }
    const output = await handler(event, invocation as unknown as Parameters<typeof handler>[1])
    switch (output.Status) {
      case 'SUCCEEDED':
        return await this.#append({ type: 'ended', status: 'SUCCEEDED', text: output.Result ?? '' })
      case 'FAILED':
        return await this.#append({
          type: 'ended',
          status: 'FAILED',
          text: JSON.stringify(output.Error),
        })
      case 'PENDING':
        return await this.#letTimePass()
    }
  }

  /** Until the first of what the function waits for is due. */
  async #letTimePass(): Promise<void> {
    const [first] = this.#operations.pending()
    if (first === undefined) throw new Error('it waits for what time does not bring')
    await this.#clock.until(first.due)
    const at = this.#clock.now()
    const due = this.#operations.pending().filter((each) => each.due <= at)
    await this.#append({ type: 'due', ids: due.map(({ id }) => id), at })
  }

  async #append(record: ServiceRecord): Promise<void> {
    await this.#journal.append([record as unknown as RecordBody])
    this.#operations.apply(record)
  }

  #page(from: number): { readonly Operations: never[]; readonly NextMarker?: string } {
    const all = this.#operations.visible()
    const to = from + pageSize
    const page = { Operations: all.slice(from, to) as never[] }
    return to < all.length ? { ...page, NextMarker: String(to) } : page
  }

  #token(): string {
    return `${this.#journal.runId}/${this.#journal.epoch}/${this.#tokens}`
  }
}

/** An execution of this name was started with another input. */
export class AlreadyStarted extends Error {
  override readonly name = 'DurableExecutionAlreadyStartedException'
  readonly code = 'DurableExecutionAlreadyStartedException'

  constructor() {
    super('this execution was started with another payload')
  }
}

/** No time is left to an invocation: one that waits is suspended at once, and invoked again when what it waits for is due. */
const invocation = { awsRequestId: 'invocation', getRemainingTimeInMillis: () => 0 }

/** Without members that are undefined, as a request over the wire is. */
function asSent<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

function invocationError(message: string, cause?: unknown): DurableExecutionClientError {
  const scope = DurableExecutionClientErrorScope.INVOCATION
  return new DurableExecutionClientError(message, { scope, cause })
}
