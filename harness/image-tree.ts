/**
 * A directory image in a line for each name, files by the hash of what they hold: equal for equal trees, contents and links, and for
 * nothing else. Trees of one maker are compared with each other alone, for each hashes contents in its own way.
 */
import { createHash } from 'node:crypto'
import type { DirectoryImage, ImageEntry } from './directory-image.ts'

/** The lines. */
export type ImageTree = string

/** The line of a name; `what`: `d`, `l` with a target, `f` with a hash, `=` with the first name of the same file. */
export function treeLine(path: string, what: string): string {
  return `${path}\0${what}\n`
}

/** A short name for a tree. */
export function hashOfTree(tree: ImageTree): string {
  return createHash('sha1').update(tree).digest('hex')
}

/** The tree of an image; what its files hold is hashed once, for it never changes under an entry. */
export function treeOfImage(image: DirectoryImage): ImageTree {
  const seen = new Map<ImageEntry, string>()
  let tree = ''
  for (const path of [...image.keys()].sort()) {
    const entry = image.get(path)
    if (entry === undefined) continue
    const other = seen.get(entry)
    if (entry.kind === 'directory') tree += treeLine(path, 'd')
    else if (entry.kind === 'symlink') tree += treeLine(path, `l${entry.target}`)
    else if (other !== undefined) tree += treeLine(path, `=${other}`)
    else {
      seen.set(entry, path)
      tree += treeLine(path, `f${contentHash(entry)}`)
    }
  }
  return tree
}

/** The tree with anything in these files, of which each is known by its first name; `undefined` where one is not there. */
export function blurred(tree: ImageTree, paths: readonly string[]): ImageTree | undefined {
  let left = tree
  for (const path of paths) {
    const start = `\n${path}\0f`
    const at = left.startsWith(start.slice(1)) ? -1 : left.indexOf(start)
    if (at < 0 && !left.startsWith(start.slice(1))) return undefined
    const from = at + start.length
    left = `${left.slice(0, from)}?${left.slice(left.indexOf('\n', from))}`
  }
  return left
}

const contentHashes = new WeakMap<ImageEntry, string>()

function contentHash(entry: Extract<ImageEntry, { kind: 'file' }>): string {
  const known = contentHashes.get(entry)
  if (known !== undefined) return known
  const hash = createHash('sha1').update(entry.bytes).digest('hex')
  contentHashes.set(entry, hash)
  return hash
}
