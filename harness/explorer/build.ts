/** Bundles the shard program into one file in a directory of the exploration: a process of plain Node runs it. */
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Builds it into `directory`; the path of the file. */
export async function buildShard(directory: string): Promise<string> {
  const entry = fileURLToPath(new URL(`./shard-main${extname(import.meta.url)}`, import.meta.url))
  const outfile = join(directory, 'shard.cjs')
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    legalComments: 'none',
    logLevel: 'silent',
  })
  return outfile
}
