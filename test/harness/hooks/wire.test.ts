/** The wire door in real processes, against a small server: every form is numbered, every fault fires and is proven. */
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, test } from 'vitest'
import type { WireAct, WireFault } from '../../../harness/hooks/fault.ts'
import { runWorker, scratch, type WorkerRun } from './run-worker.ts'

type Form = 'net' | 'named' | 'writev' | 'pipe' | 'tls' | 'http' | 'fetch'

interface Peer {
  readonly place: string
  /** Messages that arrived, in order. */
  readonly got: string[]
  /** Ends it when its connections have ended. */
  readonly closed: () => Promise<void>
}

/** Answers each line with the same, and each request with 200. */
async function peer(form: Form): Promise<Peer> {
  const got: string[] = []
  const sockets = new Set<Socket>()
  let open = 0
  let quiet = (): void => undefined
  const serve = (socket: Socket): void => {
    sockets.add(socket)
    open += 1
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        got.push(text.slice(0, end))
        socket.write(`answer to ${text.slice(0, end + 1)}`)
        text = text.slice(end + 1)
      }
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      open -= 1
      if (open === 0) quiet()
    })
  }
  const server = serverOf(form, serve, got)
  const path = join(scratch(), 'socket')
  await new Promise<void>((resolve) => {
    if (form === 'pipe') server.listen(path, resolve)
    else server.listen(0, '127.0.0.1', resolve)
  })
  const place = form === 'pipe' ? path : String((server.address() as AddressInfo).port)
  const closed = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      quiet = resolve
      if (open === 0) resolve()
    })
    // A worker that was killed has left them.
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { place, got, closed }
}

function serverOf(form: Form, serve: (socket: Socket) => void, got: string[]): Server {
  if (form === 'tls')
    return createTlsServer(
      { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => Buffer.alloc(16, 1) },
      serve,
    )
  if (form !== 'http' && form !== 'fetch') return createServer(serve)
  return createHttpServer((request, response) => {
    got.push(request.url ?? '')
    response.end('fine')
  })
}

interface Said extends WorkerRun {
  readonly saw: readonly string[]
  readonly got: readonly string[]
}

async function talk(
  form: Form,
  faults: readonly WireFault[] = [],
  lane: 'plain' | 'recording' = 'plain',
  many = 3,
): Promise<Said> {
  const { place, got, closed } = await peer(form)
  const run = await runWorker('wire.mjs', { args: [form, place, String(many)], faults, lane })
  await closed()
  return { ...run, got, saw: run.stdout === '' ? [] : (JSON.parse(run.stdout) as string[]) }
}

function at(n: number, phase: 'before' | 'after', act: WireAct, turns = 0): WireFault {
  const text = `M${n}${phase === 'after' ? '+' : ''}=${act}`
  return { text, at: { kind: 'message', stream: '1', n }, phase, act, turns }
}

const proofs = ({ marks }: WorkerRun): unknown[] => marks.filter(({ mark }) => mark === 'fault')
const proof = (fault: WireFault): unknown => ({
  mark: 'fault',
  life: 1,
  fault: fault.text,
  stream: '1',
  op: fault.at.n,
})
const answers = (...numbers: number[]): string[] => numbers.map((n) => `answer to message ${n}`)
const messages = (...numbers: number[]): string[] => numbers.map((n) => `message ${n}`)

describe.concurrent('wire door: what is numbered', () => {
  test.each(['net', 'named', 'writev', 'pipe', 'tls'] as const)(
    '%s: the connecting and each write, with their answers',
    async (form) => {
      const run = await talk(form, [], 'recording')
      const [trace] = run.traces
      expect(trace?.messages.map(({ m, kind, bytes }) => [m, kind, bytes])).toEqual([
        [1, 'connect', 0],
        [2, 'send', 10],
        [3, 'send', 10],
        [4, 'send', 10],
      ])
      expect(trace?.messages.every(({ answered }) => answered !== undefined)).toBe(true)
      expect(trace?.messages.every(({ peer: to }) => to !== '')).toBe(true)
      expect(trace?.messages[2]?.frames[0]).toMatch(/wire\.mjs:/)
      expect(trace?.ops).toEqual([])
      expect(run.saw).toEqual([...answers(1, 2, 3), 'end'])
    },
  )

  // How many connections fetch opens for several requests is its own matter.
  test.each([
    ['http', 3, ['connect', 'send', 'send', 'send']],
    ['fetch', 1, ['connect', 'send']],
  ] as const)('%s: each request is a message', async (form, many, kinds) => {
    const run = await talk(form, [], 'recording', many)
    const sent = run.traces[0]?.messages ?? []
    expect(sent.map(({ kind }) => kind)).toEqual(kinds)
    expect(sent.every(({ answered }) => answered !== undefined)).toBe(true)
    expect(run.saw).toEqual(Array.from({ length: many }, () => 'status 200'))
  })

  test('the program sees the same with the hooks as without', async () => {
    const { place, closed } = await peer('net')
    const bare = await runWorker('wire.mjs', { args: ['net', place], bare: true })
    await closed()
    const faults = [at(99, 'after', 'delay', 1)]
    expect((await talk('net', faults)).stdout).toBe(bare.stdout)
  })
})

describe.concurrent('wire door: kills', () => {
  const cases: readonly [string, WireFault, string[]][] = [
    ['before the connecting', at(1, 'before', 'kill'), []],
    ['before a message', at(3, 'before', 'kill'), messages(1)],
    ['after a message', at(3, 'after', 'kill'), messages(1, 2)],
    ['when the answer came', at(3, 'after', 'kill-answered'), messages(1, 2)],
    ['when the connection is there', at(1, 'after', 'kill-answered'), []],
  ]
  test.each(cases)('%s', async (_name, fault, got) => {
    const run = await talk('net', [fault])
    expect(run.signal).toBe('SIGKILL')
    expect(run.got).toEqual(got)
    expect(proofs(run)).toEqual([proof(fault)])
  })

  test.each(['pipe', 'tls'] as const)('after a message over %s', async (form) => {
    const fault = at(3, 'after', 'kill')
    const run = await talk(form, [fault])
    expect([run.signal, run.got, proofs(run)]).toEqual(['SIGKILL', messages(1, 2), [proof(fault)]])
  })
})

describe.concurrent('wire door: connections that end', () => {
  const cases: readonly [string, WireFault, string[], string[]][] = [
    ['cut before a message', at(3, 'before', 'cut'), messages(1), [...answers(1), 'end']],
    ['cut in place of an answer', at(3, 'after', 'cut'), messages(1, 2), [...answers(1), 'end']],
    [
      'reset before a message',
      at(3, 'before', 'reset'),
      messages(1),
      [...answers(1), 'write ECONNRESET'],
    ],
    [
      'reset in place of an answer',
      at(3, 'after', 'reset'),
      messages(1, 2),
      [...answers(1), 'read ECONNRESET'],
    ],
    ['refused', at(1, 'before', 'refuse'), [], ['connect ECONNREFUSED']],
    ['reset before it is there', at(1, 'before', 'reset'), [], ['connect ECONNRESET']],
  ]
  test.each(cases)('%s', async (_name, fault, got, saw) => {
    const run = await talk('net', [fault])
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(run.got).toEqual(got)
    expect(run.saw).toEqual(saw)
    expect(proofs(run)).toEqual([proof(fault)])
  })

  test.each(['pipe', 'tls'] as const)('in place of an answer over %s', async (form) => {
    const fault = at(3, 'after', 'reset')
    const run = await talk(form, [fault])
    expect(run.got).toEqual(messages(1, 2))
    expect(run.saw).toEqual([...answers(1), 'read ECONNRESET'])
    expect(proofs(run)).toEqual([proof(fault)])
  })

  test.each(['http', 'fetch'] as const)('%s: the server did it, nobody hears', async (form) => {
    const fault = at(2, 'after', 'reset')
    const run = await talk(form, [fault], 'plain', 1)
    expect(run.got).toEqual(['/1'])
    expect(run.saw).toEqual([expect.stringMatching(/ECONNRESET/)])
    expect(proofs(run)).toEqual([proof(fault)])
  })
})

describe.concurrent('wire door: answers that are late', () => {
  test.each(['net', 'pipe', 'tls'] as const)(
    '%s: nothing is lost or changes places',
    async (form) => {
      const faults = [at(1, 'after', 'delay', 3), at(3, 'after', 'delay', 50)]
      const run = await talk(form, faults)
      expect(run.saw).toEqual([...answers(1, 2, 3), 'end'])
      expect(proofs(run)).toEqual(faults.map(proof))
    },
  )
})

describe.concurrent('wire door: what does not fit is not proven', () => {
  test.each([
    at(3, 'before', 'refuse'),
    at(1, 'before', 'cut'),
    at(1, 'after', 'reset'),
    at(9, 'before', 'kill'),
  ])('$text', async (fault) => {
    const run = await talk('net', [fault])
    expect([run.code, run.saw, proofs(run)]).toEqual([0, [...answers(1, 2, 3), 'end'], []])
  })
})
