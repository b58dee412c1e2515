/**
 * `docs/tutorial.md` by hand: its `sh run` blocks one after the other in an empty project, each with the exit code that it names, and what
 * it shows below (`text output`) is what was printed.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built } from '../harness/commands/cli.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'killpoint-tutorial-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The package as it was built from the sources. */
beforeAll(() => {
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(root, join(directory, 'node_modules', 'killpoint'))
  mkdirSync(join(directory, 'bin'))
  const npx = join(directory, 'bin', 'npx')
  writeFileSync(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${built}" "$@"\n`)
  chmodSync(npx, 0o755)
})

const page = readFileSync(join(root, 'docs', 'tutorial.md'), 'utf8')
const blocks = [...page.matchAll(/^```sh run(?: exit=(\d+))?\n(.*?)^```$/gms)].map((match) => {
  const rest = page.slice(match.index + match[0].length)
  const shown = /^\s*```text output\n(.*?)^```$/ms.exec(rest)
  return {
    exit: Number(match[1] ?? 0),
    commands: match[2] ?? '',
    // Only what stands right below belongs to it.
    output: shown?.index === 0 ? (shown[1] ?? '').trimEnd().split('\n') : [],
  }
})

describe('docs/tutorial.md', () => {
  it('has blocks', () => expect(blocks).toHaveLength(5))

  it('prints what it shows, and its commands end as it says', () => {
    let token = ''
    for (const { exit, commands, output } of blocks) {
      const script = commands.replaceAll('TOKEN', token)
      const ran = spawnSync('/bin/sh', ['-ec', script], {
        cwd: directory,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${join(directory, 'bin')}${delimiter}${process.env['PATH']}`,
        },
      })
      expect(`${script}ended with ${ran.status}\n${ran.stderr}`).toContain(`ended with ${exit}\n`)
      for (const line of output) expect(ran.stdout).toMatch(asPattern(line))
      token = /npx killpoint replay (kp1:\S+)\n$/.exec(ran.stdout)?.[1] ?? token
    }
    expect(token).toContain('journal.ts')
  })
})

/** A line of the page, in which `…` stands for anything. */
function asPattern(line: string): RegExp {
  const parts = line
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 'm')
}
