/**
 * Runs a bench as plain JavaScript, bundled the way a user's program would be: what runs TypeScript directly adds work of
 * its own to every function that is made.
 *
 *   node --import tsx bench/launch.ts NAME [arguments]
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const [name = 'journal', ...args] = process.argv.slice(2)
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-bench-'))
const program = path.join(dir, `${name}.mjs`)
try {
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // For the packages that are CommonJS inside.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  })
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  fs.rmSync(dir, { recursive: true })
}
