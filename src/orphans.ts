/**
 * Finds processes that a dead life left behind, by a marker in their environment. Where the system does not show other
 * processes' environments, none are found.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { systemCode } from './errors.ts'

export interface Orphan {
  readonly pid: number
  /** The start of its command line, for messages. */
  readonly command: string
}

const commandLengthMax = 200
const lookAgainMs = 5

/** Every process but this one whose environment holds `variable=value`. */
export async function findOrphans(variable: string, value: string): Promise<readonly Orphan[]> {
  const mark = `${variable}=${value}`
  const found = process.platform === 'linux' ? findInProc(mark) : await findWithPs(mark)
  return found.filter(({ pid }) => pid !== process.pid)
}

/**
 * Kills every such process and waits until none is left; looks again each time, so that neither a child that was started
 * meanwhile nor a process that has got an old one's number is mistaken. Rejects with the signal's reason when it aborts.
 */
export async function endOrphans(
  variable: string,
  value: string,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const left = await findOrphans(variable, value)
    if (left.length === 0) return
    signal?.throwIfAborted()
    for (const { pid } of left) kill(pid)
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
  }
}

function findInProc(mark: string): readonly Orphan[] {
  const found: Orphan[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // Of a process that only waits to be reaped it is empty.
    const environment = readProc(`/proc/${name}/environ`)
    if (environment?.split('\0').includes(mark) !== true) continue
    const command = (readProc(`/proc/${name}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
    found.push({ pid: Number(name), command: command.slice(0, commandLengthMax) })
  }
  return found
}

// Of other users, or gone since the listing: not ours.
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

async function findWithPs(mark: string): Promise<readonly Orphan[]> {
  // Loaded here: it takes longer to load than a small run to end.
  const { execFile } = await import('node:child_process')
  const arguments_ = ['-axEww', '-o', 'pid=,command=']
  return await new Promise((resolve) => {
    execFile('ps', arguments_, { maxBuffer: 64 * 1024 * 1024 }, (_, stdout) => {
      const lines = stdout.split('\n').filter((line) => line.split(' ').includes(mark))
      resolve(
        lines.map((line) => ({
          pid: Number.parseInt(line, 10),
          command: line.trim().slice(0, commandLengthMax),
        })),
      )
    })
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // Gone by itself meanwhile.
    if (systemCode(error) !== 'ESRCH') throw error
  }
}
