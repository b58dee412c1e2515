/** What a person does first: install the package into an empty project, `init`, `run`. With the real tarball. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostCertificates } from '../build.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let directory = ''
let packed: readonly string[] = []

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'killpoint-start-'))
  // All of it was built before the tests: `prepare` would write anew what others are just reading.
  const output = npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', directory)
  const [tarball] = JSON.parse(output) as {
    readonly filename: string
    readonly files: readonly { readonly path: string }[]
  }[]
  packed = tarball?.files.map(({ path }) => path) ?? []
  writeFileSync(join(directory, 'package.json'), '{ "name": "empty", "private": true }\n')
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund']
  npm(directory, 'install', '--save-dev', ...quiet, join(directory, tarball?.filename ?? ''))
}, 300_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function npm(cwd: string, ...args: readonly string[]): string {
  const { [hostCertificates]: certificates } = process.env
  const own = certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }
  const env = { ...process.env, ...own }
  return execFileSync('npm', args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** What `npx killpoint` starts, without the half second that npx takes to find it. */
function killpoint(args: readonly string[], more: Readonly<Record<string, string>> = {}): Ran {
  return ran(join(directory, 'node_modules', '.bin', 'killpoint'), args, more)
}

function ran(
  file: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Ran {
  const { FORCE_COLOR: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: directory,
    env: { ...env, ...more },
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

describe('a new project', () => {
  it('is told what to do where there is no configuration', () => {
    const { code, out, err } = ran('npx', ['--no-install', 'killpoint', 'run'])
    expect(code).toBe(3)
    expect(out).toBe('')
    expect(err).toContain('there is no killpoint.config.ts in')
    expect(err).toContain('hint: run `npx killpoint init`')
  })

  it('gets a configuration, a worker and a scenario that pass as they are', () => {
    expect(killpoint(['init']).code).toBe(0)
    const { code, out, err } = killpoint(['run', '--seed', 'abc', '--cases', '8'])
    expect(err).not.toContain('✗')
    expect(out.trimEnd().split('\n').at(-1)).toBe('✓ all of it holds')
    expect(code).toBe(0)
    expect(out).toMatch(/\b8 cases, \d+ real processes killed/)
  })

  it('gets a workflow whose gate passes, and leaves what the workflow uploads', () => {
    const workflow = readFileSync(join(directory, '.github/workflows/durability.yml'), 'utf8')
    const [, line = ''] = /npx (killpoint gate.*?)\$\{\{/s.exec(workflow) ?? []
    expect(workflow).toContain("|| '--budget 60s' }}")
    const words = line.split(/\s+/).filter((word) => !['', 'killpoint'].includes(word))
    // Its minute is more than eight cases need, however busy the host is.
    const few = ['--cases', '8', '--workloads', '1']
    const { code, out } = killpoint([...words, '--budget', '60s', ...few])
    expect(out.trimEnd().split('\n').at(-1)).toBe('✓ all of it holds')
    expect(code).toBe(0)
    expect(workflow).toMatch(/name: durability\n +path: gate\n/)
    expect(readdirSync(join(directory, 'gate'))).toEqual(
      expect.arrayContaining(['junit.xml', 'report.html', 'result.json']),
    )
  })

  it('gets a journal backend that keeps the laws as it is, and is not overwritten', () => {
    const made = killpoint(['init', '--backend', 'my-journal.ts'])
    expect(made.code).toBe(0)
    expect(made.out.trimEnd().split('\n').at(-1)).toBe(
      'next   npx killpoint validate my-journal.ts',
    )
    expect(readFileSync(join(directory, 'my-journal.ts'), 'utf8')).toContain(
      'TODO, to make it yours',
    )
    const { code, out } = killpoint(['validate', 'my-journal.ts', '--law', 'J3', '--seed', 'abc'])
    expect(out).toMatch(/^J3 +held /m)
    expect(code).toBe(0)
    const again = killpoint(['init', '--backend', 'my-journal.ts'])
    expect(again.code).toBe(3)
    expect(again.err).toContain('this file exists already: my-journal.ts')
  })

  it('is red where its journal is broken, with an annotation at the line that wrote too late', () => {
    const journal = readFileSync(join(directory, 'my-journal.ts'), 'utf8')
    const late = journal.replace(
      'write(file, { batch })',
      'setImmediate(() => write(file, { batch }))',
    )
    expect(late).not.toBe(journal)
    writeFileSync(join(directory, 'late.ts'), late)
    const config = readFileSync(join(directory, 'killpoint.config.ts'), 'utf8')
    const systems = `systems: [backendSystem({ name: 'late', module: 'late.ts', claims: ['process', 'keyed', 'parallel'] })],`
    const edited = config
      .replace('import { defineConfig }', 'import { backendSystem, defineConfig }')
      .replace(/systems: \[.*?\n {2}\],/s, systems)
    writeFileSync(join(directory, 'killpoint.config.ts'), edited)
    const few = ['--seed', 'abc', '--cases', '8', '--workloads', '1', '--no-explore', '--no-shrink']
    const { code, out } = killpoint(['gate', ...few], { GITHUB_ACTIONS: 'true' })
    writeFileSync(join(directory, 'killpoint.config.ts'), config)
    expect(code).toBe(1)
    const lines = out.split('\n').filter((line) => line.startsWith('::error '))
    expect(lines.length).toBeGreaterThan(0)
    const places = lines.map((line) => /^::error file=(.+?),line=(\d+),/.exec(line)?.slice(1))
    for (const place of places)
      expect([place?.[0], late.split('\n')[Number(place?.[1]) - 1]]).toEqual([
        'late.ts',
        expect.stringContaining('appendFileSync'),
      ])
  })

  it('keeps its files when init is called again', () => {
    const worker = join(directory, 'killpoint', 'worker.ts')
    writeFileSync(worker, '// mine\n')
    rmSync(join(directory, 'killpoint', 'scenario.ts'))
    const { code, err } = killpoint(['init'])
    expect(code).toBe(3)
    expect(err).toContain(
      'these files exist already: killpoint.config.ts, killpoint/worker.ts, .github/workflows/durability.yml\n',
    )
    expect(readFileSync(worker, 'utf8')).toBe('// mine\n')
    expect(readdirSync(join(directory, 'killpoint'))).not.toContain('scenario.ts')
  })

  it('can import every entry of the package', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly exports: Readonly<Record<string, unknown>>
    }
    const code = Object.keys(exports)
      // vitest is the user's own.
      .filter((name) => name !== './vitest')
      .map((name) => {
        const attributes = name.endsWith('.json') ? ", { with: { type: 'json' } }" : ''
        return `await import('killpoint${name.slice(1)}'${attributes})`
      })
      .join('\n')
    writeFileSync(join(directory, 'entries.mjs'), code)
    execFileSync(process.execPath, [join(directory, 'entries.mjs')], { cwd: directory })
  })

  it('holds what is needed at run time and no more', () => {
    const tops = new Set(packed.map((path) => path.split('/')[0]))
    expect(tops).toEqual(
      new Set([
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'dist',
        'examples',
        'harness',
        'native',
        'package.json',
        'scenarios',
        'src',
      ]),
    )
    expect(packed.filter((path) => /tsbuildinfo|\.test\.|node_modules/.test(path))).toEqual([])
  })
})
