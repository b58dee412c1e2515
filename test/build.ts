/**
 * Builds what the tests start: the command line as users have it, and `killpoint` as programs import it. Once before all tests, so that
 * none of them runs what was built from other sources.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What vitest calls before the first test. @throws Error where it does not build */
export function setup(): void {
  const command = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']
  const { status, stdout } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the sources do not build:\n${stdout}`)
}
