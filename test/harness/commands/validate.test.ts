import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadBackendModule } from '../../../harness/commands/backend-module.ts'
import { UsageError } from '../../../harness/errors.ts'
import { cli, type Said } from './cli.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let directory = ''
beforeAll(() => {
  // Inside the repository, so that `killpoint` is found from there as from a user's project.
  directory = mkdtempSync(join(root, 'test', '.validate-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function validate(module: string, ...more: readonly string[]): Promise<Said> {
  return cli(['validate', module, '--seed', 'abc', ...more], root)
}

/** The row of a claim in the table. */
function rowOf({ stdout }: Said, claim: string): string {
  return stdout.split('\n').find((line) => line.startsWith(`${claim} `)) ?? ''
}

describe('validate: a backend that is right', () => {
  it('holds, and each claim is told with what became of it', async () => {
    const only = ['--only', 'recovery', 'zombie', 'finished-run']
    const ran = await validate('examples/backends/correct.ts', ...only, '--cases', '8')
    expect(ran.stderr).not.toContain('✗')
    expect(ran.stdout.trimEnd().split('\n').at(-1)).toBe('✓ all of it holds')
    expect(ran.code).toBe(0)
    expect(rowOf(ran, 'process')).toMatch(/held in \d+ cases/)
    expect(rowOf(ran, 'fencing')).toMatch(/held in \d+ cases/)
    expect(rowOf(ran, 'power')).toMatch(/not claimed/)
    expect(rowOf(ran, 'signal')).toMatch(/not shown/)
  })
})

describe('validate: a backend that is wrong', () => {
  it('is named for what it breaks, and the last line works when it is pasted', async () => {
    const only = ['--only', 'finished-run']
    const ran = await validate('examples/backends/wrong.ts', ...only, '--cases', '12')
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('LOST_COMMIT  S1 an acked record survives')
    expect(rowOf(ran, 'process')).toMatch(/BROKEN LOST_COMMIT\s+npx killpoint replay kp1:/)
    const last = ran.stdout.trimEnd().split('\n').at(-1) ?? ''
    const pasted = /^ {2}replay\s+npx killpoint (replay kp1:\S+)$/.exec(last)?.[1] ?? ''
    expect(pasted).toContain(':examples/backends/wrong.ts:')
    const again = await cli(pasted.split(' '), root)
    expect(again.code).toBe(1)
    expect(again.stdout).toContain('exact: LOST_COMMIT S1')
    expect(again.stdout.trimEnd().split('\n').at(-1)).toBe(last)
  })
})

describe('validate: a backend that cannot be tested is told everything at once', () => {
  it.each([
    [
      'no createBackend, an unknown claim, a time that is none',
      "export const claims = ['process', 'magic']\nexport const takeoverMsMax = 'soon'\n",
      [
        'expected it to export a function createBackend, found undefined',
        'claim "magic" is unknown; known are process,',
        'takeoverMsMax: expected milliseconds, found "soon"',
      ],
    ],
    [
      'createBackend gives undefined',
      'export function createBackend() {}\n',
      ['createBackend: expected a backend, found undefined'],
    ],
    [
      'a member is missing, others are something else',
      "export const createBackend = () => ({ name: 1, open() {}, durability: 'strong' })\n",
      [
        'expected a string `name`, found the number 1',
        'expected a function `read`, found undefined',
        'expected `durability` to be one of memory, process, power, found the string "strong"',
      ],
    ],
    [
      'a journal of another shape',
      "export const createBackend = () => ({ name: 'x', durability: 'process', read: () => null, open: () => ({ runId: 'tried', recovered: {} }) })\n",
      [
        'read of a run that does not exist: expected undefined, found null',
        'the journal: expected a number `epoch`, found undefined',
        'the journal: expected a list `recovered`, found an object',
        'the journal: expected a function `append`, found undefined',
      ],
    ],
    [
      'append gives nothing',
      "const journal = { runId: 'tried', epoch: 1, recovered: [], lives: [], append: async () => {}, close: async () => {} }\nexport const createBackend = () => ({ name: 'x', durability: 'process', read: async () => undefined, open: async () => journal })\n",
      ['append: expected the seq of the last record, a number, found undefined'],
    ],
    [
      'a text is thrown',
      "export const createBackend = () => ({ name: 'x', durability: 'process', read: async () => undefined, open: async () => { throw 'locked' } })\n",
      ['open threw the string "locked", which is no Error'],
    ],
    ['it does not compile', 'const one = 1\nconst = 2\n', ['it cannot be loaded: ', '.ts:2:6: ']],
    ['it throws when it is loaded', "throw 'no database'\n", ['it cannot be loaded: no database']],
  ])('%s', async (title, text, wrong) => {
    const name = `${title.replaceAll(/\W+/g, '-')}.ts`
    writeFileSync(join(directory, name), text)
    const error = await loadBackendModule(directory, name).catch((reason: unknown) => reason)
    if (!(error instanceof UsageError)) throw new Error(`expected a refusal, got ${String(error)}`)
    expect(error.code).toBe('MODULE_INVALID')
    expect(error.message).toMatch(/\.ts cannot be tested:\n/)
    for (const line of wrong) expect(error.message).toContain(line)
    expect(error.message.split('\n').at(-1)).toMatch(/^ {2}hint: export createBackend/)
  })

  it('there is no such file', async () => {
    const ran = await cli(['validate', 'nowhere.ts', '--json'], directory)
    expect(ran.code).toBe(3)
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'MODULE_INVALID' } })
  })
})
