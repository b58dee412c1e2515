/**
 * The findings for the tests, made by `run.ts` in a process of its own: a test runner wraps every import in a getter, which makes
 * millions of small calls between files six times slower.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { execa } from 'execa'
import type { Findings } from './findings.ts'

/** Walks everything once; rejects where the process fails. */
export async function walked(): Promise<Findings> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-model-'))
  try {
    const script = path.join(directory, 'run.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL('run.ts', import.meta.url))],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    })
    const { stdout } = await execa(process.execPath, [script, '--json'])
    return JSON.parse(stdout) as Findings
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}
