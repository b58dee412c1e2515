/**
 * The example as its users have it: a process on a folder of files, killed and started again.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

/** How one process ended and what it said. */
export interface Life {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly error: string
  /** Tool calls that began, in order: name and path. */
  readonly calls: readonly string[]
  /** Those of them that it called repeated. */
  readonly repeated: readonly string[]
  /** What it said when it began. */
  readonly resumed: Resumed | undefined
}

interface Resumed {
  readonly iteration: number
  readonly planned: number | undefined
  readonly kept: number
  readonly repeated: number
}

export interface StartOptions {
  readonly args?: readonly string[]
  readonly killAt?: string
  /** User id, where the test may choose one. */
  readonly uid?: number
}

/** A directory of its own with the bundled example, input folders and stores. */
export class Desk {
  readonly root: string
  readonly input: string
  private count = 0

  private constructor(root: string) {
    this.root = root
    this.input = join(root, 'library')
  }

  static async open(): Promise<Desk> {
    const desk = new Desk(await mkdtemp(join(tmpdir(), 'killpoint-example-')))
    await build({
      entryPoints: ['examples/agent/main.ts'],
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      outfile: join(desk.root, 'main.mjs'),
      logLevel: 'error',
    })
    return desk
  }

  async close(): Promise<void> {
    await rm(this.root, { recursive: true, force: true })
  }

  /** A new store, below nothing that another test uses. */
  store(): Store {
    this.count += 1
    return new Store(this, join(this.root, `store-${this.count}`))
  }

  /** Writes files below the root; a path that ends with `/` is a directory. */
  async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const full = join(this.root, path)
      await mkdir(path.endsWith('/') ? full : dirname(full), { recursive: true })
      if (!path.endsWith('/')) await writeFile(full, content)
    }
  }
}

/** Where one run and its report are kept. */
export class Store {
  readonly desk: Desk
  readonly dir: string
  readonly reportPath: string
  private lives = 0

  constructor(desk: Desk, dir: string) {
    this.desk = desk
    this.dir = dir
    this.reportPath = join(dir, 'example.md')
  }

  report(): Promise<string> {
    return readFile(this.reportPath, 'utf8')
  }

  /** Starts the example and waits for its end. Its output goes to files: they keep what a killed process said. */
  async live(options: StartOptions = {}): Promise<Life> {
    this.lives += 1
    const out = `${this.dir}.${this.lives}.out`
    const error = `${this.dir}.${this.lives}.err`
    const fds = [openSync(out, 'w'), openSync(error, 'w')] as const
    const child = this.spawn(options, ['ignore', ...fds])
    const end = await endOf(child)
    for (const fd of fds) closeSync(fd)
    return lifeOf(end, await readFile(out, 'utf8'), await readFile(error, 'utf8'))
  }

  /** Starts the example, calls `act` as soon as its output matches, and waits for its end. */
  async liveUntil(
    pattern: RegExp,
    act: (child: ChildProcess) => Promise<void> | void,
    options: StartOptions = {},
  ): Promise<Life> {
    const child = this.spawn(options, ['ignore', 'pipe', 'pipe'])
    let out = ''
    let error = ''
    let acting: Promise<void> | undefined
    child.stderr?.on('data', (data: Buffer) => (error += data.toString()))
    child.stdout?.on('data', (data: Buffer) => {
      out += data.toString()
      if (pattern.test(out)) acting ??= Promise.resolve(act(child))
    })
    const end = await endOf(child)
    await acting
    return lifeOf(end, out, error)
  }

  private spawn(
    { args = [], killAt, uid }: StartOptions,
    stdio: ['ignore', number | 'pipe', number | 'pipe'],
  ): ChildProcess {
    const input = args.includes('--input') ? [] : ['--input', this.desk.input]
    const main = join(this.desk.root, 'main.mjs')
    return spawn(process.execPath, [main, '--verbose', '--dir', this.dir, ...input, ...args], {
      stdio,
      env: { ...process.env, ...(killAt === undefined ? {} : { EXAMPLE_KILL_AT: killAt }) },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
  }
}

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

const callPattern =
  /^ {8}((?:list_folders|read_file|count_words|summarise|write_report)\b.*?)(  \(repeated\))?$/gm
const resumedPattern =
  /^resumed at iteration (\d+)(?: of (\d+))?, (\d+) tool calls? kept, (\d+) repeated$/m

function lifeOf(end: End, out: string, error: string): Life {
  const calls = [...out.matchAll(callPattern)]
  const [line, iteration, planned, kept, repeated] = resumedPattern.exec(out) ?? []
  return {
    ...end,
    out,
    error,
    calls: calls.map(([, call]) => call ?? ''),
    repeated: calls.filter(([, , mark]) => mark !== undefined).map(([, call]) => call ?? ''),
    resumed:
      line === undefined
        ? undefined
        : {
            iteration: Number(iteration),
            planned: planned === undefined ? undefined : Number(planned),
            kept: Number(kept),
            repeated: Number(repeated),
          },
  }
}
