/**
 * The file journal on a simulated disk: one process per life, with an identity of its own, and nonces that depend on
 * nothing but how many were drawn, so that equal histories give equal disks.
 */
import type { Clock } from '../../src/clock.ts'
import { fileJournal, type FileJournalOptions } from '../../src/file-journal.ts'
import type { Identity, OwnerIdentity } from '../../src/identity.ts'
import type { JournalBackend } from '../../src/journal.ts'
import { type Fate, type Op, SimDisk, type SimProcess } from './sim-disk.ts'

export const simRuns = '/data/runs'

export interface SimLife {
  readonly process: SimProcess
  readonly backend: JournalBackend
}

/** The processes of one machine: they see each other live and die. */
export class SimMachine {
  readonly disk: SimDisk
  #pids = 0
  #boot: number
  readonly #processes = new Map<number, SimProcess>()

  constructor(disk: SimDisk, boot = 1) {
    this.disk = disk
    this.#boot = boot
  }

  /** Starts a process; `fate` is asked before each of its ops. */
  start(fate?: (op: Op) => Fate, options: Partial<FileJournalOptions> = {}): SimLife {
    const process = this.disk.process(fate)
    const pid = ++this.#pids
    this.#processes.set(pid, process)
    const backend = fileJournal({
      dir: simRuns,
      fileSystem: process.fileSystem,
      identity: this.#identity(pid),
      random: countingRandom(`b${this.#boot}p${pid}`),
      clock: stoppedClock,
      ...options,
    })
    return { process, backend }
  }

  killAll(): void {
    for (const process of this.#processes.values()) process.kill()
  }

  /** Every process dies and the machine comes up again. */
  losePower(keep: Parameters<SimDisk['losePower']>[0]): void {
    this.killAll()
    this.disk.losePower(keep)
    this.#boot++
  }

  #identity(pid: number): Identity {
    const self: OwnerIdentity = {
      host: 'sim',
      boot: String(this.#boot),
      pidNamespace: '',
      pid,
      start: '0',
      thread: 0,
    }
    return {
      self: async () => self,
      liveness: async (owner) => {
        if (owner.boot !== String(this.#boot)) return 'dead'
        return this.#processes.get(owner.pid)?.alive === true ? 'alive' : 'dead'
      },
    }
  }
}

/** A disk with a durable `/data` on it, and nothing else. */
export async function emptySimDisk(): Promise<SimDisk> {
  const disk = new SimDisk()
  const { fileSystem } = disk.process()
  await fileSystem.makeDirectory('/data')
  await fileSystem.syncDirectory('/')
  return disk
}

const stoppedClock: Clock = { now: () => 0, until: async () => undefined }

function countingRandom(prefix: string): { readonly nonce: () => string } {
  let count = 0
  return { nonce: () => `${prefix}n${++count}` }
}
