/**
 * Three executables that speak the command protocol by hand. `npx killpoint run` in this directory kills them at their file operations
 * and marks; `npx killpoint explore --only python` cuts the power of the one that claims to survive it.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig, type Claim, type CommandSystem } from 'killpoint'

const common: readonly Claim[] = ['process', 'keyed', 'once', 'terminal']

function command(
  name: string,
  file: string,
  worker: string,
  claims: readonly Claim[],
): CommandSystem {
  const script = fileURLToPath(new URL(worker, import.meta.url))
  return {
    kind: 'command',
    name,
    claims,
    takeoverMsMax: 0,
    program: { kind: 'executable', file, arguments: [script] },
  }
}

export default defineConfig({
  systems: [
    command('python', 'python3', 'worker.py', [
      ...common,
      'power',
      'journal',
      'fencing',
      'loop',
      'retry',
    ]),
    command('shell', '/bin/sh', 'worker.sh', common),
    command('node', process.execPath, 'worker.mjs', [...common, 'loop']),
  ],
})
