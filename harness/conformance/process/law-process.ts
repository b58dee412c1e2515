/**
 * A backend in a process of its own, as the laws hold it: each call goes over, and what comes back is as if it had been made here.
 *
 *  1  Calls go over in the order in which they are made, and what they are given is copied when they are made.
 *  2  A kill is SIGKILL. No call goes over to any process of the place before whoever was killed is gone: what a dying process
 *     still does to the disk, it did before.
 *  3  A call ends: with what the backend gave or threw, with the end of its process, or after {@link callMsMax}.
 *  4  The same error object over there is the same error object here.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Identity, OwnerIdentity } from '../../../src/identity.ts'
import type { Durability, Journal, JournalBackend, RecordBody } from '../../../src/journal.ts'

import type { Ability } from '../law-subject.ts'
import { loggedBelow } from './native-look.ts'
import { pack, type Answer, type Call, type Order, type PackedError } from './messages.ts'

/** How such a process is started, and what is known of the backend in it. */
export interface LawProgram {
  readonly file: string
  readonly arguments: readonly string[]
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly name: string
  readonly durability: Durability
  /** Of the backend, and of a process over it. */
  readonly abilities: ReadonlySet<Ability>
  /** The native hooks: its processes are logged below them. */
  readonly native?: string
}

/** Milliseconds that a call may take while nobody disturbs it. */
const callMsMax = 10_000

/** Logs of this process so far: each has a directory of its own. */
let logCount = 0

/** Bytes of its last words that are kept. */
const wordsMax = 2_000

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
}

type Sent = Call extends infer Each
  ? Each extends { id: number }
    ? Omit<Each, 'id'>
    : never
  : never

export class RemoteProcess {
  /** Resolves when it is gone. */
  readonly ended: Promise<void>
  /** Directory of what the native hooks log of it. */
  readonly log: string | undefined
  readonly backend: JournalBackend
  readonly #child: ChildProcess
  readonly #identity: Identity
  readonly #mayGo: () => Promise<void>
  readonly #waiting = new Map<number, Waiting>()
  readonly #errors = new Map<number, Error>()
  #order: Promise<void> = Promise.resolve()
  #words = ''
  #calls = 0
  #end: string | undefined

  /** `mayGo` resolves when a call may go over (2). */
  constructor(
    program: LawProgram,
    begin: { readonly dir: string; readonly self: OwnerIdentity; readonly seed: string },
    identity: Identity,
    mayGo: () => Promise<void>,
  ) {
    this.#identity = identity
    this.#mayGo = mayGo
    const { native } = program
    this.log = native === undefined ? undefined : `${begin.dir}.${logCount++}`
    const more = this.log === undefined ? {} : loggedBelow(native ?? '', begin.dir, this.log)
    this.#child = spawn(program.file, program.arguments, {
      env: { ...program.environment, ...more },
      cwd: begin.dir,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#words = `${this.#words}${String(chunk)}`.slice(-wordsMax)
    })
    this.#child.on('message', (answer: Answer) => this.#take(answer))
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#ends(how)
        resolve()
      }
      this.#child.once('error', (error) => end(`it cannot be started: ${error.message}`))
      this.#child.once('close', (code, signal) => end(`its process ended with ${signal ?? code}`))
    })
    this.#send({ kind: 'begin', ...begin })
    this.backend = this.#backendOf(program)
  }

  /** Ends it here and now (2). */
  kill(): void {
    this.#ends('its process was killed')
    this.#child.kill('SIGKILL')
  }

  fail(what: 'write' | 'sync', nth: number): void {
    void this.#inOrder(() => this.#send({ kind: 'fail', what, nth }))
  }

  /** Asks it. */
  call(call: Sent): Promise<unknown> {
    const id = ++this.#calls
    return new Promise((resolve, reject) => {
      const late = (): void => {
        this.#waiting.delete(id)
        reject(new Error(`nothing came of ${nameOf(call)} in ${callMsMax / 1_000} s`))
      }
      this.#waiting.set(id, { resolve, reject, timer: setTimeout(late, callMsMax) })
      if (this.#end !== undefined) this.#ends(this.#end)
      void this.#inOrder(() => {
        if (this.#waiting.has(id)) this.#send({ id, ...call })
      })
    })
  }

  #backendOf({ name, durability, abilities }: LawProgram): JournalBackend {
    const on =
      (member: 'open' | 'read' | 'salvage' | 'list') =>
      (...values: readonly unknown[]): Promise<unknown> =>
        this.call({ kind: 'backend', member, values: copied(values) })
    const list = async function* (): AsyncIterable<never> {
      yield* (await on('list')()) as readonly never[]
    }
    return {
      name,
      durability,
      open: async (...args) => this.#journalOf(await on('open')(...args)),
      read: on('read') as JournalBackend['read'],
      ...(abilities.has('salvage') ? { salvage: on('salvage') as never } : {}),
      ...(abilities.has('list') ? { list } : {}),
    }
  }

  #journalOf(answer: unknown): Journal {
    const { journal, ...rest } = answer as Omit<Journal, 'append' | 'close'> & { journal: number }
    const on = (member: 'append' | 'close', values: readonly unknown[]): Promise<unknown> =>
      this.call({ kind: 'journal', journal, member, values: copied(values) })
    return {
      ...rest,
      append: (bodies: readonly RecordBody[]) => on('append', [bodies]) as Promise<number>,
      close: () => on('close', []) as Promise<void>,
    }
  }

  /** 1, 2. */
  #inOrder(go: () => void): Promise<void> {
    this.#order = this.#order.then(this.#mayGo).then(go)
    return this.#order
  }

  #send(order: Order): void {
    if (this.#end === undefined && this.#child.connected) this.#child.send(order)
  }

  #take(answer: Answer): void {
    if (answer.kind === 'liveness') {
      const { id, owner } = answer
      void this.#identity
        .liveness(owner)
        .then((liveness) => this.#send({ kind: 'liveness', id, liveness }))
      return
    }
    const waiting = this.#waiting.get(answer.id)
    if (waiting === undefined) return
    this.#waiting.delete(answer.id)
    clearTimeout(waiting.timer)
    if (answer.kind === 'done') waiting.resolve(answer.value)
    else waiting.reject(this.#errorOf(answer.error))
  }

  #ends(how: string): void {
    this.#end ??= how
    // Lines of a bundle are long, and say nothing.
    const lines = this.#words.split('\n').filter((line) => line.trim() !== '' && line.length < 300)
    const words = lines.slice(0, 6).join('\n')
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(new Error(words === '' ? this.#end : `${this.#end}; its last words:\n${words}`))
    }
    this.#waiting.clear()
  }

  /** 4. */
  #errorOf({ identity, isError, name, message, cause, ...more }: PackedError): Error {
    const known = this.#errors.get(identity)
    if (known !== undefined) return known
    const text = isError
      ? message
      : `the ${name} ${JSON.stringify(message)} was thrown, which is no Error`
    const error = Object.assign(new Error(text), more)
    error.name = isError ? name : 'Error'
    if (identity !== 0) this.#errors.set(identity, error)
    if (cause !== undefined) error.cause = this.#errorOf(cause)
    return error
  }
}

/** What is given, as it is now. */
function copied(values: readonly unknown[]): readonly unknown[] {
  return structuredClone(values.map(pack))
}

function nameOf(call: Sent): string {
  return 'member' in call ? call.member : call.kind
}
