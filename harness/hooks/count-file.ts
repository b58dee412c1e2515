/**
 * The count file: how far a stream came, readable after SIGKILL at any moment.
 *
 * One 4-byte little-endian number per op phase, appended by one write each: `2n` when op n begins, `2n + 1` when it took effect
 * or failed. Asynchronous ops in native order overlap, so the phases carry their op.
 */
import { openSync, writeSync } from 'node:fs'
import type { Observer } from './door.ts'
import { withOwn } from './gate.ts'
import type { Gate } from './gate.ts'

// Captured: program code may replace members of `fs`.
const open = openSync
const write = writeSync

/** Opens the count file at `path`, which must not exist, and counts into it. */
export function countFile(path: string, gate: Gate): Observer {
  const fd = withOwn(gate, () => open(path, 'wx'))
  const phase = Buffer.alloc(4)
  const put = (value: number): void => {
    phase.writeUInt32LE(value)
    withOwn(gate, () => write(fd, phase))
  }
  return {
    begin: (n) => put(2 * n),
    end: (n) => put(2 * n + 1),
    told: () => undefined,
    read: () => undefined,
    opened: () => undefined,
    closed: () => undefined,
    forked: () => undefined,
    fault: () => undefined,
    within: (_n, call) => call(),
  }
}
