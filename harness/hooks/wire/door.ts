/**
 * The wire door of one thread: numbers its messages, and says what a fault does to them.
 *
 *  W1  Every message passes `send` exactly once, before it is handed over to the kernel, and gets the next number.
 *  W2  Receives have no number of their own, for the kernel may split them: an answer has the number of its message, and only
 *      the first chunk behind a message is its answer. With several messages unanswered, one chunk answers them all.
 *  W3  A fault is written to the ledger before it acts, so a fault that acted is always proven (D3 of the disk door).
 *  W4  A fault that does not fit its message (a refused send, a connecting that is cut) does not fire, and is not proven: the
 *      case is no case.
 *
 * Why numbers of sends are stable: a program decides what it sends, and, where it waits for each answer before the next
 * message, in which order. One that sends on several connections at once orders them as their answers come.
 */
import type { WireAct, WireFault } from '../fault.ts'
import type { Break, Message, WireObserver } from './message.ts'

export interface WireOptions {
  readonly stream: string
  readonly life: number
  readonly faults: readonly WireFault[]
  readonly observer: WireObserver | undefined
  /** Appends a line to the ledger; false where there is none. */
  readonly ledger: (line: string) => boolean
  readonly signal: (name: 'SIGKILL' | 'SIGSTOP') => void
}

/** What becomes of an answer. */
export type AnswerFate =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'broken'; readonly by: Break }
  /** Held back for so many turns of the event loop. */
  | { readonly kind: 'late'; readonly turns: number }

const delivered: AnswerFate = { kind: 'delivered' }

export class WireDoor {
  /** Messages numbered so far. */
  count = 0
  readonly #options: WireOptions
  readonly #faults: readonly WireFault[]
  readonly #fired = new Set<WireFault>()

  constructor(options: WireOptions) {
    this.#options = options
    this.#faults = options.faults.filter(({ at }) => at.stream === options.stream)
  }

  /** Numbers a message. `broken` says that it is not to be handed over, and what happens to its connection. */
  send(message: Message): { readonly m: number; readonly broken: Break | undefined } {
    const m = ++this.count
    this.#options.observer?.message(m, message)
    let broken: Break | undefined
    for (const fault of this.#at(m, 'before')) {
      const { act } = fault
      if (act === 'kill') this.#die(fault)
      if (act === 'stop') this.#stop(fault)
      if (!breaks(act) || !fits(act, message)) continue
      this.#prove(fault)
      broken = act
    }
    return { m, broken }
  }

  /** The message was handed over. */
  sent(m: number): void {
    for (const fault of this.#at(m, 'after')) {
      if (fault.act === 'kill') this.#die(fault)
      if (fault.act === 'stop') this.#stop(fault)
    }
  }

  /** Its answer is here, and the program has not seen it. */
  answered(m: number, { kind }: Pick<Message, 'kind'>, bytes: number): AnswerFate {
    this.#options.observer?.answer(m, bytes)
    let fate = delivered
    for (const fault of this.#at(m, 'after')) {
      const { act } = fault
      if (act === 'kill-answered') this.#die(fault)
      if (act === 'delay') fate = { kind: 'late', turns: fault.turns }
      else if ((act === 'cut' || act === 'reset') && kind === 'send')
        fate = { kind: 'broken', by: act }
      else continue
      this.#prove(fault)
    }
    return fate
  }

  #at(m: number, phase: 'before' | 'after'): readonly WireFault[] {
    if (this.#faults.length === 0) return this.#faults
    return this.#faults.filter(
      (fault) => fault.at.n === m && fault.phase === phase && !this.#fired.has(fault),
    )
  }

  #die(fault: WireFault): never {
    this.#prove(fault)
    for (;;) this.#options.signal('SIGKILL')
  }

  #stop(fault: WireFault): void {
    this.#prove(fault)
    this.#options.signal('SIGSTOP')
  }

  #prove(fault: WireFault): void {
    const { life, stream, ledger, observer } = this.#options
    this.#fired.add(fault)
    observer?.wireFault(fault.at.n, fault.text)
    ledger(
      `${JSON.stringify({ mark: 'fault', life, fault: fault.text, stream, op: fault.at.n })}\n`,
    )
  }
}

function breaks(act: WireAct): act is Break {
  return act === 'cut' || act === 'reset' || act === 'refuse'
}

/** Only a connecting can be refused, and it cannot be cut: there is no connection yet. */
function fits(act: Break, { kind }: Message): boolean {
  return kind === 'connect' ? act !== 'cut' : act !== 'refuse'
}
