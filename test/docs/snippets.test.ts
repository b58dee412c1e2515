/**
 * Every block of `README.md` and `docs/*.md` in TypeScript has right types; one that is marked `ts run` is a whole program, and runs
 * to its end as it stands there. One that is marked neither `run` nor `types` fails this test: nothing is shown untried.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'
import { afterAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-docs-'))
// What a snippet imports besides killpoint is installed here.
fs.symlinkSync(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'))
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }))

interface Snippet {
  readonly title: string
  readonly code: string
  /** How it is tried. */
  readonly mode: string
}

function snippetsOf(page: string): readonly Snippet[] {
  const text = fs.readFileSync(path.join(root, page), 'utf8')
  const blocks = [...text.matchAll(/^```ts(.*?)\n(.*?)^```$/gms)]
  return blocks.map(({ 1: mode = '', 2: code = '', index }) => {
    const heading =
      text
        .slice(0, index)
        .match(/^#+ (.*)$/gm)
        ?.at(-1) ?? ''
    const line = text.slice(0, index).split('\n').length
    return { title: `${page}:${line} ${heading}`, code, mode: mode.trim() }
  })
}

/** What the package's users import, and the source behind it. */
const entries = {
  killpoint: path.join(root, 'harness/index.ts'),
  'killpoint/scenarios': path.join(root, 'scenarios/entry.ts'),
  'killpoint/vitest': path.join(root, 'harness/vitest.ts'),
  'killpoint/worker': path.join(root, 'harness/worker.ts'),
  'killpoint/runtime': path.join(root, 'src/index.ts'),
  'killpoint/journal': path.join(root, 'src/journal-entry.ts'),
  'killpoint/conformance': path.join(root, 'harness/conformance.ts'),
  'killpoint/transcript': path.join(root, 'src/transcript.ts'),
}

/** What was built of a source: its types. */
function declarationsOf(file: string): string {
  return path.join(root, 'dist', path.relative(root, file).replace(/\.ts$/, '.d.ts'))
}

const snippets = fs
  .readdirSync(path.join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => path.join('docs', name))
  .concat('README.md')
  .flatMap(snippetsOf)

it('there are snippets to run', () => {
  expect(snippets.length).toBeGreaterThan(15)
})

it('each is run, or its types are looked at', () => {
  expect(snippets.filter(({ mode }) => mode !== 'run' && mode !== 'types')).toEqual([])
})

it('their types are right', () => {
  const files = snippets.map(({ code }, index) => {
    const file = path.join(scratch, `snippet-${index}.mts`)
    fs.writeFileSync(file, code)
    return file
  })
  const program = ts.createProgram(files, {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.es2024.string.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules/@types')],
    // As users have them: all of the sources would be checked once more.
    paths: Object.fromEntries(
      Object.entries(entries).map(([name, file]) => [name, [declarationsOf(file)]]),
    ),
  })
  const problems = files.flatMap((file) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(file)),
  )
  expect(
    problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  ).toEqual([])
})

it.each(snippets.filter(({ mode }) => mode === 'run'))('$title runs', async ({ code }) => {
  const directory = fs.mkdtempSync(path.join(scratch, 'snippet-'))
  const program = path.join(directory, 'program.mjs')
  await build({
    stdin: { contents: code, loader: 'ts', resolveDir: root },
    alias: entries,
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
  })
  const { exit, output } = await run(program, directory)
  expect({ exit, output }).toEqual({ exit: 0, output: '' })
})

/** Runs a program to its end; gives its exit code or signal, and what it said about errors. */
function run(
  program: string,
  cwd: string,
): Promise<{ exit: number | string | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
    let output = ''
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('close', (code, signal) => resolve({ exit: code ?? signal, output }))
  })
}
