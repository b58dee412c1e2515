/** A place for the laws whose processes are real ones: a directory of its own, and a process for each that the laws start. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from '../../live/scratch.ts'
import type { LawPlace, LawProcess, Cost } from '../law-subject.ts'
import { PretendMachine } from '../machine.ts'
import { RemoteProcess, type LawProgram } from './law-process.ts'
import type { Look, Spent } from './messages.ts'
import { costBelow, seesBelow } from './native-look.ts'

/** Makes places below `scratch`. `seed`: of the nonces of their processes. */
export async function processPlace(
  program: LawProgram,
  scratch: string,
  seed: string,
): Promise<LawPlace> {
  const dir = await mkdtemp(join(scratch, 'law-'))
  const machine = new PretendMachine()
  const processes: RemoteProcess[] = []
  const dying = new Set<Promise<void>>()
  const mayGo = async (): Promise<void> => {
    if (dying.size > 0) await Promise.all(dying)
  }
  const end = (process: RemoteProcess): void => {
    const gone = process.ended.then(() => void dying.delete(gone))
    dying.add(gone)
    process.kill()
  }
  const { abilities } = program
  return {
    start: () => {
      const { identity, die, self } = machine.start()
      const process = new RemoteProcess(program, { dir, self, seed }, identity, mayGo)
      processes.push(process)
      return {
        backend: process.backend,
        kill: () => {
          die()
          end(process)
        },
        ...(abilities.has('fail') ? { failNext: (what, nth = 1) => process.fail(what, nth) } : {}),
      } satisfies LawProcess
    },
    ...(program.native !== undefined || abilities.has('cost')
      ? { cost: () => costOf(processes) }
      : {}),
    dispose: async () => {
      for (const process of processes) end(process)
      await mayGo()
      for (const each of [dir, ...logsOf(processes)]) removeTree(each)
    },
  }
}

function logsOf(processes: readonly RemoteProcess[]): readonly string[] {
  return processes.flatMap(({ log }) => (log === undefined ? [] : [log]))
}

/** Whether the native hooks, under which `program` runs, see what a process of the backend does. */
export async function lookBelow(program: LawProgram, scratch: string): Promise<boolean> {
  const dir = await mkdtemp(join(scratch, 'law-'))
  const { identity, self } = new PretendMachine().start()
  const process = new RemoteProcess(program, { dir, self, seed: 'look' }, identity, async () => {})
  try {
    const journal = await process.backend.open('look')
    await journal.append([{ looked: true }])
    process.kill()
    await process.ended
    return process.log !== undefined && (await seesBelow(process.log, dir))
  } finally {
    process.kill()
    await process.ended
    for (const each of [dir, ...logsOf([process])]) removeTree(each)
  }
}

/** Asks a process of the backend what it can do, and whether its files are seen. */
export async function lookAt(program: LawProgram, scratch: string): Promise<Look> {
  const dir = await mkdtemp(join(scratch, 'law-'))
  const { identity, self } = new PretendMachine().start()
  const process = new RemoteProcess(program, { dir, self, seed: 'look' }, identity, async () => {})
  try {
    return (await process.call({ kind: 'look' })) as Look
  } finally {
    process.kill()
    await process.ended
    removeTree(dir)
  }
}

/** The laws ask while all are alive. */
async function costOf(processes: readonly RemoteProcess[]): Promise<Cost> {
  const all = await Promise.all(
    processes.map(async (each) => {
      const spent = (await each.call({ kind: 'cost' })) as Spent
      return each.log === undefined ? spent : await costBelow(each.log, spent)
    }),
  )
  return {
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    syncs: all.reduce((sum, { syncs }) => sum + syncs, 0),
  }
}
