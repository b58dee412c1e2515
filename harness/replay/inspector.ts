/**
 * Starts one life of a case under the debugger: the engine is given an executable that is Node, except that for this life it
 * waits for a debugger before the first line.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemVariables } from '../life.ts'

/** An executable to hand to the engine. */
export interface Inspector {
  readonly node: string
  /** What to tell the person who waits. */
  readonly howTo: string
  /** Resolves with the URL of the debugger once the life waits for it; `undefined` where it was removed before. */
  readonly url: () => Promise<string | undefined>
  readonly remove: () => void
}

/** The port that debuggers look at first. */
export const inspectPort = 9229

/** Makes the executable for one life of a run. POSIX only. */
export function inspectLife(life: number, runId: string, port: number = inspectPort): Inspector {
  let isRemoved = false
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-inspect-'))
  const node = join(directory, 'node')
  const quoted = `'${process.execPath.replaceAll("'", `'\\''`)}'`
  writeFileSync(
    node,
    `#!/bin/sh
if [ "$${systemVariables.life}" = "${life}" ] && [ "$${systemVariables.runId}" = "${runId}" ] && [ "$${systemVariables.verb}" = run ]; then
  exec ${quoted} --inspect-brk=127.0.0.1:${port} "$@"
fi
exec ${quoted} "$@"
`,
  )
  chmodSync(node, 0o755)
  return {
    node,
    howTo: [
      `life ${life} waits for a debugger on 127.0.0.1:${port} before its first line`,
      `  attach with: node inspect 127.0.0.1:${port}   or open chrome://inspect, or attach from your editor`,
      '  it goes on when you do; Ctrl-C here ends it all',
    ].join('\n'),
    url: () => debuggerUrl(port, () => isRemoved),
    remove: () => {
      isRemoved = true
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Milliseconds between two looks. */
const lookMs = 100

/** Nobody tells when a life begins to wait: its stderr is the engine's. So its port is asked until it answers. */
async function debuggerUrl(port: number, isOver: () => boolean): Promise<string | undefined> {
  while (!isOver()) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/json/list`)
      const [target] = (await answer.json()) as { webSocketDebuggerUrl?: string }[]
      if (target?.webSocketDebuggerUrl !== undefined) return target.webSocketDebuggerUrl
    } catch {
      // Not there yet, or not any more.
    }
    await new Promise<void>((resolve) => setTimeout(resolve, lookMs).unref())
  }
  return undefined
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
