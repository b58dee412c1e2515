/**
 * What is wrong with a worker, with what a person hands over, or with the host is told through the command line: a clear message,
 * what to do, the right exit code, and no verdict about the system.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildModule } from '../../built-module.ts'
import { built, cli, said, type Said } from './cli.ts'

const project = mkdtempSync(join(tmpdir(), 'killpoint-bad-'))
afterAll(() => rmSync(project, { recursive: true }))

const toyFile = fileURLToPath(new URL('../live/toy.ts', import.meta.url))
const pagesFile = fileURLToPath(new URL('../fixtures/notebook-project.ts', import.meta.url))
/** Where a module of these tests lies for the command line, by its URL: it is no part of the configuration's own file. */
const urlOf = (name: string): string => JSON.stringify(pathToFileURL(join(project, name)).href)
const config = `
import fc from ${JSON.stringify(import.meta.resolve('fast-check'))}
import { toy, threeSteps } from ${urlOf('toy.mjs')}
import { pages } from ${urlOf('pages.mjs')}
const bugs = process.env.BUGS?.split(' ') ?? ['']
export default {
  systems: bugs.map((bug) => ({ ...toy(bug), name: 'toy-' + bug, claims: ['process'] })),
  scenarios: [{ ...pages, workload: fc.constant(threeSteps), sometimes: [] }],
}
`

/** Only the scenario of this project: `run` has its own and those that ship. */
const small = ['--only', 'pages', '--seed', 'abc', '--cases', '2', '--no-shrink']
const verdicts = /LOST_|PHANTOM|REDONE|DIVERGED|ZOMBIE|WEDGED|BROKEN_|all of it holds/

beforeAll(async () => {
  writeFileSync(join(project, 'killpoint.config.mjs'), config)
  await buildModule(toyFile, join(project, 'toy.mjs'))
  await buildModule(pagesFile, join(project, 'pages.mjs'))
})

const workers = [
  ['exit-at-start', 'not-started', /exit code 3 before its first mark/],
  ['garbage', 'garbage', /of the ledger is no mark/],
  ['hang-at-start', 'hung-at-start', /no op and no mark for 100 ms/],
  ['crash', 'died', /ended by SIGABRT, which nobody injected/],
  ['daemon', 'left-children', /outlived the case.*sleep 600/],
  ['stray', 'stray-files', /wrote "somewhere.txt"/],
  ['open-files', 'not-started', /EMFILE/],
] as const

describe('a worker that misbehaves', () => {
  // A command tells at most five kinds of failure.
  const halves = [workers.slice(0, 4), workers.slice(4)] as const
  let ran: readonly Said[] = []
  beforeAll(async () => {
    ran = await Promise.all(
      halves.map((half) => {
        const environment = { BUGS: half.map(([bug]) => bug).join(' ') }
        return cli(['run', ...small, '--quiet', '100ms'], project, environment)
      }),
    )
  })

  it('ends the command with 4, and nothing is said of any system', () => {
    for (const { code, stdout } of ran) {
      expect(code).toBe(4)
      expect(stdout).not.toMatch(verdicts)
    }
  })

  it.each(workers)('%s is %s, with what to do', (bug, kind, message) => {
    const stories = ran.flatMap(({ stdout }) => stdout.split('\n✗ '))
    // What matters most is told last.
    const story = stories.findLast((each) => each.startsWith(`pages × toy-${bug} `)) ?? ''
    expect(story).toContain('HARNESS_ERROR')
    expect(story).toMatch(new RegExp(`trouble +${kind}`))
    expect(story).toMatch(message)
    expect(story).toMatch(/\n {2}hint +\S/)
    expect(story.trimEnd().split('\n').at(-1)).toMatch(
      /^ {2}replay +npx killpoint replay kp1:pages:/,
    )
  })
})

describe.concurrent('what a person hands over', () => {
  it('a module without the function that it has to export', async () => {
    writeFileSync(join(project, 'backend.mjs'), 'export const create = 1\n')
    const ran = await cli(['validate', 'backend.mjs'], project)
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/backend\.mjs.*createBackend/s)
    expect(ran.stdout).not.toMatch(verdicts)
  })

  it('a token of another version', async () => {
    const ran = await cli(['replay', 'kp2:pages:toy-:abc:posix:-'], project)
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/of version kp2; this build reads kp1\n.*hint: use the killpoint/s)
  })

  it('a saved case of an older version', async () => {
    const file = join(project, 'old.json')
    writeFileSync(file, JSON.stringify({ schema: 'killpoint-case', version: 0 }))
    const ran = await cli(['replay', file], project)
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/old\.json is a saved case of version 0; this build reads/)
  })
})

describe.concurrent('a full disk on the harness’s own side', () => {
  // In blocks of 512 bytes: the configuration does not fit, the harness's own helper does not, the worker does not.
  it.each([0, 2, 64])('is told where no file may be longer than %i blocks', async (blocks) => {
    const script = `ulimit -f ${blocks}; trap "" XFSZ; exec "$0" "$@"`
    const command = [process.execPath, built, 'run', ...small]
    const child = spawn('/bin/sh', ['-c', script, ...command], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ran = await said(child)
    expect(ran.stderr).toMatch(
      /^the harness cannot use its own directory .*: (EFBIG|.*file too large)\n.*hint: free some/m,
    )
    expect(ran.code).toBe(4)
    expect(ran.stdout).not.toMatch(verdicts)
  })

  it('is told where the file system has no room', async (context) => {
    const mounted = join(project, 'small')
    mkdirSync(mounted)
    try {
      const tmpfs = ['-t', 'tmpfs', '-o', 'size=1m', 'none', mounted]
      execFileSync('mount', tmpfs, { stdio: 'ignore' })
    } catch {
      context.skip('mounting a small tmpfs needs root on Linux, and the right to mount')
    }
    const ran = await cli(['run', ...small, '--scratch', mounted], project)
    execFileSync('umount', [mounted])
    expect(ran.code).toBe(4)
    expect(ran.stderr).toMatch(/has \d+ bytes left, the harness needs 8388608\n.*hint: free some/s)
    expect(ran.stdout).not.toMatch(verdicts)
  })
})
