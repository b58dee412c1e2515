/** One connection that the program opened: which messages wait for an answer, and what a fault made of it. */
import { nextTurn } from '../later.ts'
import type { AnswerFate, WireDoor } from './door.ts'
import type { Break, Message } from './message.ts'
import type { StreamState } from './stream-state.ts'

/** Who is told what comes on a connection. */
export interface Listener {
  /** Tells it of a chunk, or, without one, of what the stream's state says. */
  readonly tell: (chunk?: ArrayBuffer) => unknown
  /** False once the program has closed the connection: then nothing may be told. */
  readonly isThere: () => boolean
}

export class Connection {
  readonly peer: string
  /** Of a broken connection nothing more is heard, and nothing can be sent on it. */
  isBroken = false
  readonly #door: WireDoor
  readonly #state: StreamState
  #unanswered: number[] = []
  /** What came behind an answer that is held back; `undefined` where none is. */
  #held: (() => void)[] | undefined

  constructor(peer: string, door: WireDoor, state: StreamState) {
    this.peer = peer
    this.#door = door
    this.#state = state
  }

  /** Numbers a message of this connection. */
  send(kind: Message['kind'], bytes: number): { m: number; broken: Break | undefined } {
    return this.#door.send({ kind, peer: this.peer, bytes })
  }

  /** The message was handed over: from now on its answer may come. */
  sent(m: number, kind: Message['kind']): void {
    if (kind === 'send') this.#unanswered.push(m)
    this.#door.sent(m)
  }

  /** The connecting ended; `tell` tells the program. */
  connected(m: number, tell: () => void): void {
    this.#meet(this.#door.answered(m, { kind: 'connect' }, 0), tell, () => undefined)
  }

  /** Something came, which `listener` would be told. */
  received(listener: Listener, chunk: ArrayBuffer | undefined): void {
    if (this.isBroken) return
    if (this.#held !== undefined) {
      this.#held.push(this.#kept(listener, chunk))
      return
    }
    const { bytes } = this.#state
    if (bytes <= 0 || this.#unanswered.length === 0) {
      listener.tell(chunk)
      return
    }
    const tell = this.#kept(listener, chunk)
    this.#meet(this.#answer(bytes), tell, (by) => this.break(listener, by))
  }

  /** Ends it for the program: in order (`cut`), or with ECONNRESET. */
  break(listener: Listener, by: Break): void {
    this.isBroken = true
    const { endOfFile, reset } = this.#state.codes
    if (!listener.isThere()) return
    this.#state.put(by === 'cut' ? endOfFile : reset)
    listener.tell()
  }

  /** One chunk answers all messages that wait; the hardest of the fates that faults give them is its own. */
  #answer(bytes: number): AnswerFate {
    const numbers = this.#unanswered
    this.#unanswered = []
    const fates = numbers.map((m) => this.#door.answered(m, { kind: 'send' }, bytes))
    return (
      fates.find(({ kind }) => kind === 'broken') ??
      fates.find(({ kind }) => kind === 'late') ?? { kind: 'delivered' }
    )
  }

  #meet(fate: AnswerFate, tell: () => void, end: (by: Break) => void): void {
    switch (fate.kind) {
      case 'delivered':
        tell()
        return
      case 'broken':
        end(fate.by)
        return
      case 'late':
        this.#held = [tell]
        this.#release(fate.turns)
    }
  }

  /** The chunk as it is told at another time: the state of streams is shared, and by then another's. */
  #kept(listener: Listener, chunk: ArrayBuffer | undefined): () => void {
    const { bytes, offset } = this.#state
    return () => {
      if (!listener.isThere()) return
      this.#state.put(bytes, offset)
      listener.tell(chunk)
    }
  }

  #release(turns: number): void {
    if (turns > 0) {
      nextTurn(() => this.#release(turns - 1))
      return
    }
    const held = this.#held ?? []
    this.#held = undefined
    for (const tell of held) tell()
  }
}
