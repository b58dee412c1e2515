/**
 * An executable that no library can be preloaded into. In this directory, after `CGO_ENABLED=0 go build -o worker worker.go`,
 * `npx killpoint run` kills it under strace, and `npx killpoint explore` cuts its power. The second system leaves its syncs out.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig, type CommandSystem } from 'killpoint'

function command(name: string, environment: Readonly<Record<string, string>>): CommandSystem {
  return {
    kind: 'command',
    name,
    claims: ['process', 'power', 'journal', 'keyed', 'once', 'loop', 'retry', 'terminal'],
    takeoverMsMax: 0,
    environment,
    program: {
      kind: 'executable',
      file: fileURLToPath(new URL('worker', import.meta.url)),
      arguments: [],
    },
  }
}

export default defineConfig({
  systems: [command('go', {}), command('go-unsynced', { UNSYNCED: '1' })],
})
