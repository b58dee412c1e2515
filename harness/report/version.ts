/** Which killpoint this is. Apart from the rest of the environment, because `killpoint --help` needs nothing more. */
import { readFileSync } from 'node:fs'

/** Version of this package; the nearest package.json above this file is its own, in sources and in `dist`. */
export function packageVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8')
      const { name, version } = JSON.parse(text) as { name?: string; version?: string }
      if (name === 'killpoint' && version !== undefined) return version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return 'unknown'
}
