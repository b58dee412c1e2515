import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import { bundleWorker } from '../../../harness/live/bundle.ts'
import type { BundleOrder } from '../../../harness/live/bundle.ts'

let root = ''
beforeAll(() => void (root = realpathSync(mkdtempSync(join(tmpdir(), 'killpoint-bundle-')))))
afterAll(() => rmSync(root, { recursive: true }))

let made = 0

/** Writes files and bundles the first of them. */
async function bundled(
  files: Readonly<Record<string, string>>,
  more: Partial<BundleOrder> & {
    external?: readonly string[]
    modules?: Record<string, string>
  } = {},
): Promise<{
  readonly at: string
  readonly file: string
  readonly map: string
  readonly format: string
  readonly cacheable: boolean
  readonly sources: readonly string[]
}> {
  const at = join(root, String((made += 1)))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true })
    writeFileSync(join(at, name), text)
  }
  const directory = join(at, 'out')
  mkdirSync(directory)
  const { external = [], modules = {}, ...order } = more
  const entry = join(at, Object.keys(files)[0] ?? '')
  const program = { kind: 'script', entry, external, modules } as const
  return { at, ...(await bundleWorker({ program, directory, ...order })) }
}

function run(file: string): string {
  return execFileSync(process.execPath, [file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

describe('bundle', () => {
  it('is one CommonJS file that runs without its sources', async () => {
    const { at, file, format, sources } = await bundled({
      'main.ts': "import { one } from './one.ts'\nconsole.log(one as number)\n",
      'one.ts': 'export const one: number = 1\n',
    })
    expect(format).toBe('cjs')
    expect(new Set(sources)).toEqual(new Set([join(at, 'main.ts'), join(at, 'one.ts')]))
    rmSync(join(at, 'one.ts'))
    expect(run(file)).toBe('1\n')
  })

  it('becomes an ES module where a module awaits at its top level', async () => {
    const { file, format } = await bundled({
      'main.ts':
        "import { join } from 'node:path'\nconsole.log(await Promise.resolve(join('a', 'b')))\n",
    })
    expect(format).toBe('esm')
    expect(run(file)).toBe('a/b\n')
  })

  it('requires what is imported at run time, where that is built in or bundled', async () => {
    const { file, cacheable } = await bundled({
      'main.ts':
        "import('node:path').then(({ sep }) => console.log(sep))\nimport('./later.ts').then(({ later }) => console.log(later))\n",
      'later.ts': "export const later: string = 'later'\n",
    })
    expect(cacheable).toBe(true)
    expect(run(file)).toBe('/\nlater\n')
  })

  it('imports what only Node can find at run time, and is then not to be cached', async () => {
    const named = await bundled(
      {
        'main.ts': "import('esm-only').then(({ where }) => console.log(where))\n",
        'node_modules/esm-only/package.json': '{ "type": "module", "exports": "./index.js" }',
        'node_modules/esm-only/index.js': "export const where = 'there'\n",
      },
      { external: ['esm-only'] },
    )
    expect(named.cacheable).toBe(false)
    expect(run(named.file)).toBe('there\n')
    const computed = await bundled({
      'main.ts':
        "const name = 'node:' + 'path'\nimport(name).then(({ sep }) => console.log(sep))\n",
    })
    expect(computed.cacheable).toBe(false)
    expect(run(computed.file)).toBe('/\n')
  })

  it('tells a module where its source is', async () => {
    const { at, file } = await bundled({
      'main.ts': 'console.log(import.meta.url, import.meta.filename, import.meta.dirname)\n',
    })
    const source = join(at, 'main.ts')
    expect(run(file)).toBe(`${pathToFileURL(source).href} ${source} ${at}\n`)
  })

  it('puts a user’s module in the place of a name', async () => {
    const { file } = await bundled(
      {
        'main.ts': "import { name } from 'killpoint:backend'\nconsole.log(name)\n",
        'mine.ts': "export const name: string = 'mine'\n",
      },
      { modules: { 'killpoint:backend': join(root, String(made + 1), 'mine.ts') } },
    )
    expect(run(file)).toBe('mine\n')
  })

  it('bundles what a transform makes of a source, and maps it to that source', async () => {
    const seen: string[] = []
    const { at, file, map } = await bundled(
      { 'main.ts': 'const text: string = "right"\nconsole.log(text)\nthrow new Error(text)\n' },
      {
        transform: (path, text) => {
          seen.push(path)
          return text.replace('"right"', '"wrong"')
        },
      },
    )
    expect(seen).toEqual([join(at, 'main.ts')])
    const [, line = '', column = ''] = /worker\.cjs:(\d+):(\d+)\)/.exec(failure(file)) ?? []
    const traced = new TraceMap(readFileSync(map, 'utf8'), pathToFileURL(map).href)
    const found = originalPositionFor(traced, { line: Number(line), column: Number(column) - 1 })
    expect(found).toMatchObject({ source: pathToFileURL(join(at, 'main.ts')).href, line: 3 })
  })

  it('keeps two classes of one name apart and named', async () => {
    const { file } = await bundled({
      'main.ts':
        "import { Thing as Other } from './other.ts'\nclass Thing {}\nconsole.log(Thing.name, Other.name)\n",
      'other.ts': 'export class Thing {}\n',
    })
    expect(run(file)).toBe('Thing Thing\n')
  })

  it('runs what is imported for its effect, whatever the package says', async () => {
    const { file } = await bundled({
      'main.ts': "import './effect.ts'\n",
      'effect.ts': "console.log('effect')\n",
      'package.json': '{ "sideEffects": false, "type": "module" }',
    })
    expect(run(file)).toBe('effect\n')
  })

  it('leaves packages with native code, and those that are named, where they are', async () => {
    const { file } = await bundled(
      {
        'main.ts':
          "import native from 'native'\nimport named from 'named/deep.js'\nimport plain from 'plain'\nconsole.log(native.where, named.where, plain.where)\n",
        'node_modules/native/package.json': '{ "main": "index.js" }',
        'node_modules/native/binding.gyp': '{}',
        'node_modules/native/index.js': 'exports.where = require("path").basename(__dirname)\n',
        'node_modules/named/package.json': '{}',
        'node_modules/named/deep.js': 'exports.where = require("path").basename(__dirname)\n',
        'node_modules/plain/package.json': '{ "main": "index.js" }',
        'node_modules/plain/index.js': 'exports.where = require("path").basename(__dirname)\n',
      },
      { external: ['named'] },
    )
    expect(run(file)).toBe('native named out\n')
  })

  it('puts the hooks first, and names them the file that children are to load', async () => {
    const at = join(root, String(made + 1))
    const { file } = await bundled(
      { 'main.ts': "console.log('main')\n", 'hooks.ts': "console.log('hooks', __filename)\n" },
      { preload: { entry: join(at, 'hooks.ts'), built: '/built/preload.cjs' } },
    )
    expect(run(file)).toBe('hooks /built/preload.cjs\nmain\n')
  })

  it('says all that is wrong with the sources', async () => {
    const broken = bundled({
      'main.ts': "import { two } from './one.ts'\nimport './none.ts'\nconsole.log(two)\n",
      'one.ts': 'export const one = 1\n',
    })
    await expect(broken).rejects.toThrow(/none\.ts/)
  })
})

function failure(file: string): string {
  try {
    run(file)
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
  throw new Error('expected it to fail')
}
