/** Which paths lie in the state directory, and what they are called there. */
import { basename, dirname, join, resolve } from 'node:path'
import { realpathSync } from 'node:fs'

export interface StateDirectory {
  /** Absolute path, links resolved. */
  readonly root: string
  /** The path relative to the state directory (`.` for itself), or `undefined` for a path outside it. */
  readonly relative: (path: unknown) => string | undefined
}

/** The state directory at `path`, which need not exist yet. */
export function stateDirectory(path: string): StateDirectory {
  const given = resolve(path)
  const root = realPath(given)
  // Programs use the path as they were given it, or the real one (`process.cwd()` is always real).
  const prefixes = given === root ? [`${root}/`] : [`${root}/`, `${given}/`]

  const below = (absolute: string): string | undefined => {
    for (const prefix of prefixes) {
      if (absolute.startsWith(prefix)) return absolute.slice(prefix.length)
      if (absolute.length === prefix.length - 1 && prefix.startsWith(absolute)) return '.'
    }
    return undefined
  }

  return {
    root,
    relative: (value) => {
      const text = typeof value === 'string' ? value : bytesToPath(value)
      if (text === undefined) return undefined
      return below(isPlain(text) ? text : resolve(text))
    },
  }
}

/** `.` or `..` as a whole part: a name may begin with a dot. */
const dots = /\/\.\.?(?:\/|$)/

/** Absolute, and without a part that `resolve` would change. */
function isPlain(path: string): boolean {
  return (
    path.charCodeAt(0) === 47 &&
    !path.includes('//') &&
    !(path.includes('/.') && dots.test(path)) &&
    path.charCodeAt(path.length - 1) !== 47
  )
}

function bytesToPath(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) return path
    return join(realPath(parent), basename(path))
  }
}
