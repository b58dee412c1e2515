/**
 * Paths that a command is to write to, looked at before anything runs: a campaign of an hour is not to end at a report that was never
 * possible. What happens to them meanwhile is nobody's to foresee.
 */
import { accessSync, constants, statSync, type Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Why nothing can be written into a directory of this name, there or to be made; `undefined` where it can. */
export function whyNoDirectory(path: string): string | undefined {
  if (path === '') return 'expected the name of a directory, got nothing.'
  for (let at = resolve(path); ; at = dirname(at)) {
    const there = statOf(at)
    if (there === undefined && dirname(at) !== at) continue
    if (there?.isDirectory() !== true) return `expected a directory, and ${at} is none.`
    return mayWrite(at) ? undefined : `nothing can be written into ${at}.`
  }
}

/** The same of a file, there or to be made. */
export function whyNoFile(path: string): string | undefined {
  if (path === '') return 'expected the name of a file, got nothing.'
  const there = statOf(resolve(path))
  if (there === undefined) return whyNoDirectory(dirname(resolve(path)))
  if (there.isDirectory()) return `expected a file, and ${path} is a directory.`
  return mayWrite(resolve(path)) ? undefined : `${path} cannot be written.`
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    // Not there, or behind what is no directory: what is above it says which.
    return undefined
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
