/**
 * The disk behind the door: the primitives into which every call of `node:fs` is decoded.
 *
 * All of them are synchronous, return what the fs binding would return (raw stat arrays, raw directory lists) and throw
 * the error that Node would throw. `real-disk.ts` passes them to the kernel; a disk in memory can stand in its place for
 * the paths below the state directory, and nothing above this line notices.
 */

/** A path as the binding takes it: absolute or relative to the working directory. */
export type DiskPath = string | Uint8Array

/** Eighteen numbers per file, as the binding returns them: dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks, times. */
export type RawStat = Float64Array | BigInt64Array

/** Names, or names and types. */
export type RawList = readonly unknown[] | readonly [readonly unknown[], readonly number[]]

/** Calls that change mode, owner or times, by the name of the binding function. */
export type AttributeCall =
  'chmod' | 'fchmod' | 'chown' | 'fchown' | 'lchown' | 'utimes' | 'futimes' | 'lutimes'

/** The primitives. Positions in bytes; -1 or `null` is the descriptor's own position. */
export interface Disk {
  readonly open: (path: DiskPath, flags: number, mode: number) => number
  readonly close: (fd: number) => void
  readonly read: (fd: number, into: NodeJS.ArrayBufferView, position: number | bigint) => number
  readonly write: (fd: number, bytes: Uint8Array, position: number | null) => number
  readonly truncate: (fd: number, length: number) => void
  readonly sync: (fd: number) => void
  readonly datasync: (fd: number) => void
  readonly rename: (from: DiskPath, to: DiskPath) => void
  readonly link: (from: DiskPath, to: DiskPath) => void
  readonly unlink: (path: DiskPath) => void
  readonly symlink: (target: DiskPath, path: DiskPath, flags: number) => void
  readonly mkdir: (path: DiskPath, mode: number) => void
  readonly rmdir: (path: DiskPath) => void
  readonly attributes: (call: AttributeCall, args: readonly unknown[]) => void
  readonly stat: (path: DiskPath, bigint: boolean) => RawStat
  readonly lstat: (path: DiskPath, bigint: boolean) => RawStat
  readonly fstat: (fd: number, bigint: boolean) => RawStat
  readonly statfs: (path: DiskPath, bigint: boolean) => RawStat
  readonly access: (path: DiskPath, mode: number) => void
  readonly readdir: (path: DiskPath, encoding: unknown, withTypes: boolean) => RawList
  readonly readlink: (path: DiskPath, encoding: unknown) => unknown
  readonly realpath: (path: DiskPath, encoding: unknown) => unknown
  readonly mkdtemp: (prefix: DiskPath, encoding: unknown) => unknown
}
