/**
 * Can the disk model produce an image? The search behind the comparison with a kernel.
 *
 * Names first: a choice of the pending entries under which the tree has the image's shape. Then, for each file, a choice of its pending data
 * with few tears, compared byte for byte. What is found is built by the model itself, and only that counts.
 */
import { compareImages, type DirectoryImage } from '../../harness/directory-image.ts'
import type { CrashPoint, DiskModel } from '../../harness/disk-model/model.ts'
import { tearsOf, whole, type Chosen } from '../../harness/disk-model/part.ts'
import { isPromised } from '../../harness/disk-model/states.ts'
import type { LosableUnit, NodeId } from '../../harness/disk-model/units.ts'
import { rootNode } from '../../harness/disk-model/units.ts'

/** Torn writes in one file that are tried at the same time. */
const tornMax = 2
/** Pending entries up to which every choice of them is tried, not only the prefixes. */
const entriesMax = 12

type DataUnit = Exclude<LosableUnit, { kind: 'entry' }>

/** The choice of pending units under which a power loss at the point leaves `image`, or a sentence that there is none. */
export function explainImage(
  model: DiskModel,
  point: CrashPoint,
  image: DirectoryImage,
): readonly Chosen[] | string {
  const { pending } = model.stateAt(point)
  const entries = pending.flatMap((unit, place) => (unit.kind === 'entry' ? [place] : []))
  let shapes = 0
  for (const lost of lossesOf(entries)) {
    const choices = pending.map((_, place): Chosen => (lost.has(place) ? 'lost' : whole))
    if (!isPromised(pending, choices, model.profile)) continue
    const built = model.imageAt(point, pending, choices).entries
    if (shapeOf(built) !== shapeOf(image)) continue
    shapes += 1
    const explained = explainData(model, point, pending, choices, image)
    if (explained !== undefined) return explained
  }
  return shapes === 0
    ? `no choice of ${entries.length} pending entries gives the names ${shapeOf(image)}`
    : `names as in ${shapes} choices, but no choice of the data fits`
}

/** Prefixes first: it is in this order that journals write. */
function* lossesOf(entries: readonly number[]): Generator<ReadonlySet<number>> {
  for (let kept = entries.length; kept >= 0; kept -= 1) yield new Set(entries.slice(kept))
  if (entries.length > entriesMax) return
  for (let bits = 0; bits < 2 ** entries.length; bits += 1)
    yield new Set(entries.filter((_, index) => (bits & (1 << index)) !== 0))
}

function shapeOf(image: DirectoryImage): string {
  return [...image]
    .map(([path, entry]) => `${path}:${entry.kind === 'symlink' ? entry.target : entry.kind}`)
    .sort()
    .join(' ')
}

function explainData(
  model: DiskModel,
  point: CrashPoint,
  pending: readonly LosableUnit[],
  choices: readonly Chosen[],
  image: DirectoryImage,
): readonly Chosen[] | undefined {
  let found = [...choices]
  for (const [path, node] of filesAt(model, point, pending, choices)) {
    const wanted = image.get(path)
    if (wanted?.kind !== 'file') return undefined
    const own = pending.flatMap((unit, place) =>
      unit.kind !== 'entry' && unit.file === node ? [{ unit, place }] : [],
    )
    const fits = (candidate: readonly Chosen[]): boolean => {
      const entry = model.imageAt(point, pending, candidate).entries.get(path)
      return entry?.kind === 'file' && Buffer.compare(entry.bytes, wanted.bytes) === 0
    }
    const fitting = search(model, own, found, fits)
    if (fitting === undefined) return undefined
    found = fitting
  }
  if (!isPromised(pending, found, model.profile)) return undefined
  const built = model.imageAt(point, pending, found).entries
  return compareImages(built, image).length === 0 ? found : undefined
}

function search(
  model: DiskModel,
  own: readonly { readonly unit: DataUnit; readonly place: number }[],
  choices: readonly Chosen[],
  fits: (candidate: readonly Chosen[]) => boolean,
): Chosen[] | undefined {
  const tears = own.map(({ unit }) =>
    tearsOf(unit, { grain: 512, everyByte: false }, model.profile.unwritten),
  )
  const candidate = [...choices]
  const visit = (index: number, torn: number): boolean => {
    const at = own[index]
    if (at === undefined) return torn === 0 && fits(candidate)
    for (const each of [whole, 'lost' as const]) {
      candidate[at.place] = each
      if (visit(index + 1, torn)) return true
    }
    if (torn > 0)
      for (const tear of tears[index] ?? []) {
        candidate[at.place] = tear
        if (visit(index + 1, torn - 1)) return true
      }
    return false
  }
  for (let torn = 0; torn <= tornMax; torn += 1) if (visit(0, torn)) return candidate
  return undefined
}

/** Files by path, with their nodes, in the tree that the choices leave. */
function filesAt(
  model: DiskModel,
  point: CrashPoint,
  pending: readonly LosableUnit[],
  choices: readonly Chosen[],
): ReadonlyMap<string, NodeId> {
  const { units, nodes } = model.units
  const lost = new Set(pending.filter((_, place) => choices[place] === 'lost'))
  const names = new Map<NodeId, Map<string, NodeId>>()
  const namesOf = (directory: NodeId): Map<string, NodeId> => {
    const start = nodes[directory]
    const known = names.get(directory)
    if (known !== undefined) return known
    const fresh = new Map(start?.kind === 'directory' ? start.entries : [])
    names.set(directory, fresh)
    return fresh
  }
  for (const unit of units) {
    if (unit.kind !== 'entry' || unit.called >= point.at || lost.has(unit)) continue
    for (const { directory, name, node } of unit.changes) {
      if (node === undefined) namesOf(directory).delete(name)
      else namesOf(directory).set(name, node)
    }
  }
  const files = new Map<string, NodeId>()
  const visit = (directory: NodeId, prefix: string): void => {
    for (const [name, node] of namesOf(directory)) {
      if (nodes[node]?.kind === 'directory') visit(node, `${prefix}${name}/`)
      else if (nodes[node]?.kind === 'file') files.set(prefix + name, node)
    }
  }
  visit(rootNode, '')
  return files
}
