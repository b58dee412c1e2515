/**
 * What a process of the laws wrote and synced, where native code does it: the native hooks log it below the process.
 *
 * They are not believed unasked: `seesBelow` says whether a directory rebuilt from their log is the real one. Without that, a store
 * that they do not see would be said never to sync.
 */
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hookVariables, systemVariables } from '../../life.ts'
import { whyUnseen } from '../../native/sight.ts'
import { makesDurable } from '../../op.ts'
import { opLogSuffix, parseTrace, readTraces, type TracedOp } from '../../trace.ts'
import type { Cost } from '../law-subject.ts'
import type { Spent } from './messages.ts'

/** The variables under which a process in `directory` is logged to `log`, which is made. `library`: the native hooks. */
export function loggedBelow(
  library: string,
  directory: string,
  log: string,
): Readonly<Record<string, string>> {
  mkdirSync(log, { recursive: true })
  return {
    LD_PRELOAD: library,
    [systemVariables.directory]: directory,
    [systemVariables.life]: '1',
    [hookVariables.lane]: 'recording',
    [hookVariables.nativeDirectory]: log,
    // One order, and nothing out of sight.
    UV_THREADPOOL_SIZE: '1',
    UV_USE_IO_URING: '0',
  }
}

/** Whether the log of one process is what is in its directory. */
export async function seesBelow(log: string, directory: string): Promise<boolean> {
  const traces = await readTraces(log)
  return traces.some(hasWrites) && (await whyUnseen([traces], directory)) === undefined
}

function hasWrites({ ops }: { readonly ops: readonly TracedOp[] }): boolean {
  return ops.some(({ op }) => op.kind === 'write')
}

/** What the logs of one process in the directory `log` tell, as far as they went then. */
export async function costBelow(log: string, { logged }: Spent): Promise<Cost> {
  const names = Object.keys(logged).filter((name) => name.endsWith(opLogSuffix))
  const all = await Promise.all(
    names.map(async (name) =>
      parseTrace((await readFile(join(log, name))).subarray(0, logged[name])),
    ),
  )
  const ops = all.flatMap((trace) => trace?.ops ?? [])
  const done = ops.filter((each) => each.done && !each.result.code)
  return {
    bytes: done.reduce((sum, { result }) => sum + (result.written ?? 0), 0),
    syncs: done.filter(({ op }) => makesDurable(op)).length,
  }
}
