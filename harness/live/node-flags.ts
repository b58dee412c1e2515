/**
 * Flags that make Node start faster, found out once per campaign for the Node that runs the workers.
 *
 * `--no-rehash-snapshot` leaves the hash seed of Node's built-in heap as it was built: a fresh one costs a search for primes
 * and a rehash of every table, a sixth of a bare start. The seed guards servers against crafted keys; a worker under test
 * meets none. What was tried and brings nothing here, or costs: `--jitless`, `--single-threaded`, `--max-lazy`,
 * `--v8-pool-size`, `--no-addons`, smaller semi-spaces, and a start-up snapshot of the worker (reading its 4 MB costs more than
 * it saves).
 */
import { execa } from 'execa'

/** Tried one by one, kept where this Node takes them. */
const candidates = ['--no-rehash-snapshot'] as const

const known = new Map<string, Promise<readonly string[]>>()

/** The flags that this node takes, each proven by a start. Asked once per executable. */
export function startFlags(node: string = process.execPath): Promise<readonly string[]> {
  const found = known.get(node) ?? probe(node)
  known.set(node, found)
  return found
}

async function probe(node: string): Promise<readonly string[]> {
  const results = await Promise.all(
    candidates.map(async (flag) => {
      const { exitCode } = await execa(node, [flag, '-e', '0'], {
        reject: false,
        stdio: 'ignore',
        extendEnv: false,
      })
      return exitCode === 0 ? [flag] : []
    }),
  )
  return results.flat()
}
