/**
 * Crash images: what stands on the disk after a crash, as a tree of paths and as one hash.
 *
 * Most of a state is like the state before it. File contents are made once per choice and kept with their hash, and what can
 * no longer be lost of a file is folded into one base that only grows; an image costs its names and nothing else.
 */
import { createHash } from 'node:crypto'
import type { DirectoryImage, ImageEntry } from '../directory-image.ts'
import { chosenKey, garbage, isWhole, whole, type Chosen } from './part.ts'
import { rootNode, type LosableUnit, type NodeId, type Unit, type Units } from './units.ts'

/** What a crash left. Several names of one file are one and the same entry object. */
export interface CrashImage {
  /** Equal for equal trees, contents and links, and for nothing else. */
  readonly hash: string
  readonly entries: DirectoryImage
}

interface Content {
  readonly entry: Extract<ImageEntry, { kind: 'file' }>
  readonly hash: string
}

type DataUnit = Extract<Unit, { kind: 'write' | 'truncate' }>
type EntryUnit = Extract<Unit, { kind: 'entry' }>

/** Contents kept per file; beyond it they are made anew. */
const contentsMax = 256

/** Builds images of one life. */
export class ImageBuilder {
  readonly #units: Units
  readonly #seed: string
  readonly #data = new Map<NodeId, DataUnit[]>()
  readonly #entries: EntryUnit[] = []
  readonly #contents = new Map<NodeId, Map<string, Content>>()

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
    let text = ''
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
          text += `${path}\0d\n`
          visit(node, `${path}/`)
        } else if (start?.kind === 'symlink') {
          entries.set(path, start)
          text += `${path}\0l${start.target}\n`
        } else {
          const { entry, hash } = this.#content(node, at, chosen)
          const other = seen.get(node)
          seen.set(node, other ?? path)
          entries.set(path, entry)
          text += other === undefined ? `${path}\0f${hash}\n` : `${path}\0=${other}\n`
        }
      }
    }
    visit(rootNode, '')
    return { hash: createHash('sha1').update(text).digest('hex'), entries }
  }

  #names(at: number, chosen: ReadonlyMap<number, Chosen>): Map<NodeId, Map<string, NodeId>> {
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
    for (const unit of this.#entries) {
      if (unit.called >= at) break
      if (chosen.has(unit.index)) continue
      for (const { directory, name, node } of unit.changes)
        if (node === undefined) of(directory).delete(name)
        else of(directory).set(name, node)
    }
    return names
  }

  #content(file: NodeId, at: number, chosen: ReadonlyMap<number, Chosen>): Content {
    const units = this.#data.get(file) ?? []
    let count = 0
    let key = ''
    for (const unit of units) {
      if (unit.called >= at) break
      count += 1
      const choice = chosen.get(unit.index)
      if (choice !== undefined) key += `${count}:${chosenKey(choice)},`
    }
    const cache = this.#cacheOf(file)
    key = `${count},${key}`
    const known = cache.get(key)
    if (known !== undefined) return known
    const content = this.#make(file, units.slice(0, count), chosen)
    if (cache.size >= contentsMax) cache.clear()
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

  #make(file: NodeId, units: readonly DataUnit[], chosen: ReadonlyMap<number, Chosen>): Content {
    const start = this.#units.nodes[file]
    let bytes = start?.kind === 'file' ? start.bytes : new Uint8Array()
    // Everything before the first unit that is not whole is the same for all choices at later points.
    const first = units.findIndex(({ index }) => chosen.has(index))
    const clean = first < 0 ? units.length : first
    bytes = this.#cleanPrefix(file, units, clean, bytes)
    if (clean < units.length) {
      const writer = new Writer(bytes)
      for (const unit of units.slice(clean))
        applyUnit(writer, unit, chosen.get(unit.index) ?? whole, this.#seed)
      bytes = writer.take()
    }
    const hash = createHash('sha1').update(bytes).digest('base64')
    return { entry: { kind: 'file', bytes }, hash }
  }

  readonly #clean = new Map<NodeId, { readonly count: number; readonly bytes: Uint8Array }>()

  /** The content after the first `count` units, whole. */
  #cleanPrefix(
    file: NodeId,
    units: readonly DataUnit[],
    count: number,
    start: Uint8Array,
  ): Uint8Array {
    const kept = this.#clean.get(file)
    const from = kept !== undefined && kept.count <= count ? kept : { count: 0, bytes: start }
    if (from.count === count) return from.bytes
    const writer = new Writer(from.bytes)
    for (const unit of units.slice(from.count, count)) applyUnit(writer, unit, whole, this.#seed)
    const bytes = writer.take()
    this.#clean.set(file, { count, bytes })
    return bytes
  }
}

const directoryEntry: ImageEntry = { kind: 'directory' }

/** A file being written. */
class Writer {
  #bytes: Uint8Array
  #size: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#size = bytes.byteLength
    this.#isShared = true
  }

  #isShared: boolean

  put(offset: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    this.resize(Math.max(this.#size, offset + bytes.byteLength))
    this.#bytes.set(bytes, offset)
  }

  resize(size: number): void {
    if (this.#isShared || size > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(size, this.#isShared ? size : 2 * size))
      larger.set(this.#bytes.subarray(0, Math.min(this.#size, size)))
      this.#bytes = larger
      this.#isShared = false
    } else if (size < this.#size) this.#bytes.fill(0, size, this.#size)
    this.#size = size
  }

  /** Zeros the bytes from `from` up to `to` that there are. */
  clear(from: number, to: number): void {
    const end = Math.min(to, this.#size)
    if (end > from) this.put(from, new Uint8Array(end - from))
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#size)
  }
}

function applyUnit(writer: Writer, unit: DataUnit, chosen: Chosen, seed: string): void {
  if (chosen === 'lost') return
  if (unit.kind === 'truncate') {
    const [part] = chosen
    if (part?.kind === 'cleared') writer.clear(unit.length, unit.length + part.bytes)
    else writer.resize(unit.length)
    return
  }
  const { offset, bytes } = unit
  for (const part of chosen)
    switch (part.kind) {
      case 'whole':
        writer.put(offset, bytes)
        break
      case 'cleared':
        break
      case 'range':
        writer.put(offset + part.from, bytes.subarray(part.from, part.to))
        break
      case 'prefix': {
        const kept = bytes.subarray(0, part.bytes)
        writer.put(offset, kept)
        if (part.rest === 'absent') break
        const rest = bytes.byteLength - kept.byteLength
        const filler =
          part.rest === 'zeros' ? new Uint8Array(rest) : garbage(seed, unit.traced.n, rest)
        writer.put(offset + kept.byteLength, filler)
      }
    }
}
