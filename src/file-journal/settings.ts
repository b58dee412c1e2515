/**
 * What `fileJournal` was given, with every default filled in.
 */
import path from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { bytesMaxDefault } from '../encode-body.ts'
import { InvalidArgumentError } from '../errors.ts'
import { type FileSystem, systemFileSystem } from '../file-system.ts'
import { type Identity, systemIdentity } from '../identity.ts'
import { type Random, systemRandom } from '../random.ts'

export interface FileJournalOptions {
  /** The directory that holds all runs, one directory each. Made when the first run is opened. A local file system. */
  readonly dir: string
  /**
   * An ancestor of every run directory (or `dir` itself) whose own entry is durable, the caller says: each `open` syncs
   * every directory from the run's parent up to this one. Without it, `open` makes missing directories from the top and
   * syncs the parent of each before it makes the next, and so needs to sync only the parents of those it made and of the
   * deepest one that it found.
   */
  readonly vouchedDir?: string
  /** Largest record, and largest append without its blobs, in bytes of JSON. Default 64 MiB. */
  readonly bytesMax?: number
  /** Records of more bytes of JSON than this go to the blob store, one file each. Default 64 KiB. */
  readonly inlineBytesMax?: number
  /** Largest step, in bytes, by which a segment is made longer ahead of its records; 0 for never. Default 1 MiB. */
  readonly presizeBytesMax?: number
  readonly fileSystem?: FileSystem
  readonly identity?: Identity
  readonly random?: Random
  readonly clock?: Clock
}

export interface Settings {
  readonly dir: string
  readonly vouchedDir: string | undefined
  readonly bytesMax: number
  readonly inlineBytesMax: number
  readonly presizeBytesMax: number
  readonly fileSystem: FileSystem
  readonly identity: Identity
  readonly random: Random
  readonly clock: Clock
}

/** Fills the defaults in. @throws InvalidArgumentError */
export function settingsOf(options: FileJournalOptions): Settings {
  const dir = absolute('dir', options.dir)
  const vouchedDir =
    options.vouchedDir === undefined ? undefined : absolute('vouchedDir', options.vouchedDir)
  if (vouchedDir !== undefined && !isWithin(dir, vouchedDir)) {
    throw new InvalidArgumentError(`vouchedDir ${vouchedDir} is not above dir ${dir}`, {
      hint: 'name dir itself or one of its parents',
    })
  }
  return {
    dir,
    vouchedDir,
    bytesMax: bytes('bytesMax', options.bytesMax ?? bytesMaxDefault, 1),
    inlineBytesMax: bytes('inlineBytesMax', options.inlineBytesMax ?? 64 << 10, 0),
    presizeBytesMax: bytes('presizeBytesMax', options.presizeBytesMax ?? 1 << 20, 0),
    fileSystem: options.fileSystem ?? systemFileSystem,
    identity: options.identity ?? systemIdentity,
    random: options.random ?? systemRandom,
    clock: options.clock ?? systemClock,
  }
}

function absolute(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return path.resolve(value)
  throw new InvalidArgumentError(`expected a path as ${name}, got ${JSON.stringify(value)}`, {
    hint: 'give a directory on a local file system',
  })
}

function bytes(name: string, value: number, least: number): number {
  // A string of JSON can hold no more than about 512 MiB.
  if (Number.isSafeInteger(value) && value >= least && value <= 256 << 20) return value
  throw new InvalidArgumentError(
    `expected ${name} to be bytes from ${least} to ${256 << 20}, got ${value}`,
  )
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner)
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}
