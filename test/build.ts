/**
 * Builds what the tests start: the command line as users have it, and `killpoint` as programs import it. Once before all tests, so that
 * none of them runs what was built from other sources, and none builds again what another one is reading.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What vitest calls before the first test. @throws Error where it does not build */
export function setup(): void {
  for (const command of [
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    ['dist/harness/report/html/build-page.js'],
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: root,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`the sources do not build:\n${stdout}${stderr}`)
  }
}
