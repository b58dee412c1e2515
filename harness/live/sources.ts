/** What a system runs, as a hash: equal for equal sources, wherever they lie. */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename, relative } from 'node:path'

/** A hash over files by name and content; those that are none are left out. Names are relative to `root` where there is one. */
export function digestOfFiles(paths: readonly string[], root?: string): string {
  const hash = createHash('sha256')
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue
    const name = root === undefined ? basename(path) : relative(root, path)
    hash.update(JSON.stringify(name)).update(readFileSync(path))
  }
  return hash.digest('hex').slice(0, 16)
}
