/**
 * The harness's side of the warden (`warden-main.ts`): starts it, tells it which groups live, and orders shots.
 */
import type { ChildProcess } from 'node:child_process'
import { execa } from 'execa'
import { buildProgram } from '../own-programs.ts'
import { startFlags } from './node-flags.ts'
import { TroubleError } from './trouble.ts'
import type { Trouble } from './trouble.ts'

/** Whom and when to kill. */
export interface Shot {
  /** A process that is held: it is let go on. */
  readonly pid: number
  /** Microseconds that it has then. */
  readonly spinUs: number
  /** A file that grows when it moves: its time begins only then. */
  readonly sign?: string
  /** Its whole group dies, at that moment. */
  readonly takesGroup?: boolean
  /** The file that the native hooks of its life share: whoever is not in the group dies at its next op. */
  readonly nativeState?: string
}

const findsByMarker = process.platform === 'linux'

export class Warden {
  readonly #child: ChildProcess
  readonly #answers = new Map<string, (fell: boolean) => void>()
  #shots = 0
  #lost = false

  private constructor(child: ChildProcess) {
    this.#child = child
    child.once('exit', () => this.#lose())
    // A warden that is gone cannot be told anything: its exit says so, and the write's own error adds nothing.
    child.stdin?.on('error', () => this.#lose())
    this.#listen()
    this.#hold(false)
  }

  /** Starts one for a campaign; it removes `scratch` if the harness dies. */
  static async start(campaign: string, scratch: string): Promise<Warden> {
    const file = await buildProgram(new URL('./warden-main', import.meta.url))
    const child = execa(process.execPath, [...(await startFlags()), file, campaign, scratch], {
      stdio: ['pipe', 'pipe', 'inherit'],
      extendEnv: false,
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
    })
    return new Warden(child)
  }

  /**
   * Tells that a group lives, from now on. Not needed where the warden finds processes by their marker, and two writes a life
   * are dear.
   *
   * @throws TroubleError `died` where the warden itself is gone
   */
  began(pid: number): void {
    if (this.#lost) throw new TroubleError(lostTrouble)
    if (!findsByMarker) this.#tell(`+ ${pid}`)
  }

  /** Tells that a group is gone. */
  ended(pid: number): void {
    if (!findsByMarker) this.#tell(`- ${pid}`)
  }

  /**
   * Orders a shot. `fell` resolves with whether it was fired; it waits until then, or until `callOff`, which is always safe.
   */
  shoot(shot: Shot): { readonly fell: Promise<boolean>; readonly callOff: () => void } {
    const id = String((this.#shots += 1))
    const fell = new Promise<boolean>((resolve) => this.#answers.set(id, resolve))
    this.#hold(true)
    this.#tell(`? ${id} ${JSON.stringify(shot)}`)
    return { fell, callOff: () => this.#tell(`! ${id}`) }
  }

  /** Ends it in order; the campaign has cleaned up itself. */
  async stop(): Promise<void> {
    if (this.#lost) return
    const gone = new Promise<void>((resolve) => void this.#child.once('exit', () => resolve()))
    this.#child.ref()
    this.#child.stdin?.end('.\n')
    await gone
  }

  #tell(line: string): void {
    if (!this.#lost) this.#child.stdin?.write(`${line}\n`)
    else this.#answerAll()
  }

  #listen(): void {
    let rest = ''
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [word, id = ''] = line.split(' ')
        this.#answer(id, word === '=')
      }
    })
  }

  #answer(id: string, fell: boolean): void {
    this.#answers.get(id)?.(fell)
    this.#answers.delete(id)
    if (this.#answers.size === 0) this.#hold(false)
  }

  #lose(): void {
    this.#lost = true
    this.#answerAll()
  }

  #answerAll(): void {
    for (const id of this.#answers.keys()) this.#answer(id, false)
  }

  /** Only an answer that is waited for keeps the harness alive: its end is what the warden itself waits for. */
  #hold(alive: boolean): void {
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout] as Handle[])
      if (alive) handle.ref?.()
      else handle.unref?.()
  }
}

/** What Node's process and pipe handles have, and its stream types leave out. */
interface Handle {
  readonly ref?: () => void
  readonly unref?: () => void
}

const lostTrouble: Trouble = {
  kind: 'died',
  message: "the harness's own warden process is gone",
  hint: 'run it again; something on this host killed it',
}
