/** Every command takes the options that make sense for it, through the command line as a user has it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { duration } from '../../../harness/commands/options.ts'
import { program } from '../../../harness/program.ts'
import { cli, type Said } from './cli.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const directory = mkdtempSync(join(tmpdir(), 'killpoint-options-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A case that holds. */
const token = 'kp1:finished-run:examples/backends/correct.ts:abc:posix:K9'

const campaign =
  'seed budget jobs shard profile only skip bail scratch quiet json out cases workloads save no-shrink resume journal takeover'
const reports = 'result junit html artifacts'

describe('the options of each command', () => {
  it.each([
    ['run', `${campaign} ${reports} no-explore`],
    ['gate', `${campaign} ${reports} no-explore errors seeds nightly`],
    ['validate', `${campaign} ${reports} no-explore law`],
    [
      'explore',
      `seed budget jobs shard profile only skip bail quiet json out depth every no-errors save no-shrink journal takeover ${reports}`,
    ],
    ['judge', 'json'],
    ['report', 'json merge result junit html'],
    ['audit', 'seed budget jobs profile only skip json out'],
    [
      'replay',
      'budget jobs profile scratch quiet json out times keep inspect inspect-port unexcused',
    ],
    ['shrink', 'budget jobs profile scratch quiet json out save'],
    ['mutate', 'seed budget jobs shard only skip json out cases sample docs kills resume'],
    ['inspect', 'json out records web port'],
    ['list', 'only skip json out'],
    ['doctor', 'scratch json out'],
    ['init', 'json backend'],
  ])('%s', (command, expected) => {
    const options = program.commands.find((each) => each.name() === command)?.options ?? []
    expect(options.map(({ long }) => String(long?.slice(2))).toSorted()).toEqual(
      expected.split(' ').toSorted(),
    )
  })

  it('the page of the commands names those that have --json alone', () => {
    const page = readFileSync(join(root, 'docs', 'commands.md'), 'utf8')
    const line = /`--json`, `--out` +\| all; (.*) have `--json` alone/.exec(page)?.[1] ?? ''
    const alone = program.commands.filter(({ options }) =>
      options.every(({ long }) => long !== '--out'),
    )
    expect([...line.matchAll(/`(\w+)`/g)].map((match) => match[1])).toEqual(
      alone.map((each) => each.name()).toSorted(),
    )
  })

  it('is known of every command', () => expect(program.commands).toHaveLength(14))
})

describe('a time', () => {
  it.each([
    ['500ms', 500],
    ['60', 60_000],
    ['1.5m', 90_000],
    ['24h', 86_400_000],
  ])('%s is %i milliseconds', (text, ms) => expect(duration(text)).toBe(ms))

  it.each(['999h', '24.1h', '86401', '0s', '-1s', '1d', ''])('%j is none, or too long', (text) =>
    expect(() => duration(text)).toThrow(
      'expected a time such as 500ms, 60s or 5m, of at most 24h',
    ),
  )
})

function written(out: string): unknown {
  return JSON.parse(readFileSync(join(directory, out, 'result.json'), 'utf8'))
}

function jsonOf({ stdout }: Said): { readonly [member: string]: unknown } {
  return JSON.parse(stdout) as { readonly [member: string]: unknown }
}

describe.concurrent('what they do', () => {
  it('list: --only and --skip choose, --out writes what --json says', async () => {
    const out = ['--json', '--out', join(directory, 'list')]
    const said = await cli(['list', '--only', 'loop', 'waits', '--skip', 'loop', ...out], root)
    expect(said.code).toBe(0)
    expect(jsonOf(said)['scenarios']).toMatchObject([{ name: 'waits' }])
    expect(written('list')).toEqual(jsonOf(said))
  })

  it('doctor: --scratch is looked at, and where it is not, nothing works', async () => {
    const missing = join(directory, 'missing')
    const said = await cli(['doctor', '--scratch', missing, '--out', join(directory, 'd')], root)
    expect(said.code).toBe(4)
    expect(said.stdout).toContain(`${missing} is not there`)
    expect(written('d')).toMatchObject({ fit: false })
  })

  it('mutate: --skip, --shard and --budget leave mutants out; what was not hunted is no pass', async () => {
    const chosen = ['--only', 'B01', 'B25', '--skip', 'B01', '--shard', '1/2', '--budget', '1ms']
    const said = await cli(['mutate', ...chosen, '--out', join(directory, 'm')], root)
    expect(said.code).toBe(2)
    expect(said.stdout).toContain('1 mutants × at most')
    expect(said.stdout).toContain('1 not hunted to the end')
    expect(written('m')).toMatchObject({ mutants: [] })
  })

  it('replay: --times in --jobs, --scratch, --out', async () => {
    const more = ['--times', '3', '--jobs', '2', '--scratch', directory]
    const said = await cli(['replay', token, ...more, '--out', join(directory, 'r')], root)
    expect(said.code).toBe(0)
    expect(said.stdout).toContain('in 3 of 3 runs')
    expect(written('r')).toMatchObject({ verdict: 'HOLDS', runs: [{}, {}, {}] })
  })

  it('shrink: --profile, --scratch and --out, also where there is nothing to shrink', async () => {
    const more = ['--profile', 'ext4', '--scratch', directory, '--out', join(directory, 's')]
    const said = await cli(['shrink', token, ...more], root)
    expect(said.code).toBe(0)
    expect(written('s')).toMatchObject({ verdict: 'HOLDS' })
  })

  it('explore: --shard takes a part of the states, --budget ends it, --out keeps what is known', async () => {
    const part = ['--only', 'finished-run', '--shard', '2/2', '--no-errors', '--budget', '1ms']
    const said = await cli(['explore', ...part, '--out', join(directory, 'e')], root)
    expect(said.stdout).toContain('1 scenarios × file')
    expect(said.stdout).toContain('not begun, its time was over: finished-run × file')
    expect(said.stdout).not.toContain('all of it holds')
    expect(written('e')).toMatchObject({ explored: [] })
  })

  it('an option that makes no sense for a command is a usage error', async () => {
    const said = await cli(['audit', '--shard', '1/2'], root)
    expect(said.code).toBe(3)
    expect(said.stderr).toContain("unknown option '--shard'")
  })
})
