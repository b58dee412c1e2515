/**
 * Flags that make Node start faster, or compute with less, found out once per campaign for the Node that is started.
 *
 * `--no-rehash-snapshot` leaves the hash seed of Node's built-in heap as it was built: a fresh one costs a search for primes
 * and a rehash of every table, a sixth of a bare start. The seed guards servers against crafted keys; a worker under test
 * meets none. What was tried and brings nothing here, or costs: `--jitless`, `--single-threaded`, `--max-lazy`,
 * `--v8-pool-size`, `--no-addons`, smaller semi-spaces, and a start-up snapshot of the worker (reading its 4 MB costs more than
 * it saves).
 */
import { execa } from 'execa'

/** For whatever starts often. */
const starting = ['--no-rehash-snapshot'] as const

/**
 * For what computes for seconds: functions are optimized later than V8 would. A fourth of the processor time of a small exploration is
 * saved, and one of ten seconds takes no longer.
 */
const computing = ['--interrupt-budget=500000'] as const

const known = new Map<string, Promise<readonly string[]>>()

/** The flags with which this node starts faster, each proven by a start. Asked once per executable. */
export function startFlags(node: string = process.execPath): Promise<readonly string[]> {
  return accepted(node, starting)
}

/** The flags with which our own node computes with less of the processor, each proven by a start. Asked once. */
export function computeFlags(): Promise<readonly string[]> {
  return accepted(process.execPath, computing)
}

function accepted(node: string, candidates: readonly string[]): Promise<readonly string[]> {
  const key = [node, ...candidates].join('\0')
  const found = known.get(key) ?? probe(node, candidates)
  known.set(key, found)
  return found
}

/** Tried one by one, kept where this Node takes them. */
async function probe(node: string, candidates: readonly string[]): Promise<readonly string[]> {
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
