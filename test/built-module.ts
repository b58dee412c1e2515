/**
 * A module of the tests as plain JavaScript, for processes that run what `build.ts` built: to load it through tsx costs each of them
 * half a second of the processor.
 *
 * Modules of the tests are put into one file; what they import of the sources stays outside, as what was built of them, so that
 * the process has each of those once. Files keep what they are told of themselves: `import.meta.url` is that of the source.
 */
import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = /^(?:src|harness|scenarios)\//

/** Writes the module `entry` and the modules of the tests that it imports to `outfile`, a path that ends with `.mjs`. */
export async function buildModule(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [outside, itself],
  })
}

const outside: Plugin = {
  name: 'outside',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, ({ path }) =>
      path.startsWith('node:') ? undefined : { path: import.meta.resolve(path), external: true },
    )
    context.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const file = relative(root, resolve(resolveDir, path))
      if (!sources.test(file)) return undefined
      const built = resolve(root, 'dist', file.replace(/\.ts$/, '.js'))
      return { path: pathToFileURL(built).href, external: true }
    })
  },
}

const itself: Plugin = {
  name: 'itself',
  setup(context) {
    context.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: 'ts',
    }))
  },
}
