/**
 * A page of a directory of runs, for a browser on the same machine.
 *
 *   B1  It listens on 127.0.0.1 alone, and answers only those who asked for a name of this machine: a page of somebody else whose
 *       name was turned to this address (DNS rebinding) is told nothing.
 *   B2  It reads. Every method but GET and HEAD is refused, and no text of a request ever becomes a path: the one thing that may be
 *       asked for, a run, is looked for among the ids of the runs that are there.
 *   B3  The directory is read anew for each request, by the readers of `inspect`, which own nothing and change nothing.
 *   B4  What it sends loads nothing, sends nothing, runs nothing but its own script, stands in no frame and is kept in no cache.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HarnessError, UsageError } from '../errors.ts'
import { pageAsset, type PageAsset } from '../report/html/asset.ts'
import { htmlDocument } from '../report/html/document.ts'
import { visible } from '../report/visible.ts'
import { inspectionOf } from './inspection.ts'
import { readRuns } from './read.ts'
import { runPage, runsPage, type InspectedPage } from './run-page.ts'

/** What is served. */
export interface ServeOptions {
  readonly path: string
  /** Absent: all runs that are there. */
  readonly runId: string | undefined
  /** 0 for any. */
  readonly port: number
}

/** A server that listens. */
export interface Serving {
  /** `http://127.0.0.1:4711/`. */
  readonly url: string
  /** Ends it, with every connection. */
  readonly close: () => Promise<void>
}

const address = '127.0.0.1'

/** Names of this machine that nobody else can own. */
const ownNames: ReadonlySet<string> = new Set([address, 'localhost', '[::1]'])

/**
 * Listens.
 *
 * @throws UsageError `PORT_TAKEN`
 */
export async function serveRuns(options: ServeOptions): Promise<Serving> {
  const asset = pageAsset('inspected')
  const server = createServer(
    (request, response) => void respond(options, asset, request, response),
  )
  await listening(server, options.port)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${address}:${port}/`,
    close: async () =>
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function listening(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new UsageError('PORT_TAKEN', `port ${port} of ${address} cannot be had: ${error.code}`, {
          hint: 'leave out --port for any free one',
          cause: error,
        }),
      )
    })
    server.listen(port, address, resolve)
  })
}

interface Answer {
  readonly status: number
  readonly page: InspectedPage
  readonly headers?: Readonly<Record<string, string>>
}

async function respond(
  options: ServeOptions,
  asset: PageAsset,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, page, headers } = await answerTo(options, request)
  const { policy, parts } = htmlDocument({
    title: `killpoint inspect: ${titleOf(page)}`,
    withoutScript: 'This page is drawn by a script inside of it.',
    data: page,
    asset,
  })
  const body = Buffer.from([...parts].join(''))
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': body.byteLength,
    'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function answerTo(options: ServeOptions, request: IncomingMessage): Promise<Answer> {
  if (!isOwnName(request.headers.host))
    return problem(421, `this is served to ${[...ownNames].join(', ')} alone`)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { ...problem(405, 'this only reads'), headers: { Allow: 'GET, HEAD' } }
  const asked = request.url ?? '/'
  if (asked !== '/' && !asked.startsWith('/?')) return problem(404, 'there is nothing here')
  const listed = new URLSearchParams(asked.slice(2)).get('run') ?? undefined
  return await read(options, listed)
}

/** B1: the name, whatever the port: somebody may have forwarded another one to this. */
function isOwnName(host: string | undefined): boolean {
  return host !== undefined && ownNames.has(host.replace(/:\d+$/, '').toLowerCase())
}

/** B2, B3. */
async function read({ path, runId }: ServeOptions, listed: string | undefined): Promise<Answer> {
  try {
    const found = await readRuns(path, runId, listed)
    if (found.kind === 'run')
      return { status: 200, page: runPage(inspectionOf(found.directory, found.image), false) }
    const runs = found.images.map((image) => inspectionOf(found.directory, image))
    if (listed === undefined) return { status: 200, page: runsPage(found.directory, runs) }
    const [run] = runs
    if (run !== undefined) return { status: 200, page: runPage(run, true) }
    return problem(404, 'there is no such run')
  } catch (error) {
    // Gone, not a journal, or unreadable: it is said, and the next request looks again.
    if (error instanceof UsageError) return problem(404, error.message)
    if (error instanceof HarnessError) return problem(500, error.message)
    return problem(500, `the inspector failed: ${String(error)}`)
  }
}

function problem(status: number, message: string): Answer {
  return { status, page: { kind: 'problem', message: visible(message) } }
}

function titleOf(page: InspectedPage): string {
  if (page.kind === 'run') return page.runId
  return page.kind === 'runs' ? `${page.runs.length} runs` : 'nothing to show'
}
