/**
 * The primitives as composite calls use them: each one numbered if it concerns the state directory, each one failing with the
 * error of the composite call (`failing`).
 */
import type { CallForm } from '../op.ts'
import { syncPrimitive, truncatePrimitive, writePrimitive } from './descriptor-calls.ts'
import type { DiskPath } from './disk.ts'
import type { Door } from './door.ts'
import type { Primitive } from './primitive.ts'
import { isSystemError } from './errors.ts'
import { outside } from './files.ts'
import { changes, forget, openPrimitive, openedFile, outsideFile, register } from './open-calls.ts'

/** Makes the error that the program sees out of a system error's code. */
export type Failing = (code: string) => Error

export interface Steps {
  readonly open: (path: DiskPath, flags: number, mode: number, failing: Failing) => number
  readonly close: (fd: number) => void
  /** Writes all of it, in one op unless the disk takes less. */
  readonly writeAll: (
    fd: number,
    bytes: Uint8Array,
    position: number | null,
    failing: Failing,
  ) => void
  readonly truncate: (fd: number, length: number, failing: Failing) => void
  readonly sync: (fd: number, failing: Failing) => void
  readonly fchmod: (fd: number, mode: number, failing: Failing) => void
  readonly mkdir: (path: DiskPath, mode: number, failing: Failing) => void
  readonly unlink: (path: DiskPath, failing: Failing) => void
  readonly rmdir: (path: DiskPath, failing: Failing) => void
  readonly symlink: (target: DiskPath, path: DiskPath, failing: Failing) => void
}

/** Steps of a composite call of this form. */
export function stepsOf(door: Door, form: CallForm): Steps {
  const { disk } = door
  const perform = (primitive: Primitive, failing: Failing): unknown =>
    translate(door, failing, () => door.perform({ ...primitive, fail: failing }, form))
  const place = (path: DiskPath): string | undefined => door.options.directory.relative(path)

  const onName = (
    kind: 'mkdir' | 'unlink' | 'rmdir',
    path: DiskPath,
    run: () => void,
    failing: Failing,
  ): void => {
    const relative = place(path)
    if (relative === undefined) return translate(door, failing, run)
    const describe = (): { kind: typeof kind; path: string; node: number } => ({
      kind,
      path: relative,
      node: 0,
    })
    perform({ kind, describe, run, fail: failing }, failing)
  }

  return {
    open: (path, flags, mode, failing) => {
      const relative = place(path)
      const fd =
        relative !== undefined && changes(flags)
          ? (perform(openPrimitive(door, path, relative, flags, mode), failing) as number)
          : translate(door, failing, () => disk.open(path, flags, mode))
      register(
        door,
        fd,
        relative === undefined ? outsideFile(door, path) : openedFile(relative, flags),
      )
      return fd
    },
    close: (fd) => {
      forget(door, fd)
      disk.close(fd)
    },
    writeAll: (fd, bytes, position, failing) => {
      const file = door.files[fd] ?? outside
      const numbered = file.kind === 'state' || file.kind === 'ledger'
      let from = 0
      while (from < bytes.byteLength) {
        const rest = bytes.subarray(from)
        const at = position === null ? null : position + from
        from += numbered
          ? (perform(
              writePrimitive(door, fd, file, { bytes: () => rest, position: at }),
              failing,
            ) as number)
          : translate(door, failing, () => disk.write(fd, rest, at))
      }
    },
    truncate: (fd, length, failing) => {
      const file = door.files[fd] ?? outside
      if (file.kind === 'state') perform(truncatePrimitive(door, fd, file, length), failing)
      else translate(door, failing, () => disk.truncate(fd, length))
    },
    sync: (fd, failing) => {
      const file = door.files[fd] ?? outside
      const run = (): void => disk.sync(fd)
      if (file.kind === 'state') perform(syncPrimitive('fsync', file, run), failing)
      else translate(door, failing, run)
    },
    fchmod: (fd, mode, failing) => {
      const file = door.files[fd] ?? outside
      const run = (): void => disk.attributes('fchmod', [fd, mode])
      if (file.kind !== 'state') return translate(door, failing, run)
      const { path, node } = file
      perform(
        {
          kind: 'attributes',
          describe: () => ({ kind: 'attributes', call: 'fchmod', path, node }),
          run,
          fail: failing,
        },
        failing,
      )
    },
    mkdir: (path, mode, failing) => onName('mkdir', path, () => disk.mkdir(path, mode), failing),
    unlink: (path, failing) => onName('unlink', path, () => disk.unlink(path), failing),
    rmdir: (path, failing) => onName('rmdir', path, () => disk.rmdir(path), failing),
    symlink: (target, path, failing) => {
      const relative = place(path)
      const run = (): void => disk.symlink(target, path, 0)
      if (relative === undefined) return translate(door, failing, run)
      perform(
        {
          kind: 'symlink',
          describe: () => ({ kind: 'symlink', path: relative, target: String(target), node: 0 }),
          run,
          fail: failing,
        },
        failing,
      )
    },
  }
}

function translate<T>(door: Door, failing: Failing, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (isSystemError(error) && !door.isInjected(error)) throw failing(error.code)
    throw error
  }
}
