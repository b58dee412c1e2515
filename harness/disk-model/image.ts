/**
 * Crash images: what stands on the disk after a crash, as a tree of paths and as one hash.
 *
 * Most of a state is like the state before it. File contents are made once per choice and kept with their hash, and what can
 * no longer be lost of a file is folded into one base that only grows; an image costs its names and the blocks that it changes
 * (`file-blocks.ts`).
 */
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import { hashOfTree, treeLine, type ImageTree } from '../image-tree.ts'
import { FileBlocks, type CoveredBlocks } from './file-blocks.ts'
import { chosenKey, garbage, isWhole, whole, type Chosen } from './part.ts'
import { rootNode, type LosableUnit, type NodeId, type Unit, type Units } from './units.ts'

/** What a crash left. Several names of one file are one and the same entry object. */
export interface CrashImage {
  /** Equal for equal trees, contents and links, and for nothing else. */
  readonly hash: string
  /** What it is the hash of. */
  readonly tree: ImageTree
  readonly entries: DirectoryImage
}

interface Content {
  readonly entry: Extract<ImageEntry, { kind: 'file' }>
  readonly hash: string
}

/** The content of a file after its first `count` units, whole. */
interface Clean {
  readonly count: number
  readonly blocks: FileBlocks
}

/** By directory. */
type Names = ReadonlyMap<NodeId, ReadonlyMap<string, NodeId>>

type DataUnit = Extract<Unit, { kind: 'write' | 'truncate' }>
type EntryUnit = Extract<Unit, { kind: 'entry' }>

/** Contents kept per file; beyond it they are made anew. */
const contentsMax = 256
/** The same in bytes: what fills the rest of a torn write belongs to one content alone. */
const contentBytesMax = 16 * 2 ** 20

/** Builds images of one life. */
export class ImageBuilder {
  readonly #units: Units
  readonly #seed: string
  readonly #data = new Map<NodeId, DataUnit[]>()
  readonly #entries: EntryUnit[] = []
  readonly #contents = new Map<NodeId, Map<string, Content>>()
  readonly #clean = new Map<NodeId, Clean>()
  /** By unit. */
  readonly #covered = new Map<number, CoveredBlocks>()
  #named: { readonly key: string; readonly names: Names } | undefined

  constructor(units: Units, seed: string) {
    this.#units = units
    this.#seed = seed
    for (const unit of units.units) {
      if (unit.kind === 'entry') this.#entries.push(unit)
      if (unit.kind !== 'write' && unit.kind !== 'truncate') continue
      const list = this.#data.get(unit.file)
      if (list === undefined) this.#data.set(unit.file, [unit])
      else list.push(unit)
    }
  }

  /** The image of everything called before `at`, with `chosen` for the units named. */
  build(at: number, units: readonly LosableUnit[], choices: readonly Chosen[]): CrashImage {
    const chosen = new Map<number, Chosen>()
    units.forEach((unit, place) => {
      const choice = choices[place] ?? whole
      if (!isWhole(choice)) chosen.set(unit.index, choice)
    })
    const names = this.#names(at, chosen)
    const entries = new Map<string, ImageEntry>()
    const seen = new Map<NodeId, string>()
    let tree: ImageTree = ''
    const visit = (directory: NodeId, prefix: string): void => {
      const own = names.get(directory)
      if (own === undefined) return
      for (const name of [...own.keys()].sort()) {
        const node = own.get(name) as NodeId
        const start = this.#units.nodes[node]
        const path = prefix + name
        if (start?.kind === 'directory') {
          if (seen.has(node)) continue
          seen.set(node, path)
          entries.set(path, directoryEntry)
          tree += treeLine(path, 'd')
          visit(node, `${path}/`)
        } else if (start?.kind === 'symlink') {
          entries.set(path, start)
          tree += treeLine(path, `l${start.target}`)
        } else {
          const { entry, hash } = this.#content(node, at, chosen)
          const other = seen.get(node)
          seen.set(node, other ?? path)
          entries.set(path, entry)
          tree += treeLine(path, other === undefined ? `f${hash}` : `=${other}`)
        }
      }
    }
    visit(rootNode, '')
    return { hash: hashOfTree(tree), tree, entries }
  }

  #names(at: number, chosen: ReadonlyMap<number, Chosen>): Names {
    let count = 0
    let key = ''
    for (const { called, index } of this.#entries) {
      if (called >= at) break
      count += 1
      if (chosen.has(index)) key += `${index},`
    }
    key = `${count} ${key}`
    if (this.#named?.key !== key) this.#named = { key, names: this.#namesAfter(count, chosen) }
    return this.#named.names
  }

  /** The names after the first `count` units, those chosen left out. */
  #namesAfter(count: number, chosen: ReadonlyMap<number, Chosen>): Names {
    const names = new Map<NodeId, Map<string, NodeId>>()
    const of = (directory: NodeId): Map<string, NodeId> => {
      const known = names.get(directory)
      if (known !== undefined) return known
      const start = this.#units.nodes[directory]
      const fresh = new Map(start?.kind === 'directory' ? start.entries : [])
      names.set(directory, fresh)
      return fresh
    }
    of(rootNode)
    this.#units.nodes.forEach(({ kind }, node) => {
      if (kind === 'directory') of(node)
    })
    for (const unit of this.#entries.slice(0, count)) {
      if (chosen.has(unit.index)) continue
      for (const { directory, name, node } of unit.changes)
        if (node === undefined) of(directory).delete(name)
        else of(directory).set(name, node)
    }
    return names
  }

  #content(file: NodeId, at: number, chosen: ReadonlyMap<number, Chosen>): Content {
    const units = this.#data.get(file) ?? []
    const count = countBefore(units, at)
    let key = `${count}`
    for (const [index, choice] of chosen) {
      const unit = this.#units.units[index]
      if (unit === undefined || !isOf(unit, file) || unit.called >= at) continue
      key += `,${index}:${chosenKey(choice)}`
    }
    const cache = this.#cacheOf(file)
    const known = cache.get(key)
    if (known !== undefined) return known
    const blocks = this.#make(file, units.slice(0, count), chosen)
    const content = contentOf(blocks)
    if (cache.size >= contentsMax || cache.size * blocks.size > contentBytesMax) cache.clear()
    cache.set(key, content)
    return content
  }

  #cacheOf(file: NodeId): Map<string, Content> {
    const known = this.#contents.get(file)
    if (known !== undefined) return known
    const fresh = new Map<string, Content>()
    this.#contents.set(file, fresh)
    return fresh
  }

  #make(file: NodeId, units: readonly DataUnit[], chosen: ReadonlyMap<number, Chosen>): FileBlocks {
    // Everything before the first unit that is not whole is the same for all choices at later points.
    const first = units.findIndex(({ index }) => chosen.has(index))
    const clean = first < 0 ? units.length : first
    let blocks = this.#cleanPrefix(file, units, clean)
    for (const unit of units.slice(clean))
      blocks = this.#after(blocks, unit, chosen.get(unit.index) ?? whole)
    return blocks
  }

  /** The content after the first `count` units, whole. */
  #cleanPrefix(file: NodeId, units: readonly DataUnit[], count: number): FileBlocks {
    const kept = this.#clean.get(file)
    const from = kept !== undefined && kept.count <= count ? kept : this.#start(file)
    if (from.count === count) return from.blocks
    let { blocks } = from
    for (const unit of units.slice(from.count, count)) blocks = this.#after(blocks, unit, whole)
    this.#clean.set(file, { count, blocks })
    return blocks
  }

  #start(file: NodeId): Clean {
    const start = this.#units.nodes[file]
    const bytes = start?.kind === 'file' ? start.bytes : new Uint8Array()
    return { count: 0, blocks: FileBlocks.of(bytes) }
  }

  /** A content after one more unit. */
  #after(blocks: FileBlocks, unit: DataUnit, chosen: Chosen): FileBlocks {
    if (chosen === 'lost') return blocks
    if (unit.kind === 'truncate') {
      const [part] = chosen
      return part?.kind === 'cleared'
        ? blocks.clear(unit.length, unit.length + part.bytes)
        : blocks.resize(unit.length)
    }
    const covered = this.#coveredBy(unit)
    const { offset, bytes } = unit
    let after = blocks
    for (const part of chosen)
      switch (part.kind) {
        case 'whole':
          after = after.put(offset, bytes, covered)
          break
        case 'cleared':
          break
        case 'range':
          after = after.put(offset + part.from, bytes.subarray(part.from, part.to), covered)
          break
        case 'prefix': {
          after = after.put(offset, bytes.subarray(0, part.bytes), covered)
          if (part.rest === 'absent') break
          const rest = bytes.byteLength - Math.min(part.bytes, bytes.byteLength)
          const filler =
            part.rest === 'zeros' ? new Uint8Array(rest) : garbage(this.#seed, unit.traced.n, rest)
          after = after.put(offset + bytes.byteLength - rest, filler)
        }
      }
    return after
  }

  #coveredBy({ index }: DataUnit): CoveredBlocks {
    const known = this.#covered.get(index)
    if (known !== undefined) return known
    const fresh: CoveredBlocks = new Map()
    this.#covered.set(index, fresh)
    return fresh
  }
}

/** Its bytes are put together when somebody reads them, and kept as long as somebody holds them. */
function contentOf(blocks: FileBlocks): Content {
  let held: WeakRef<Uint8Array> | undefined
  const entry = {
    kind: 'file',
    get bytes(): Uint8Array {
      const known = held?.deref()
      if (known !== undefined) return known
      const made = blocks.bytes()
      held = new WeakRef(made)
      return made
    },
  } as const
  return { entry, hash: blocks.hash() }
}

function isOf(unit: Unit, file: NodeId): boolean {
  return (unit.kind === 'write' || unit.kind === 'truncate') && unit.file === file
}

/** How many of them, in the order of their calls, were called before `at`. */
function countBefore(units: readonly DataUnit[], at: number): number {
  let [from, to] = [0, units.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((units[middle]?.called ?? Infinity) < at) from = middle + 1
    else to = middle
  }
  return from
}

const directoryEntry: ImageEntry = { kind: 'directory' }
