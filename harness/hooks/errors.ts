/** System errors exactly as Node makes them: same message, same members in the same order. */
import { systemErrors } from './builtin.ts'
import type { DiskPath } from './disk.ts'

/** Errors of the fs binding carry all of these; `path` and `dest` where the call has them. */
export interface SystemError extends Error {
  errno: number
  code: string
  syscall: string
  path?: string
  dest?: string
}

/** An error for `code` as the binding makes it, e.g. `ENOSPC: no space left on device, write`. */
export function systemError(
  code: string,
  syscall: string,
  path?: string,
  dest?: string,
): SystemError {
  const { errno, text } = lookUp(code)
  const from = path === undefined ? '' : ` '${path}'`
  const to = dest === undefined ? '' : ` -> '${dest}'`
  const error = new Error(`${code}: ${text}, ${syscall}${from}${to}`) as SystemError
  error.errno = errno
  error.code = code
  error.syscall = syscall
  if (path !== undefined) error.path = path
  if (dest !== undefined) error.dest = dest
  return error
}

/** The same error as an asynchronous call delivers it: made anew, without a stack of its own. */
export function asyncError(error: unknown): unknown {
  if (!isSystemError(error)) return error
  const fresh = systemError(error.code, error.syscall, error.path, error.dest)
  fresh.stack = `Error: ${fresh.message}`
  return fresh
}

/** Whether the error came from a system call. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'code' in error
}

/** `EIO` for -5. */
export function codeOf(errno: number): string {
  return systemErrors().get(errno)?.[0] ?? `E${-errno}`
}

/** Fails like the binding: `syscall`, and the paths where the call names some. */
export function failure(syscall: string, path?: unknown, dest?: unknown): (code: string) => Error {
  return (code) =>
    systemError(
      code,
      syscall,
      path === undefined ? undefined : pathText(path as DiskPath),
      dest === undefined ? undefined : pathText(dest as DiskPath),
    )
}

/** Name of the system call that a binding function names in its errors. */
export function syscallOf(name: string): string {
  if (name.endsWith('utimes')) return name.slice(0, -1)
  if (name === 'readdir') return 'scandir'
  return name === 'readBuffers' ? 'read' : name
}

/** A path as errors show it. */
export function pathText(path: DiskPath): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString()
}

let table: Map<string, { errno: number; text: string }> | undefined

function lookUp(code: string): { errno: number; text: string } {
  if (table === undefined) {
    table = new Map()
    for (const [errno, [name, text]] of systemErrors()) table.set(name, { errno, text })
  }
  return table.get(code) ?? { errno: -1, text: 'unknown error' }
}
