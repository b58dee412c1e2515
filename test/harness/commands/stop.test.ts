import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cli, said, startCli } from './cli.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let directory = ''
let scratch = ''
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'killpoint-stop-'))
  scratch = join(directory, 'scratch')
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(root, join(directory, 'node_modules', 'killpoint'))
  symlinkSync(join(root, 'node_modules', 'fast-check'), join(directory, 'node_modules/fast-check'))
  expect((await cli(['init'], directory)).code).toBe(0)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Processes that were started by a campaign with this scratch directory. */
function survivors(): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const { environ, cmdline } = {
        environ: read(name, 'environ'),
        cmdline: read(name, 'cmdline'),
      }
      return environ.includes(`=${scratch}/`) || cmdline.includes(`${scratch}/`)
    } catch {
      // Gone meanwhile, or somebody else's.
      return false
    }
  })
}

function read(pid: string, name: string): string {
  return readFileSync(`/proc/${pid}/${name}`, 'latin1')
}

describe.runIf(process.platform === 'linux')('run: Ctrl-C while cases run', () => {
  it('ends it with what is known, and nothing survives', async () => {
    const args = ['run', '--no-explore', '--cases', '5000', '--jobs', '2', '--scratch', scratch]
    const child = startCli(args, directory)
    const end = said(child)
    // The first line of progress is written when a case has run; others are under way then.
    await new Promise<void>((resolve) => child.stderr?.once('data', () => resolve()))
    child.kill('SIGINT')
    const ran = await end
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^1\/~5000 cases {2}0 failed {2}orders × worker\n/)
    expect(ran.stdout).toContain('stopped before the end: what follows is what was known by then')
    const [, rest = ''] = /^the rest of it: npx killpoint (.*)$/m.exec(ran.stdout) ?? []
    expect(rest).toMatch(
      /^run --no-explore --cases 5000 .* --seed \w+ --resume \.killpoint\/result\.json$/,
    )
    const resumed = await cli([...rest.split(' '), '--budget', '1s'], directory)
    expect(resumed.code).toBe(2)
    const cases = (text: string): number => Number(/^(\d+) cases, /m.exec(text)?.[1])
    expect(cases(resumed.stdout)).toBeGreaterThanOrEqual(cases(ran.stdout))
    expect(ran.stdout.trimEnd().split('\n').at(-1)).toBe('? inconclusive')
    expect(readdirSync(scratch)).toEqual([])
    expect(survivors()).toEqual([])
  })

  it('while failures are looked at, tells them as they are, the replay line last', async () => {
    const module = 'node_modules/killpoint/examples/backends/wrong.ts'
    const args = ['validate', module, '--only', 'finished-run', '--cases', '4', '--seed', 'abc']
    const child = startCli([...args, '--scratch', scratch], directory)
    const end = said(child)
    await new Promise<void>((resolve) =>
      child.stderr?.on('data', (chunk: Buffer) => {
        if (String(chunk).includes('looking at LOST_COMMIT')) resolve()
      }),
    )
    child.kill('SIGINT')
    const ran = await end
    expect(ran.stderr).not.toContain('Error')
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('note    stopped before it was looked at')
    expect(ran.stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^ {2}replay {2}npx killpoint replay kp1:finished-run:\S+$/,
    )
    expect(readdirSync(scratch)).toEqual([])
    expect(survivors()).toEqual([])
  })

  it('a second one ends it at once, and nothing survives either', async () => {
    const args = ['run', '--no-explore', '--cases', '5000', '--jobs', '2', '--scratch', scratch]
    const child = startCli(args, directory)
    const end = said(child)
    await new Promise<void>((resolve) => child.stderr?.once('data', () => resolve()))
    child.kill('SIGINT')
    child.kill('SIGINT')
    const { code } = await end
    // Two signals of a kind that come together are one.
    expect([130, 2]).toContain(code)
    expect(readdirSync(scratch)).toEqual([])
    expect(survivors()).toEqual([])
  })
})
