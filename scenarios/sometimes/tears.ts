/** Kills inside a write: what is there of it, and what is done with it. */
import { kill } from '../../harness/fault-classes.ts'
import type { Sometimes } from '../../harness/scenario.ts'
import { killedLives } from './moments.ts'

/** A kill inside a write: the append is torn, and the next life finds it so. */
export const tornAppend: Sometimes = {
  name: 'killed inside a write',
  needsOps: true,
  happened: (history) => history.of('fault').some(({ fault }) => insideWrite.test(fault)),
  directed: (control) => {
    // What is written after the last ack ends a run that is over.
    const ack = control.ops.findLast(({ mark }) => mark === 'ack')
    const write = control.ops.findLast(
      ({ n, op }) => op.kind === 'write' && op.length > 40 && n < (ack?.n ?? Infinity),
    )
    if (write?.op.kind !== 'write') return undefined
    return kill(write.n, { kind: 'inside', bytes: Math.floor(write.op.length / 2) })
  },
}

const insideWrite = /^K(?:[\d.]+@)?\d+\/(\d+)/

/** A kill inside the write of several records that were handed over together: all of them are there, or none is. */
export const tornBatch: Sometimes = {
  name: 'killed inside a write of several records',
  needs: ['journal'],
  needsOps: true,
  happened: (history) =>
    history.appends.some(({ life, hashes, ackIndex }) => {
      const torn = history.lives.get(life)?.faults.some(({ fault }) => insideWrite.test(fault))
      return torn === true && hashes.length > 1 && ackIndex === undefined
    }),
  directed: (control) => {
    const several = control.ops.find(({ mark, records = 0 }) => mark === 'appending' && records > 1)
    const write = control.ops.find(
      ({ n, op }) => op.kind === 'write' && op.length > 40 && n > (several?.n ?? Infinity),
    )
    if (write?.op.kind !== 'write') return undefined
    return kill(write.n, { kind: 'inside', bytes: Math.floor(write.op.length * 0.8) })
  },
}

/** Killed inside a large write, and once more after what it wrote was found and used by the life after it. */
export const tornBlob: Sometimes = {
  name: 'killed inside a large write, and again after it was done anew',
  needsOps: true,
  happened: (history) => {
    const torn = killedLives(history).find(({ faults }) =>
      faults.some(({ fault }) => insideWrite.test(fault)),
    )
    return killedLives(history).some((life) => torn !== undefined && life.life > torn.life)
  },
  directed: (control) => {
    const write = control.ops.find(({ op }) => op.kind === 'write' && op.length > largeBytes)
    if (write?.op.kind !== 'write') return undefined
    const bytes = Math.floor(write.op.length / 2)
    const [first] = kill(write.n, { kind: 'inside', bytes }).schedule
    // The next life comes there sooner: it has less to do before.
    const [second] = kill(write.n + 4, { kind: 'after' }).schedule
    return { schedule: [first ?? [], second ?? []] }
  },
}

/** Killed inside the large write of one of two children that publish the same bytes at once. */
export const tornTwin: Sometimes = {
  name: 'killed inside the second of two equal publications',
  needsOps: true,
  happened: (history) =>
    killedLives(history).some(({ life, faults }) => {
      const torn = faults.some(({ fault }) => Number(insideWrite.exec(fault)?.[1]) > smallBytes)
      const spawned = history.of('spawn').filter((mark) => mark.life === life)
      const settled = history.of('settle').filter((mark) => mark.life === life)
      return torn && spawned.length > 1 && settled.length < spawned.length
    }),
  directed: (control) => {
    const [first, second] = control.ops.filter(
      ({ op }) => op.kind === 'write' && op.length > largeBytes,
    )
    const twin = [second, first].find((each) => each !== undefined)
    if (twin?.op.kind !== 'write') return undefined
    return kill(twin.n, { kind: 'inside', bytes: Math.floor(twin.op.length / 2) })
  },
}

/** More than any record takes that is no blob. */
const smallBytes = 10_000

/** More than the reference runtime writes into a segment at once. */
const largeBytes = 65_536
