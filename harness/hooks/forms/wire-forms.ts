/**
 * Ways to talk over a connection, each with the messages that the wire door must see. The server is in the same process: what it
 * accepts and sends is none of the messages.
 */
import http from 'node:http'
import net from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'

/** One way. */
export interface WireForm {
  readonly name: string
  /** As the door tells them: kind, and the bytes of what is sent where the form decides them. */
  readonly messages: readonly string[]
  /** Talks, and resolves when all that was opened is closed. `directory`: for the path of a socket. */
  readonly run: (directory: string) => Promise<void>
}

/** What is sent, twice. */
const text = 'message\n'

const preShared = {
  ciphers: 'PSK',
  maxVersion: 'TLSv1.2',
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ psk: Buffer.alloc(16, 1), identity: 'test' }),
} as const

/** All of them. */
export const wireForms: readonly WireForm[] = [
  socketForm('net', (place) => net.connect(place)),
  socketForm('a Unix socket', (place) => net.connect(place), 'socket'),
  socketForm('several chunks in one write', (place) => net.connect(place), 'corked'),
  socketForm('tls', (place) => tls.connect({ ...place, ...preShared }), 'tls'),
  { name: 'http', messages: ['connect', 'send', 'send'], run: overHttp },
  { name: 'fetch', messages: ['connect', 'send'], run: overFetch },
]

type Place = { readonly host: string; readonly port: number } | { readonly path: string }

function socketForm(
  name: string,
  connect: (place: { host: string; port: number } & { path: string }) => net.Socket,
  how: 'plain' | 'socket' | 'corked' | 'tls' = 'plain',
): WireForm {
  const messages = ['connect', `send ${text.length}`, `send ${text.length}`]
  return {
    name,
    messages,
    run: async (directory) => {
      const echo = (socket: net.Socket): unknown => socket.pipe(socket)
      const server =
        how === 'tls'
          ? tls.createServer({ ...preShared, pskCallback: () => Buffer.alloc(16, 1) }, echo)
          : net.createServer(echo)
      const place = await listening(server, how === 'socket' ? join(directory, 's') : undefined)
      const socket = connect(place as never)
      await talk(socket, how === 'corked')
      await closed(server)
    },
  }
}

async function talk(socket: net.Socket, isCorked: boolean): Promise<void> {
  for (let n = 0; n < 2; n++) {
    const answered = new Promise((resolve, reject) => {
      socket.once('data', resolve)
      socket.once('error', reject)
    })
    if (isCorked) {
      socket.cork()
      socket.write(text.slice(0, 3))
      socket.write(Buffer.from(text.slice(3)))
      socket.uncork()
    } else socket.write(text)
    await answered
  }
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.end()
  await ended
}

async function overHttp(): Promise<void> {
  const server = http.createServer((_, response) => response.end('answer'))
  const place = (await listening(server)) as { host: string; port: number }
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  for (let n = 0; n < 2; n++)
    await new Promise((resolve, reject) => {
      const request = http.request({ ...place, agent }, (response) => {
        response.resume()
        response.once('end', resolve)
      })
      request.once('error', reject)
      request.end()
    })
  agent.destroy()
  await closed(server)
}

async function overFetch(): Promise<void> {
  const server = http.createServer((_, response) => response.end('answer'))
  const place = (await listening(server)) as { host: string; port: number }
  const response = await fetch(`http://${place.host}:${place.port}/`)
  await response.text()
  server.closeAllConnections()
  await closed(server)
}

async function listening(server: Server, path?: string): Promise<Place> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    if (path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  if (path !== undefined) return { path }
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()))
}
