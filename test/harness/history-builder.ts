/**
 * Histories by hand, one call per mark.
 *
 *   const story = new Story()
 *   const one = story.start()
 *   one.open(1).commit('r1').effect('a').killed('K7')
 *   story.start().open(2, 'r1') …
 *   story.history()
 */
import { historyOfMarks } from '../../harness/history.ts'
import type { History } from '../../harness/history.ts'
import type { Mark, MarkBody, StepState } from '../../harness/mark.ts'

type Details<Name extends MarkBody['mark']> = Partial<
  Omit<Extract<MarkBody, { readonly mark: Name }>, 'mark'>
>
type LifeMark = Extract<Mark, { readonly mark: 'life' }>

/** A ledger that grows mark by mark. */
export class Story {
  readonly marks: Mark[] = []
  #lives = 0
  #nonces = 0

  /** Starts the next life. */
  start(details: Partial<Omit<LifeMark, 'mark' | 'life'>> = {}): Teller {
    this.#lives += 1
    const life = this.#lives
    this.marks.push({
      life,
      mark: 'life',
      pid: 100 + life,
      verb: 'run',
      takeover: 'if-dead',
      clockMs: 1000,
      realMs: 0,
      ...details,
    })
    return new Teller(this, life)
  }

  nonce(): string {
    this.#nonces += 1
    return `n${this.#nonces}`
  }

  history(): History {
    return historyOfMarks(this.marks)
  }
}

/** One life, telling what happens in it. */
export class Teller {
  readonly life: number
  readonly #story: Story
  #epoch: number

  constructor(story: Story, life: number) {
    this.#story = story
    this.life = life
    this.#epoch = life
  }

  mark(body: MarkBody): this {
    this.#story.marks.push({ life: this.life, ...body })
    return this
  }

  /** Begins, owns the run in `epoch` and finds these records. */
  open(epoch: number, ...hashes: readonly string[]): this {
    this.#epoch = epoch
    return this.mark({ mark: 'begin' })
      .mark({ mark: 'resolved', epoch })
      .mark({ mark: 'recovered', epoch, hashes })
  }

  /** Begins and owns the run, without a word on records. */
  own(epoch: number): this {
    return this.mark({ mark: 'begin' }).owns(epoch)
  }

  /** Owns the run from here on. */
  owns(epoch: number): this {
    this.#epoch = epoch
    return this.mark({ mark: 'resolved', epoch })
  }

  /** One batch is handed over. */
  append(...hashes: readonly string[]): this {
    return this.mark({ mark: 'appending', epoch: this.#epoch, hashes })
  }

  ack(...hashes: readonly string[]): this {
    return this.mark({ mark: 'ack', epoch: this.#epoch, hashes })
  }

  /** One batch is handed over and acknowledged. */
  commit(...hashes: readonly string[]): this {
    return this.append(...hashes).ack(...hashes)
  }

  effect(step: string, details: Details<'effect'> = {}): this {
    return this.mark({
      mark: 'effect',
      step,
      effect: 'keyed',
      key: `k/${step}`,
      args: `h/${step}`,
      epoch: this.#epoch,
      attempt: 1,
      ...details,
      nonce: details.nonce ?? this.#story.nonce(),
    })
  }

  observed(step: string, nonce: string, state: StepState = 'done'): this {
    return this.mark({ mark: 'observed', step, nonce, state })
  }

  /** An effect and its committed result. */
  step(step: string, details: Details<'effect'> = {}): this {
    const nonce = details.nonce ?? this.#story.nonce()
    return this.effect(step, { ...details, nonce }).observed(step, nonce)
  }

  done(outcome: Readonly<Record<string, string>> = {}, details: Details<'done'> = {}): this {
    return this.mark({ mark: 'done', status: 'done', outcome, ...details })
  }

  refused(code: string, where: 'open' | 'append' = 'open'): this {
    return this.mark({
      mark: 'refused',
      at: where,
      code,
      ...(where === 'append' ? { epoch: this.#epoch } : {}),
    })
  }

  fault(fault: string, op = 1): this {
    this.#story.marks.push({ life: this.life, mark: 'fault', fault, stream: '1', op })
    return this
  }

  exit(code: number, realMs = 0): this {
    this.#story.marks.push({ life: this.life, mark: 'exit', code, signal: null, realMs })
    return this
  }

  /** A fault that ends the life fires, and it ends. */
  killed(fault = 'K1', realMs = 0): this {
    this.fault(fault)
    return this.died(realMs)
  }

  died(realMs = 0): this {
    this.#story.marks.push({ life: this.life, mark: 'exit', code: null, signal: 'SIGKILL', realMs })
    return this
  }

  stopped(): this {
    this.#story.marks.push({ life: this.life, mark: 'stopped' })
    return this
  }

  continued(): this {
    this.#story.marks.push({ life: this.life, mark: 'continued' })
    return this
  }

  wedged(confirmed: boolean): this {
    this.#story.marks.push({ life: this.life, mark: 'wedged', quietMs: 1000, confirmed })
    return this
  }
}
