/**
 * The names of a disk in memory: made of an image, walked as the kernel walks paths, and made an image again.
 *
 * Paths are relative to the root of the tree. What is wrong with one is told with the kernel's code, and with the call and the path as
 * the program gave them.
 */
import { constants } from 'node:fs'
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import type { DiskPath } from './disk.ts'
import { pathText, systemError } from './errors.ts'
import {
  VirtualFile,
  type FileEntry,
  type VirtualDirectory,
  type VirtualLink,
  type VirtualNode,
} from './virtual-nodes.ts'

const linksMax = 40

const emptyFile: FileEntry = { kind: 'file', bytes: new Uint8Array() }

/** Where a path leads. */
export interface Found {
  readonly directory: VirtualDirectory
  readonly name: string
  readonly node: VirtualNode | undefined
}

/** A path that a program asks for. */
export interface Asked {
  readonly relative: string
  readonly syscall: string
  /** As the program gave it. */
  readonly path: DiskPath
}

/** The tree; it shares the contents of its image until they are written. */
export class VirtualTree {
  readonly #root: VirtualDirectory
  /** Where the image stands. */
  readonly #base: VirtualDirectory
  readonly #given: { readonly entry: FileEntry; readonly file: VirtualFile }[] = []
  #inodes = 0

  /** `at`: a name in the root under which the image stands; absent: it stands in the root itself. */
  constructor(image: DirectoryImage, at?: string) {
    this.#root = this.makeDirectory(undefined)
    this.#base = at === undefined ? this.#root : this.makeDirectory(this.#root)
    if (at !== undefined) this.#root.entries.set(at, this.#base)
    const seen = new Map<ImageEntry, VirtualFile>()
    for (const path of [...image.keys()].sort()) {
      const entry = image.get(path)
      if (entry === undefined) continue
      const names = path.split('/')
      const name = names.pop() ?? ''
      let parent: VirtualNode | undefined = this.#base
      for (const each of names)
        parent = parent?.kind === 'directory' ? parent.entries.get(each) : undefined
      if (parent?.kind !== 'directory') throw new Error(`an image without what is above ${path}`)
      parent.entries.set(name, this.#nodeOf(entry, parent, seen))
    }
  }

  /** What stands on it now; names of one file share one entry. Valid until something is written. */
  image(): DirectoryImage {
    const image = new Map<string, ImageEntry>()
    const visit = (directory: VirtualDirectory, prefix: string): void => {
      for (const [name, node] of directory.entries) {
        const path = prefix + name
        if (node.kind === 'directory') {
          image.set(path, { kind: 'directory' })
          visit(node, `${path}/`)
        } else if (node.kind === 'symlink') {
          image.set(path, { kind: 'symlink', target: node.target })
        } else {
          node.entry ??= { kind: 'file', bytes: node.bytes.subarray(0, node.size) }
          image.set(path, node.entry)
        }
      }
    }
    visit(this.#base, '')
    return image
  }

  /** Files of its image of which nobody has asked what they hold, nor how much: whatever that is, all would have been the same. */
  unread(): ReadonlySet<ImageEntry> {
    return new Set(this.#given.filter(({ file }) => file.isUnread).map(({ entry }) => entry))
  }

  /** Where a path leads; its last name may be missing. `follow`: links, also at its end. */
  find({ relative, syscall, path }: Asked, follow: boolean): Found {
    const quick = this.#quick(relative)
    return typeof quick === 'object' ? quick : this.#walk({ relative, syscall, path }, follow, [])
  }

  /** The same, where there is something. */
  existing(asked: Asked, follow: boolean): Found & { readonly node: VirtualNode } {
    const { node, ...found } = this.find(asked, follow)
    if (node === undefined) throw systemError('ENOENT', asked.syscall, pathText(asked.path))
    return { ...found, node }
  }

  /** The same, for those to whom absence is no error: errors are dear. */
  peek(asked: Asked, follow: boolean): VirtualNode | undefined {
    const quick = this.#quick(asked.relative)
    if (quick === 'not plain') return this.existing(asked, follow).node
    return quick === 'absent' ? undefined : quick.node
  }

  /** The names on the way to what is there, with links resolved. */
  resolved(asked: Asked): readonly string[] {
    const parts: string[] = []
    const { node } = this.#walk(asked, true, parts)
    if (node === undefined) throw systemError('ENOENT', asked.syscall, pathText(asked.path))
    return parts
  }

  /** An empty file, without a name. */
  makeFile(mode: number): VirtualFile {
    const file = new VirtualFile(++this.#inodes, constants.S_IFREG | (mode & 0o777), emptyFile)
    file.own(new Uint8Array(), 0)
    return file
  }

  /** An empty directory, without a name. */
  makeDirectory(parent: VirtualDirectory | undefined): VirtualDirectory {
    const mode = constants.S_IFDIR | 0o755
    return { kind: 'directory', ino: ++this.#inodes, mode, links: 2, entries: new Map(), parent }
  }

  /** A link, without a name. */
  makeLink(target: string): VirtualLink {
    return {
      kind: 'symlink',
      ino: ++this.#inodes,
      mode: constants.S_IFLNK | 0o777,
      links: 1,
      target,
    }
  }

  #nodeOf(
    entry: ImageEntry,
    parent: VirtualDirectory,
    seen: Map<ImageEntry, VirtualFile>,
  ): VirtualNode {
    if (entry.kind === 'directory') return this.makeDirectory(parent)
    if (entry.kind === 'symlink') return this.makeLink(entry.target)
    const known = seen.get(entry)
    if (known !== undefined) {
      known.links += 1
      return known
    }
    const file = new VirtualFile(++this.#inodes, constants.S_IFREG | 0o644, entry)
    seen.set(entry, file)
    this.#given.push({ entry, file })
    return file
  }

  /** Where a path leads that has no links and no dots in it. `absent`: a directory on the way is not there. */
  #quick(relative: string): Found | 'absent' | 'not plain' {
    let directory = this.#root
    for (let from = 0; ;) {
      const slash = relative.indexOf('/', from)
      const name = slash < 0 ? relative.slice(from) : relative.slice(from, slash)
      if (name === '' || name === '.' || name === '..') return 'not plain'
      const node = directory.entries.get(name)
      if (slash < 0) return node?.kind === 'symlink' ? 'not plain' : { directory, name, node }
      if (node === undefined) return 'absent'
      if (node.kind !== 'directory') return 'not plain'
      directory = node
      from = slash + 1
    }
  }

  /** `parts` receives the names, with links resolved. */
  #walk({ relative, syscall, path }: Asked, follow: boolean, parts: string[]): Found {
    const rest = relative.split('/').filter((part) => part !== '' && part !== '.')
    let directory = this.#root
    let found: Found = { directory, name: '.', node: directory }
    for (let links = 0; rest.length > 0;) {
      const name = rest.shift() as string
      if (name === '..') {
        directory = directory.parent ?? this.#root
        parts.pop()
        found = { directory, name: '.', node: directory }
        continue
      }
      const node = directory.entries.get(name)
      if (node?.kind === 'symlink' && (rest.length > 0 || follow)) {
        if (++links > linksMax) throw systemError('ELOOP', syscall, pathText(path))
        if (node.target.startsWith('/')) throw systemError('EXDEV', syscall, pathText(path))
        rest.unshift(...node.target.split('/').filter((part) => part !== '' && part !== '.'))
        continue
      }
      parts.push(name)
      found = { directory, name, node }
      if (rest.length === 0) break
      if (node === undefined) throw systemError('ENOENT', syscall, pathText(path))
      if (node.kind !== 'directory') throw systemError('ENOTDIR', syscall, pathText(path))
      directory = node
    }
    return found
  }
}
