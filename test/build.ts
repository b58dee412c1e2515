/**
 * Builds what the tests start: the command line as users have it, and `killpoint` as programs import it. Once before all tests, so that
 * none of them runs what was built from other sources, and none builds again what another one is reading.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Where the host's own certificates are kept for whoever goes to a registry. */
export const hostCertificates = 'KILLPOINT_TEST_CERTIFICATES'

/** What vitest calls before the first test. @throws Error where it does not build */
export function setup(): void {
  leaveOutCertificates()
  for (const command of [
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    ['dist/harness/report/html/build-page.js'],
    ['dist/harness/build-help.js'],
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: root,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`the sources do not build:\n${stdout}${stderr}`)
  }
}

/** Node reads them at each start, which takes longer than the start itself, and tests start hundreds of processes that ask nobody. */
function leaveOutCertificates(): void {
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env
  if (certificates === undefined) return
  process.env[hostCertificates] = certificates
  delete process.env['NODE_EXTRA_CA_CERTS']
}
