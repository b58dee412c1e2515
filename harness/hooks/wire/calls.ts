/**
 * Hooks the calls by which Node hands messages to the kernel and gets answers from it: `net`, and what is built upon it
 * (`tls`, `http`, `fetch`, database clients), passes here whatever form the program uses, and whenever it took it.
 *
 *  1  A connection is one that the program opened. Those that it accepted, and the pipes to its children, are left alone.
 *  2  Over TLS a message is what the program wrote, not the records that it became; the handshake is none.
 *  3  What is not a connection's passes the hooks with nothing done: the price is one look into a map.
 *
 * Not seen: datagrams, HTTP/2 beyond the connecting (its frames are made in C++), and sockets of native addons.
 */
import { Buffer } from 'node:buffer'
import { internalBinding, replace } from '../binding.ts'
import type { Undo } from '../binding.ts'
import { nextTurn } from '../later.ts'
import { Connection } from './connection.ts'
import type { Listener } from './connection.ts'
import type { WireDoor } from './door.ts'
import { StreamState } from './stream-state.ts'
import type { ErrorNumbers, StreamBinding } from './stream-state.ts'

type Prototype = Record<string, unknown>
type Class = { readonly prototype: Prototype }

/** The kernel's stream as JavaScript holds it. */
interface Handle {
  onread?: unknown
  /** Of a TLS stream: what it runs over. */
  readonly _parent?: object
}

interface ConnectRequest {
  oncomplete?: (this: unknown, status: number, ...rest: unknown[]) => unknown
}

/** Hooks the connections of this thread; the result undoes it. */
export function hookWireCalls(door: WireDoor): Undo[] {
  const { TCP } = internalBinding('tcp_wrap') as { TCP: Class }
  const { Pipe } = internalBinding('pipe_wrap') as { Pipe: Class }
  const { TLSWrap } = internalBinding('tls_wrap') as { TLSWrap: Class }
  const state = new StreamState(
    internalBinding('stream_wrap') as StreamBinding,
    internalBinding('uv') as ErrorNumbers,
  )
  const wire = new Wire(door, state)
  const streams = Object.getPrototypeOf(TCP.prototype) as Prototype
  return [
    ...['connect', 'connect6'].map((name) => wire.hookConnect(TCP.prototype, name)),
    wire.hookConnect(Pipe.prototype, 'connect'),
    ...[streams, TLSWrap.prototype].flatMap((prototype) =>
      Object.keys(byteCounts).map((name) => wire.hookWrite(prototype, name)),
    ),
  ]
}

class Wire {
  readonly #door: WireDoor
  readonly #state: StreamState
  readonly #connections = new WeakMap<object, Connection>()
  readonly #listeners = new WeakMap<object, Listener>()

  constructor(door: WireDoor, state: StreamState) {
    this.#door = door
    this.#state = state
  }

  hookConnect(prototype: Prototype, name: string): Undo {
    const open = this.#open.bind(this)
    return replace(prototype, name, (original) => {
      return function connect(this: unknown, ...args: unknown[]): unknown {
        return open(this as Handle, args, () => Reflect.apply(original, this, args))
      }
    })
  }

  hookWrite(prototype: Prototype, name: string): Undo {
    const write = this.#write.bind(this)
    const connectionOf = this.#connectionOf.bind(this)
    const bytesOf = byteCounts[name] ?? none
    return replace(prototype, name, (original) => {
      return function hooked(this: unknown, ...args: unknown[]): unknown {
        const run = (): unknown => Reflect.apply(original, this, args)
        const connection = connectionOf(this as Handle)
        if (connection === undefined) return run()
        return write(this as Handle, connection, bytesOf(args[1], args[2]), run)
      }
    })
  }

  #open(handle: Handle, args: readonly unknown[], run: () => unknown): unknown {
    const request = args[0] as ConnectRequest
    const peer = args.slice(1, 3).filter(isPlace).join(':')
    const connection = new Connection(peer, this.#door, this.#state)
    const { m, broken } = connection.send('connect', 0)
    if (broken !== undefined) {
      const { refused, reset } = this.#state.codes
      const status = broken === 'refuse' ? refused : reset
      nextTurn(() => request.oncomplete?.call(request, status, handle, request, false, false))
      return 0
    }
    this.#connections.set(handle, connection)
    this.#listen(handle, connection)
    const complete = request.oncomplete
    request.oncomplete = (...told) => connection.connected(m, () => complete?.apply(request, told))
    const code = run()
    connection.sent(m, 'connect')
    return code
  }

  #write(handle: Handle, connection: Connection, bytes: number, run: () => unknown): unknown {
    if (connection.isBroken) return this.#state.codes.brokenPipe
    const { m, broken } = connection.send('send', bytes)
    if (broken === 'reset') {
      connection.isBroken = true
      return this.#state.codes.reset
    }
    if (broken === 'cut') return this.#writeToNobody(handle, connection, bytes)
    const code = run()
    connection.sent(m, 'send')
    return code
  }

  /** The peer is gone: the message is written to nowhere, and the next thing that comes is the end. */
  #writeToNobody(handle: Handle, connection: Connection, bytes: number): number {
    connection.isBroken = true
    const listener = this.#listeners.get(handle)
    if (listener !== undefined) nextTurn(() => connection.break(listener, 'cut'))
    this.#state.putWritten(bytes)
    return 0
  }

  #connectionOf(handle: Handle): Connection | undefined {
    const own = this.#connections.get(handle)
    if (own !== undefined) {
      // Node 26 takes its own listener off a connection that an agent keeps, and puts it back for the next request.
      if (this.#listeners.get(handle)?.isThere() === false) this.#listen(handle, own)
      return own
    }
    const { _parent } = handle
    const below = _parent === undefined ? undefined : this.#connections.get(_parent)
    if (below === undefined) return undefined
    this.#connections.set(handle, below)
    this.#listen(handle, below)
    return below
  }

  /** Stands between a handle and who is told what comes. */
  #listen(handle: Handle, connection: Connection): void {
    const { onread } = handle
    if (typeof onread !== 'function') return
    const listener: Listener = {
      tell: (chunk) => Reflect.apply(onread, handle, [chunk]) as unknown,
      isThere: () => handle.onread === received,
    }
    const received = (chunk?: ArrayBuffer): void => connection.received(listener, chunk)
    handle.onread = received
    this.#listeners.set(handle, listener)
  }
}

/** By name of the write call: bytes of its argument. */
const byteCounts: Readonly<Record<string, (data: unknown, isPlain: unknown) => number>> = {
  writeBuffer: (data) => (data as Uint8Array).byteLength,
  writev: (data, isPlain) => listBytes(data as readonly unknown[], isPlain === true),
  writeUtf8String: (data) => Buffer.byteLength(data as string),
  writeAsciiString: (data) => (data as string).length,
  writeLatin1String: (data) => (data as string).length,
  writeUcs2String: (data) => 2 * (data as string).length,
}

const none = (): number => 0

/** A list of buffers, or of chunks each followed by its encoding. */
function listBytes(list: readonly unknown[], isPlain: boolean): number {
  if (isPlain) return list.reduce<number>((sum, each) => sum + (each as Uint8Array).byteLength, 0)
  let bytes = 0
  for (let index = 0; index < list.length; index += 2) {
    const chunk = list[index] as string | Uint8Array
    bytes +=
      typeof chunk === 'string'
        ? Buffer.byteLength(chunk, list[index + 1] as BufferEncoding)
        : chunk.byteLength
  }
  return bytes
}

function isPlace(part: unknown): boolean {
  return typeof part === 'string' || typeof part === 'number'
}
