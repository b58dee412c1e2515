import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { describeOp } from '../../../harness/op.ts'
import { sitesUnder } from '../../../harness/report/sites.ts'
import type { Trace } from '../../../harness/trace.ts'
import { createSiteResolver, parseFrame } from '../../../harness/trace-sites.ts'
import { runWorker, scratch } from './run-worker.ts'

const fixture = fileURLToPath(new URL('fixtures/sites.mjs', import.meta.url))
const sourceLines = readFileSync(fixture, 'utf8').split('\n')
/** What the comment at the end of a line of the fixture calls it. */
const nameOf = (line: number): string => /\/\/ (\w+)$/.exec(sourceLines[line - 1] ?? '')?.[1] ?? '-'

function named(trace: Trace | undefined, resolver = parseFrame): Record<string, string> {
  const rows = (trace?.ops ?? []).map(({ op, frames }) => {
    const sites = frames.slice(0, 2).map((frame) => resolver(frame))
    expect(sites.every(({ file }) => basename(file) === 'sites.mjs')).toBe(true)
    return [describeOp(op), sites.map(({ line }) => nameOf(line)).join(' < ')]
  })
  return Object.fromEntries(rows) as Record<string, string>
}

const expected = {
  'mkdir sync': 'inner < outer',
  'open promise create truncate': 'promise',
  'write promise +1 bytes at 0': 'promise',
  'open handle create truncate': 'open',
  'write handle +1 bytes at 0': 'handle',
  'open callback create truncate': 'callback < -',
  'write callback +1 bytes at 0': 'callback < -',
  'open stream create truncate': 'create',
  'write stream +1 bytes at 0': 'stream',
  'open floating create': 'floating',
  'write floating +1 bytes at 0': 'floating',
}

describe('sites', () => {
  test.each(['serial', 'native'] as const)(
    'every op names the line that issued it: %s',
    async (order) => {
      const run = await runWorker('sites.mjs', { lane: 'recording', order })
      expect(run.stderr).toBe('')
      const seen = named(run.traces[0])
      expect(seen).toMatchObject(expected)
    },
  )

  test.each(['inline', 'external', 'linked'] as const)(
    'a bundled worker with a source map that is %s',
    async (sourcemap) => {
      const place = scratch()
      const bundle = join(place, 'worker.mjs')
      await build({
        entryPoints: [fixture],
        outfile: bundle,
        bundle: true,
        platform: 'node',
        format: 'esm',
        minify: true,
        sourcemap,
        logLevel: 'silent',
      })
      const run = await runWorker(bundle, { lane: 'recording', place })
      const seen = named(run.traces[0], createSiteResolver())
      expect(seen['mkdir sync']).toBe('inner < outer')
      expect(seen['write handle +1 bytes at 0']).toBe('handle')
    },
  )

  test('hooks and worker in one file: frames of the hooks are left out, those of the worker are not', async () => {
    const place = scratch()
    const bundle = join(place, 'worker.mjs')
    const hooks = fileURLToPath(new URL('../../../harness/hooks/preload.ts', import.meta.url))
    await build({
      stdin: {
        contents: `import ${JSON.stringify(hooks)}\nimport ${JSON.stringify(fixture)}`,
        resolveDir: place,
      },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __filename = '';",
      },
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      minifyWhitespace: true,
      // The package says that its modules have no side effects; this one has nothing else.
      ignoreAnnotations: true,
      sourcemap: 'external',
      logLevel: 'silent',
    })
    const run = await runWorker(bundle, { lane: 'recording', place, bare: true })
    expect(run.stderr).toBe('')
    const seen = named(run.traces[0], createSiteResolver())
    expect(seen['mkdir sync']).toBe('inner < outer')
    expect(seen['write callback +1 bytes at 0']).toBe('callback < -')
    expect(seen['write stream +1 bytes at 0']).toBe('stream')
  })

  test.each(['p\u00fc r\u00f6j', '100%41 #1', '\u65e5\u672c'])(
    'a project may lie in %s',
    async (name) => {
      const project = join(scratch(), name)
      mkdirSync(project)
      const source = join(project, `${name}.ts`)
      writeFileSync(source, '\n\nconsole.log("marker")\n')
      const outfile = join(project, 'out', 'worker.cjs')
      await build({
        stdin: {
          contents: `console.log("begun")\nimport ${JSON.stringify(source)}`,
          resolveDir: project,
        },
        absWorkingDir: project,
        outfile,
        bundle: true,
        platform: 'node',
        sourcemap: 'external',
        logLevel: 'silent',
      })
      const lines = readFileSync(outfile, 'utf8').split('\n')
      const frameOf = (text: string): string => {
        const line = lines.findIndex((each) => each.includes(text))
        return `${outfile}:${line + 1}:${(lines[line] ?? '').search(/\S/) + 1}`
      }
      expect(createSiteResolver()(frameOf('"marker"'))).toMatchObject({ file: source, line: 3 })
      const siteOf = sitesUnder(project)
      expect(siteOf([frameOf('"marker"'), frameOf('"begun"')])).toBe(`${name}.ts:3`)
    },
  )

  test('a missing or broken map leaves the raw position', () => {
    const place = scratch()
    const file = join(place, 'x.js')
    writeFileSync(file, 'x\n//# sourceMappingURL=data:application/json;base64,e30=\n')
    const resolve = createSiteResolver()
    expect(resolve(`${file}:1:1`)).toEqual({ file, line: 1, column: 1 })
    expect(resolve('evalmachine.<anonymous>:3:4')).toEqual({
      file: 'evalmachine.<anonymous>',
      line: 3,
      column: 4,
    })
    expect(resolve('no position')).toEqual({ file: 'no position', line: 0, column: 0 })
  })
})
