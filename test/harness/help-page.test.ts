import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const cli = fileURLToPath(new URL('../../dist/harness/cli.js', import.meta.url))

function said(...words: readonly string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout } = spawnSync(process.execPath, [cli, ...words], { encoding: 'utf8' })
  return { code: status, out: stdout }
}

it('the help page that the build made is the one that the commands print', () => {
  const built = said('--help')
  expect(built.code).toBe(0)
  expect(built.out).toContain('Usage: killpoint [options] [command]')
  // Two words: the commands are loaded for it.
  expect(said('help', '--help').out).toBe(built.out)
  expect(said('-h')).toEqual(built)
})
