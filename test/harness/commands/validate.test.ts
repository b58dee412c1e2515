import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModule } from '../../../harness/commands/backend-module.ts'
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
    const only = ['--only', 'recovery', 'zombie']
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
    const ran = await validate('examples/backends/wrong.ts', ...only, '--cases', '6')
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

describe('validate: the laws', () => {
  it('a broken law is a row with a command that shows it again, and the last line is that command', async () => {
    const ran = await validate('examples/backends/wrong.ts', '--law', 'J3')
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('found   append of undefined: expected NOT_JSON, it resolved')
    const again = 'npx killpoint validate examples/backends/wrong.ts --law J3 --seed abc'
    expect(ran.stdout).toMatch(new RegExp(`^J3 +BROKEN PHANTOM +${again} *$`, 'm'))
    const last = ran.stdout.trimEnd().split('\n').at(-1) ?? ''
    expect(last).toMatch(/^ {2}again {3}npx killpoint validate .* --seed abc$/)
    const pasted = last.trim().split(/ +/).slice(3)
    const once = await cli(pasted, root)
    expect(once.code).toBe(1)
    expect(once.stdout.trimEnd().split('\n').at(-1)).toBe(last)
  })

  it('a killed process loses what was acknowledged too early, and a fenced one is told', async () => {
    const ran = await validate(
      'test/harness/fixtures/lazy-backend.ts',
      '--law',
      'J1',
      'J5',
      '--json',
    )
    expect(ran.code).toBe(1)
    const { verdict, laws } = JSON.parse(ran.stdout) as {
      verdict: string
      laws: { title: string; outcome: { kind: string } }[]
    }
    expect(verdict).toBe('LOST_COMMIT')
    const kinds = new Map(laws.map(({ title, outcome }) => [title, outcome.kind]))
    expect(kinds.get('what was acknowledged is there after the process died')).toBe('broken')
    expect(kinds.get('what was acknowledged is there after power loss')).toBe('not-claimed')
    expect(
      kinds.get('a fenced life acknowledges nothing, shows nothing and disturbs nothing'),
    ).toBe('broken')
  })

  it('the right backend holds them, its failing writes and syncs among them', async () => {
    const ran = await validate('examples/backends/correct.ts', '--law', 'J3', 'J6', 'J7 J8')
    expect(ran.stdout).not.toContain('BROKEN')
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/^J6 +held +after a failed write .*; after a failed sync/m)
    expect(ran.stdout).toMatch(/^J7 J8 +skipped +where a record lies is not known here/m)
  })

  it('a law that nobody knows is refused, with those that are', async () => {
    const ran = await validate('examples/backends/correct.ts', '--law', 'J12')
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(
      /there is no law J12\n {2}hint: known are closing, J1, J2, .*, J11, /,
    )
  })
})

describe('validate: an executable', () => {
  const claims = "['process', 'keyed', 'once', 'terminal']"
  const program = `{ kind: 'executable', file: '/bin/sh', arguments: [${JSON.stringify(join(root, 'examples/commands/worker.sh'))}] }`

  it('is tested as a module describes it, and has no laws', async () => {
    const name = 'executable.ts'
    const text = `export default { kind: 'command', claims: ${claims}, takeoverMsMax: 0, program: ${program} }\n`
    writeFileSync(join(directory, name), text)
    const only = ['--only', 'finished-run', '--cases', '4', '--seed', 'abc']
    const ran = await cli(['validate', name, ...only], directory)
    expect(ran.stderr).not.toContain('✗')
    expect(rowOf(ran, 'laws')).toMatch(/skipped +not applicable: .* this is a command/)
    expect(rowOf(ran, 'process')).toMatch(/held in \d+ cases/)
    expect(rowOf(ran, 'power')).toMatch(/not claimed/)
  })

  it('a description that is none is told everything at once', async () => {
    writeFileSync(
      join(directory, 'no-system.ts'),
      "export default { kind: 'thing', claims: ['magic'], program: {} }\n",
    )
    const error = await loadModule(directory, 'no-system.ts').catch((reason: unknown) => reason)
    const lines = [
      'kind: expected backend or runtime or command, found "thing"',
      'takeoverMsMax: expected milliseconds, found undefined',
      'program: kind: expected script, found undefined',
      'program: entry: expected a text, found undefined',
      'claim "magic" is unknown',
    ]
    for (const line of lines) expect(String(error)).toContain(line)
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
    const error = await loadModule(directory, name).catch((reason: unknown) => reason)
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
