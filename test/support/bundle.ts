/**
 * Fixture programs for tests with real processes: bundled once, so that each process starts as fast as plain Node.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { build } from 'esbuild'

/** Bundles the TypeScript program at `source` and resolves with the path of a module to run. */
export async function bundle(source: URL, directory: string): Promise<string> {
  const outfile = path.join(directory, `${path.basename(source.pathname, '.ts')}.mjs`)
  await build({
    entryPoints: [source.pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  return outfile
}

/** A directory for one test file. */
export function temporaryDirectory(name: string): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `killpoint-${name}-`))
}

/** A running fixture that is spoken to line by line. */
export class FixtureProcess {
  readonly pid: number
  /** Resolves with the exit code, or the signal. */
  readonly exit: Promise<number | NodeJS.Signals>
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const { pid, stdout } = this.#child
    if (pid === undefined || stdout === null) throw new Error(`could not start ${program}`)
    this.pid = pid
    this.#lines = readline.createInterface({ input: stdout })[Symbol.asyncIterator]()
    this.exit = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => resolve(code ?? signal ?? 0))
    })
  }

  /** The next line that it printed, as JSON. */
  async next(): Promise<unknown> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the fixture ended')
    return JSON.parse(value) as unknown
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** Resolves once the process is stopped by a signal. Linux only. */
export async function stopped(pid: number): Promise<void> {
  for (;;) {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return
    await new Promise(setImmediate)
  }
}
