/**
 * The kernel's disk, reached through Node's own public synchronous functions.
 *
 * How the binding wants its synchronous calls differs between functions and Node versions (a request slot, a context
 * object, or neither; a wrong guess aborts the process). The public functions know. They are captured here before any
 * program code runs, and call the hooked binding, which lets calls made through `gate` pass and keeps their raw result.
 */
import {
  Stats,
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import type { Disk, RawList, RawStat } from './disk.ts'
import type { Gate } from './gate.ts'

// Program code may replace members of `fs` later on; the hooks must never call those.
const fs = {
  accessSync,
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpath: realpathSync.native,
  renameSync,
  rmdirSync,
  statSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeSync,
}

const attributeCalls: Readonly<Record<string, unknown>> = {
  chmod: chmodSync,
  fchmod: fchmodSync,
  chown: chownSync,
  fchown: fchownSync,
  lchown: lchownSync,
  utimes: utimesSync,
  futimes: futimesSync,
  lutimes: lutimesSync,
}

const symlinkTypes = ['file', 'dir', 'junction'] as const

/** The disk of this machine. `gate` is the one that the hooked binding looks at. */
export function realDisk(gate: Gate): Disk {
  const raw = (name: string, call: () => unknown): unknown => {
    const { own } = gate
    gate.own = name
    try {
      const value = call()
      // Behind the public door nothing keeps raw results: the public ones must do.
      return gate.raw ?? value
    } finally {
      gate.own = own
      gate.raw = undefined
    }
  }
  const path = (value: string | Uint8Array): string | Buffer => value as string | Buffer
  const encoded = (encoding: unknown): { encoding: BufferEncoding } => ({
    encoding: encoding as BufferEncoding,
  })

  return {
    open: (name, flags, mode) => raw('open', () => fs.openSync(path(name), flags, mode)) as number,
    close: (fd) => void raw('close', () => fs.closeSync(fd)),
    read: (fd, into, position) =>
      into.byteLength === 0
        ? 0
        : (raw('read', () =>
            fs.readSync(fd, into, 0, into.byteLength, position < 0 ? null : position),
          ) as number),
    write: (fd, bytes, position) =>
      raw('writeBuffer', () => fs.writeSync(fd, bytes, 0, bytes.byteLength, position)) as number,
    truncate: (fd, length) => void raw('ftruncate', () => fs.ftruncateSync(fd, length)),
    sync: (fd) => void raw('fsync', () => fs.fsyncSync(fd)),
    datasync: (fd) => void raw('fdatasync', () => fs.fdatasyncSync(fd)),
    rename: (from, to) => void raw('rename', () => fs.renameSync(path(from), path(to))),
    link: (from, to) => void raw('link', () => fs.linkSync(path(from), path(to))),
    unlink: (name) => void raw('unlink', () => fs.unlinkSync(path(name))),
    symlink: (target, name, flags) =>
      void raw('symlink', () => fs.symlinkSync(path(target), path(name), symlinkTypes[flags])),
    mkdir: (name, mode) => void raw('mkdir', () => fs.mkdirSync(path(name), mode)),
    rmdir: (name) => void raw('rmdir', () => fs.rmdirSync(path(name))),
    attributes: (call, args) =>
      void raw(call, () =>
        (attributeCalls[call] as (...args: readonly unknown[]) => void)(...args),
      ),
    stat: (name, bigint) => own(raw('stat', () => fs.statSync(path(name), { bigint }))),
    lstat: (name, bigint) => own(raw('lstat', () => fs.lstatSync(path(name), { bigint }))),
    fstat: (fd, bigint) => own(raw('fstat', () => fs.fstatSync(fd, { bigint }))),
    statfs: (name, bigint) => own(raw('statfs', () => fs.statfsSync(path(name), { bigint }))),
    access: (name, mode) => void raw('access', () => fs.accessSync(path(name), mode)),
    readdir: (name, encoding, withFileTypes) =>
      raw('readdir', () =>
        fs.readdirSync(path(name), { ...encoded(encoding), withFileTypes: withFileTypes as true }),
      ) as RawList,
    readlink: (name, encoding) =>
      raw('readlink', () => fs.readlinkSync(path(name), encoded(encoding))),
    realpath: (name, encoding) => raw('realpath', () => fs.realpath(path(name), encoded(encoding))),
    mkdtemp: (prefix, encoding) =>
      raw('mkdtemp', () => fs.mkdtempSync(path(prefix) as string, encoded(encoding))),
  }
}

/** Numbers in a stat array; the shared one has room for two. */
const statNumbers = 18

/** The binding fills one array again and again: a result that is kept must be a copy. */
function own(raw: unknown): RawStat {
  return raw instanceof Stats ? statArray(raw) : (raw as RawStat).slice(0, statNumbers)
}

/** The numbers that matter of a public result, in the places of a raw one. */
function statArray({ dev, mode, nlink, ino, size }: Stats): RawStat {
  const raw = new Float64Array(statNumbers)
  raw.set([dev, mode, nlink], 0)
  raw.set([ino, size], 7)
  return raw
}
