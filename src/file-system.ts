/**
 * The one door to the disk. The journal and the blob store touch files through this port and nowhere else, so that a
 * test can hand them another disk: one that fails, stops or loses power at any call.
 *
 * Errors come as Node made them, with their system code; what each means is for the caller to say.
 * Every call looks `fs.xxx` up when it is made, so that whoever wraps `node:fs` later is still seen.
 */
import fs from 'node:fs'
import { systemCode } from './errors.ts'

export interface FileSystem {
  /** One level; `existed` where something of that name is there, whatever it is. */
  readonly makeDirectory: (path: string) => Promise<'made' | 'existed'>
  readonly list: (path: string) => Promise<readonly string[]>
  /** For reading. */
  readonly open: (path: string) => Promise<ReadableFile>
  /** For reading and writing; fails with EEXIST where the name is taken. */
  readonly create: (path: string) => Promise<WritableFile>
  /** A second name for a file; fails with EEXIST where the name is taken. */
  readonly link: (existing: string, path: string) => Promise<void>
  /** Replaces what has the new name. */
  readonly rename: (from: string, to: string) => Promise<void>
  readonly unlink: (path: string) => Promise<void>
  /** Makes the entries of a directory durable. */
  readonly syncDirectory: (path: string) => Promise<void>
  /** At once, on the caller's time: `false` only where there is nothing of that name; throws where that cannot be seen. */
  readonly exists: (path: string) => boolean
  /** At once: what {@link list} gives. */
  readonly listNow: (path: string) => readonly string[]
  /** At once, and without a look at the file's times (see below): `false` also where that cannot be seen. */
  readonly isVisible: (path: string) => boolean
}

export interface ReadableFile {
  /** Reads at `position` (bytes) into the start of `target`; the number of bytes read, 0 at the end. */
  readonly read: (target: Uint8Array, position: number) => Promise<number>
  /** In bytes. */
  readonly size: () => Promise<number>
  readonly close: () => Promise<void>
}

export interface WritableFile extends ReadableFile {
  /** At once, into the page cache; the number of bytes written, which may be fewer than given. */
  readonly write: (bytes: Uint8Array, position: number) => number
  /** Makes data and size durable, off the event loop. */
  readonly sync: () => Promise<void>
  readonly truncate: (length: number) => Promise<void>
}

/** The machine's own disk. */
export const systemFileSystem: FileSystem = {
  makeDirectory: async (path) => {
    try {
      await call<void>((done) => fs.mkdir(path, done))
      return 'made'
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return 'existed'
      throw error
    }
  },
  list: (path) => call<string[]>((done) => fs.readdir(path, done)),
  open: async (path) => readableFile(await call<number>((done) => fs.open(path, 'r', done))),
  create: async (path) => writableFile(await call<number>((done) => fs.open(path, 'wx+', done))),
  link: (existing, path) => call<void>((done) => fs.link(existing, path, done)),
  rename: (from, to) => call<void>((done) => fs.rename(from, to, done)),
  unlink: (path) => call<void>((done) => fs.unlink(path, done)),
  syncDirectory: async (path) => {
    const fd = await call<number>((done) => fs.open(path, 'r', done))
    try {
      await call<void>((done) => fs.fsync(fd, done))
    } finally {
      await call<void>((done) => fs.close(fd, done))
    }
  },
  // Not `existsSync`: that one answers "no" to every error.
  exists: (path) => {
    try {
      return fs.statSync(path, { throwIfNoEntry: false }) !== undefined
    } catch (error) {
      // Node 22 and later count this as no entry, Node 20 does not: below a file there is nothing.
      if (systemCode(error) === 'ENOTDIR') return false
      throw error
    }
  },
  listNow: (path) => fs.readdirSync(path),
  // Not `stat`: whoever has seen a file's times makes Linux store a finer one at the next write, and each sync slower.
  isVisible: (path) => fs.existsSync(path),
}

function readableFile(fd: number): ReadableFile {
  return {
    read: (target, position) =>
      call<number>((done) => fs.read(fd, target, 0, target.length, position, done)),
    size: async () => (await call<fs.Stats>((done) => fs.fstat(fd, done))).size,
    close: () => call<void>((done) => fs.close(fd, done)),
  }
}

function writableFile(fd: number): WritableFile {
  return {
    ...readableFile(fd),
    write: (bytes, position) => fs.writeSync(fd, bytes, 0, bytes.length, position),
    sync: () => call<void>((done) => fs.fdatasync(fd, done)),
    truncate: (length) => call<void>((done) => fs.ftruncate(fd, length, done)),
  }
}

type Done<T> = (error: NodeJS.ErrnoException | null, result: T) => void

/** A callback call as a promise: on a bare descriptor, cheaper than the promises of `node:fs`. */
function call<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      if (error === null || error === undefined) resolve(result)
      else reject(error)
    })
  })
}
