/**
 * Starts one process: a life, or a verb from outside.
 *
 * Each process leads a group and a session of its own, so that it can be ended with all its descendants, and so that a
 * Ctrl-C in the terminal reaches the harness alone. There is no shell, stdin and stdout are closed, stderr is read for its
 * last words only, and fd 3 is the ledger, opened once per case by the harness and shared.
 *
 * This is the one place that starts processes without execa: its care for streams, errors and shutdown costs 1.2 ms of CPU
 * a start (2.4 ms against 1.1 ms, `bench/live.ts`), most of it for what is not used here, and a campaign starts thousands.
 */
import { spawn } from 'node:child_process'
import { TroubleError } from './trouble.ts'
import { isGroupAlive, killGroup } from './process-state.ts'

/** What to start. */
export interface Launch {
  readonly file: string
  readonly arguments: readonly string[]
  /** The whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
  readonly cwd: string
  /** Descriptor of the case's ledger in this process. */
  readonly ledger: number
  /** Bytes of stderr beyond which its group is killed. */
  readonly stderrBytesMax: number
  /** Whether its group is killed when it ends, as it is when its container is killed. */
  readonly takesGroupAlong: boolean
}

/** How a process ended: exactly one of the two is set. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface LifeProcess {
  readonly pid: number
  /** Resolves when the process is gone and was waited for; never rejects. */
  readonly ended: Promise<ProcessEnd>
  /** Resolves after `ended`, when its group is dead and all that it said was read. */
  readonly reaped: Promise<Reaped>
  /** The last {@link tailBytesMax} bytes of stderr. */
  readonly tail: () => string
}

/** What was left of a process after its end. */
export interface Reaped {
  /** Whether processes of its group outlived it, and were killed. */
  readonly leftGroup: boolean
  /** Bytes that it wrote to stderr. */
  readonly stderrBytes: number
}

/** Bytes of stderr that are kept. */
export const tailBytesMax = 8_192

/**
 * Starts a process.
 *
 * @throws TroubleError `spawn`, asynchronously, where there is nothing to start
 */
export async function launch(order: Launch): Promise<LifeProcess> {
  const child = spawn(order.file, order.arguments, {
    env: order.environment,
    cwd: order.cwd,
    stdio: ['ignore', 'ignore', 'pipe', order.ledger],
    detached: true,
  })
  const { pid, stderr } = child
  if (pid === undefined || stderr === null)
    throw await new Promise<TroubleError>((resolve) =>
      child.once('error', (error) => resolve(spawnError(order, error))),
    )
  const words = new Words()
  stderr.on('data', (chunk: Buffer) => {
    words.add(chunk)
    if (words.bytes > order.stderrBytesMax) killGroup(pid)
  })
  const silent = new Promise<void>((resolve) => void stderr.once('close', resolve))
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const reaped = ended.then(async (): Promise<Reaped> => {
    const leftGroup = order.takesGroupAlong && (await endGroup(pid))
    await Promise.race([silent, afterPendingReads()])
    stderr.destroy()
    return { leftGroup, stderrBytes: words.bytes }
  })
  return { pid, ended, reaped, tail: () => words.text() }
}

function spawnError(order: Launch, error: NodeJS.ErrnoException): TroubleError {
  const { code } = error
  return new TroubleError(
    {
      kind: 'spawn',
      message: `cannot start ${order.file}: ${code ?? error.message}`,
      hint:
        code === 'EAGAIN' || code === 'EMFILE'
          ? 'lower --jobs, or raise the limit on processes and open files (ulimit -u, ulimit -n)'
          : 'check that the file exists, with the program that its first line names, and may be executed',
    },
    error,
  )
}

/** Kills what is left of a group, and waits until it is gone. False where nothing was left. */
async function endGroup(leader: number): Promise<boolean> {
  // One that is dead and was never waited for is left to nobody.
  if (!isGroupAlive(leader)) return false
  killGroup(leader)
  // A process that was sent SIGKILL still shows until the kernel is done with it.
  while (isGroupAlive(leader)) await new Promise<void>((resolve) => setTimeout(resolve, 1))
  return true
}

// A descendant that left the group may hold stderr open for ever: whatever was written before the end is read in two turns.
async function afterPendingReads(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** The last words of a process, in bounded memory. */
class Words {
  bytes = 0
  #chunks: Buffer[] = []
  #kept = 0

  add(chunk: Buffer): void {
    this.bytes += chunk.length
    this.#chunks.push(chunk)
    this.#kept += chunk.length
    if (this.#kept > 8 * tailBytesMax) this.#trim()
  }

  text(): string {
    this.#trim()
    return this.#chunks[0]?.toString('utf8') ?? ''
  }

  #trim(): void {
    const last = Buffer.concat(this.#chunks).subarray(-tailBytesMax)
    this.#chunks = [last]
    this.#kept = last.length
  }
}
