/**
 * The page of `killpoint --help`, as the build made it from the commands (`build-help.ts`): who asks for nothing else need not wait for
 * them to be loaded.
 */
import { readFileSync, writeSync } from 'node:fs'

/** Where the build puts it. */
export const helpFile: URL = new URL('help.txt', import.meta.url)

/** Columns that it is made for. */
export const helpColumns = 80

const standardOutput = 1

/** Prints it where it is all that is asked for; false where it was not printed: the commands will. */
export function printHelp(words: readonly string[]): boolean {
  if (words.length !== 1 || (words[0] !== '--help' && words[0] !== '-h')) return false
  try {
    const page = readFileSync(helpFile)
    return writeSync(standardOutput, page) === page.byteLength
  } catch {
    // Run from the sources, or nobody reads.
    return false
  }
}
