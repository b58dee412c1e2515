/**
 * The disk door of a process that works for the laws: it counts what is written and synced, and lets one op fail.
 *
 * `node:fs` is all that it sees. A store that native code writes has these abilities not, and is asked for them by nobody
 * (`Look` in `conformance/process/messages.ts`).
 */
import { internalBinding, type FsBinding, type Undo } from '../../hooks/binding.ts'
import { Door, type Observer } from '../../hooks/door.ts'
import { hookFileCalls } from '../../hooks/file-calls.ts'
import type { Gate } from '../../hooks/gate.ts'
import { stateDirectory } from '../../hooks/paths.ts'
import type { Primitive } from '../../hooks/primitive.ts'
import { realDisk } from '../../hooks/real-disk.ts'
import { createRecorder } from '../../hooks/recorder.ts'
import { readImage } from '../../directory-image.ts'
import { differenceOf } from '../../native/sight.ts'
import { type Trace, TraceReader } from '../../trace.ts'

const gate: Gate = { own: undefined, raw: undefined }
const disk = realDisk(gate)
const nothing = (): void => undefined

/** Counts and fails the ops of one process in its directory. */
export class LawDoor {
  bytes = 0
  syncs = 0
  #failing: { readonly what: 'write' | 'sync'; left: number } | undefined

  constructor(dir: string) {
    stand(dir, {
      begin: (_, primitive) => this.#strike(primitive),
      end: (_, primitive, { error, value }) => {
        if (error !== undefined) return
        if (primitive.write !== undefined) this.bytes += Number(value)
        if (whatOf(primitive) === 'sync' || primitive.write?.file.synced === true) this.syncs += 1
      },
      told: nothing,
      read: nothing,
      opened: nothing,
      closed: nothing,
      forked: nothing,
      fault: nothing,
      within: (_, call) => call(),
    })
  }

  /** Makes the n-th write or sync from now fail. */
  fail(what: 'write' | 'sync', nth: number): void {
    this.#failing = { what, left: nth }
  }

  #strike(primitive: Primitive): void {
    const failing = this.#failing
    if (failing === undefined || failing.what !== whatOf(primitive)) return
    failing.left -= 1
    if (failing.left > 0) return
    this.#failing = undefined
    throw primitive.fail('EIO')
  }
}

/** What `use` does to a directory that is empty: how many writes `node:fs` was asked for, and why they are not all that came. */
export async function watch(
  dir: string,
  use: () => Promise<void>,
): Promise<{ readonly writes: number; readonly unseen?: string }> {
  const reader = new TraceReader()
  const { root } = stateDirectory(dir)
  const take: Parameters<typeof createRecorder>[0] = (entry, payload) =>
    reader.take(entry, payload?.slice())
  const { pid, version: node } = process
  take({
    e: 'log',
    version: 1,
    stream: '1',
    life: 1,
    pid,
    order: 'serial',
    node,
    directory: root,
  })
  const undo = stand(
    dir,
    createRecorder(take, disk, root, () => []),
  )
  try {
    await use()
  } finally {
    undo()
  }
  const trace = reader.finish(0)
  const unseen = await unseenIn(dir, trace)
  const writes = (trace?.ops ?? []).filter(({ op }) => op.kind === 'write').length
  return { writes, ...(unseen === undefined ? {} : { unseen }) }
}

async function unseenIn(dir: string, trace: Trace | undefined): Promise<string | undefined> {
  try {
    return differenceOf(trace === undefined ? [] : [[trace]], await readImage(dir))
  } catch (error) {
    // A file that goes while nothing is asked of `node:fs`: somebody else removes it.
    return `its directory cannot be read: ${String(error)}`
  }
}

function stand(dir: string, observer: Observer): Undo {
  const door = new Door({
    stream: '1',
    life: 1,
    order: 'serial',
    directory: stateDirectory(dir),
    disk,
    gate,
    faults: [],
    observer,
    ledger: () => false,
    signal: nothing,
  })
  const undos = hookFileCalls(internalBinding('fs') as FsBinding, door)
  return () => {
    for (const undo of undos.reverse()) undo()
  }
}

function whatOf({ kind, write }: Primitive): 'write' | 'sync' | 'other' {
  if (write !== undefined && kind !== 'mark') return 'write'
  return kind === 'sync' || kind === 'datasync' || kind === 'sync-directory' ? 'sync' : 'other'
}
