/**
 * Restate's server as a service: a fresh base directory for each case, killed as a crash would, started again over the same data. It
 * listens on the loopback address only, on ports that were free; one more is kept for the worker, whose address must stay the same over its
 * lives.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { RunningService, Service } from 'killpoint'

/** Told to each life. */
export const restateVariables = {
  ingress: 'RESTATE_INGRESS_URL',
  admin: 'RESTATE_ADMIN_URL',
  workerPort: 'RESTATE_WORKER_PORT',
} as const

/** The server that is installed beside this `package.json`: the binary of the package for this platform. */
export function restateServer(manifest: string): Service {
  return {
    name: 'restate',
    scope: 'case',
    start: async (directory, environment) =>
      await startRestate(directory, binaryOf(manifest), environment),
  }
}

type Variables = Readonly<Record<string, string>>

interface Place {
  /** By which its process is found. */
  readonly environment: Variables
  readonly binary: string
  readonly root: string
  readonly ports: Ports
}

interface Ports {
  readonly fabric: number
  readonly ingress: number
  readonly admin: number
  readonly worker: number
}

async function startRestate(
  directory: string,
  binary: string,
  environment: Variables = {},
): Promise<RunningService> {
  const root = mkdtempSync(join(directory, 'restate-'))
  const [fabric = 0, ingress = 0, admin = 0, worker = 0] = await freePorts(4)
  const ports = { fabric, ingress, admin, worker }
  writeFileSync(join(root, 'restate.toml'), settings(ports))
  const place = { binary, root, ports, environment }
  let server = await startServer(place)
  return {
    environment: {
      [restateVariables.ingress]: urlOf(ingress),
      [restateVariables.admin]: urlOf(admin),
      [restateVariables.workerPort]: String(worker),
    },
    pid: () => server.pid,
    kill: async () => await end(server),
    restart: async () => {
      server = await startServer(place)
    },
    stop: async () => {
      await end(server)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/**
 * One node of one partition. A worker that was killed is back in tenths of a second, so that is how often it is tried; the default begins
 * with half a second, doubles it up to a minute, and pauses the invocation for good after 70 attempts.
 */
function settings({ fabric, ingress, admin }: Ports): string {
  return `
listen-mode = "tcp"
bind-ip = "127.0.0.1"
bind-port = ${fabric}
advertised-host = "127.0.0.1"
node-name = "node"
default-num-partitions = 1
disable-telemetry = true
disable-prometheus = true
log-disable-ansi-codes = true
rocksdb-total-memory-size = "64.0 MiB"

[default-retry-policy]
initial-interval = "50ms"
exponentiation-factor = 1.5
max-interval = "200ms"
max-attempts = 1000000

[admin]
bind-ip = "127.0.0.1"
bind-port = ${admin}
disable-web-ui = true

[ingress]
bind-ip = "127.0.0.1"
bind-port = ${ingress}
`
}

async function startServer({ binary, root, ports, environment }: Place): Promise<ChildProcess> {
  const health = [`${urlOf(ports.ingress)}/restate/health`, `${urlOf(ports.admin)}/health`]
  const options = ['--no-logo', '--config-file', 'restate.toml', '--base-dir', 'data']
  const server = spawn(binary, options, {
    cwd: root,
    env: { PATH: process.env['PATH'], DO_NOT_TRACK: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let failed: Error | undefined
  server.once('error', (error) => (failed = error))
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-10_000)))
  const isOver = (): boolean => server.exitCode !== null || server.signalCode !== null
  while ((await Promise.all(health.map(answers))).includes(false)) {
    if (failed !== undefined) throw failed
    if (isOver())
      throw new Error(`restate-server ended with ${server.exitCode ?? server.signalCode}: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return server
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.ok
  } catch {
    // It does not listen yet.
    return false
  }
}

function binaryOf(manifest: string): string {
  const server = createRequire(
    createRequire(manifest).resolve('@restatedev/restate-server/package.json'),
  )
  return server.resolve(
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  )
}

function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('close', () => resolve())
    server.kill('SIGKILL')
  })
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

/**
 * Below those that the system gives out by itself: while the server is away, no connection of somebody else's may come from its port, and
 * none of who looks for it may meet itself. All are held at once, so that no two are the same.
 */
async function freePorts(count: number): Promise<readonly number[]> {
  const held = new Map<number, ReturnType<typeof createServer>>()
  while (held.size < count) {
    const port = portsFrom + Math.floor(Math.random() * (portsTo - portsFrom))
    const server = held.has(port) ? undefined : await listen(port)
    if (server !== undefined) held.set(port, server)
  }
  await Promise.all([...held.values()].map((each) => new Promise((resolve) => each.close(resolve))))
  return [...held.keys()]
}

const portsFrom = 12_000
const portsTo = 32_000

/** `undefined` where the port is taken. */
function listen(port: number): Promise<ReturnType<typeof createServer> | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
