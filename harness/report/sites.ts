/** Sites as a reader is told them: `src/journal.ts:88`, relative to the project where they lie in it. */
import { relative, sep } from 'node:path'
import { createSiteResolver } from '../trace-sites.ts'

/** Files that are told: the one that issued the op is mostly a port that all ops go through, so its callers are told too. */
const filesTold = 3

/** What starts a bundle, and the text that it is made from: no lines of the program. */
const loader = /[\\/]campaign[\\/]start\.cjs$|[\\/]<stdin>$/

/** Gives the text for the frames of an op, innermost first; `undefined` where there are none. */
export function sitesUnder(root: string): (frames: readonly string[]) => string | undefined {
  const resolveSite = createSiteResolver()
  const shown = (path: string): string => {
    const inside = relative(root, path)
    return inside.startsWith('..') ? path : inside.split(sep).join('/')
  }
  return (frames) => {
    const lines = new Map<string, number>()
    for (const frame of frames) {
      const { file, line } = resolveSite(frame)
      if (loader.test(file)) continue
      if (!lines.has(file)) lines.set(file, line)
    }
    const told = [...lines].slice(0, filesTold).map(([file, line]) => `${shown(file)}:${line}`)
    return told.length === 0 ? undefined : told.join(' < ')
  }
}
