/** The two stores that the engine is tried over, and how each hands messages of its queue to the handlers of this process. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalWorld } from '@workflow/world-local'
import { createWorld } from '@workflow/world-postgres'
import { caseDatabase } from '../case-database.ts'

type Handler = (request: Request) => Promise<Response>

export interface Handlers {
  readonly step: Handler
  readonly workflow: Handler
}

/** Files. Messages go from the queue to the handlers directly, without HTTP: the world's own door for it. */
export function overFiles(directory: string) {
  const world = createLocalWorld({ dataDir: directory })
  const serve = ({ step, workflow }: Handlers): void => {
    world.registerHandler('__wkf_step_', step)
    world.registerHandler('__wkf_workflow_', workflow)
  }
  return { world, serve }
}

/** PostgreSQL. Its queue sends each message over HTTP to the server of the process, as in a deployment. */
export async function overPostgres(directory: string) {
  // One message at a time, so that those of a life are as few, and in as steady an order, as they can be.
  const world = createWorld({
    connectionString: await caseDatabase(directory),
    queueConcurrency: 1,
  })
  const serve = async ({ step, workflow }: Handlers): Promise<void> => {
    const server = createServer((incoming, outgoing) => {
      const handler = incoming.url?.endsWith('/step') === true ? step : workflow
      void requestOf(incoming)
        .then(handler)
        .then(async (response) => {
          outgoing.writeHead(response.status, Object.fromEntries(response.headers))
          outgoing.end(Buffer.from(await response.arrayBuffer()))
        })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    process.env['WORKFLOW_LOCAL_BASE_URL'] = `http://127.0.0.1:${port}`
  }
  return { world, serve }
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ])
  const { method = 'POST', url = '/' } = incoming
  return new Request(new URL(url, 'http://127.0.0.1'), {
    method,
    headers,
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: Buffer.concat(chunks) }),
  })
}
