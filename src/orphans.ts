/**
 * Finds processes that a dead life left behind, by a marker in their environment. Where the system does not show other
 * processes' environments, none are found.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { systemCode } from './errors.ts'

export interface Orphan {
  readonly pid: number
  /** The start of its command line, for messages. */
  readonly command: string
}

/** Every process but this one whose environment holds `variable=value`. */
export async function findOrphans(variable: string, value: string): Promise<readonly Orphan[]> {
  const mark = `${variable}=${value}`
  const found = process.platform === 'linux' ? findInProc(mark) : await findWithPs(mark)
  return found.filter(({ pid }) => pid !== process.pid)
}

/** Kills an orphan and waits until it is gone. */
export async function endOrphan({ pid }: Orphan): Promise<void> {
  while (signal(pid, 'SIGKILL')) await new Promise((resolve) => setTimeout(resolve, 5))
}

function findInProc(mark: string): readonly Orphan[] {
  const found: Orphan[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const environment = readProc(`/proc/${name}/environ`)
    if (environment?.split('\0').includes(mark) !== true) continue
    const command = (readProc(`/proc/${name}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
    found.push({ pid: Number(name), command: command.slice(0, 200) })
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

function findWithPs(mark: string): Promise<readonly Orphan[]> {
  return new Promise((resolve) => {
    execFile(
      'ps',
      ['-axEww', '-o', 'pid=,command='],
      { maxBuffer: 64 * 1024 * 1024 },
      (_, stdout) => {
        const lines = stdout.split('\n').filter((line) => line.split(' ').includes(mark))
        resolve(
          lines.map((line) => ({
            pid: Number.parseInt(line, 10),
            command: line.trim().slice(0, 200),
          })),
        )
      },
    )
  })
}

/** False once the process is gone or only waits to be reaped. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false
    throw error
  }
  return readProc(`/proc/${pid}/stat`)?.includes(') Z ') !== true
}
