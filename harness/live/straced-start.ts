/**
 * A life of the live engine under strace (`native/strace-lane.ts`): its rehearsal, its start, and the proof that its fault fired.
 *
 *  R1  The rehearsal begins with what the life will find: the state directory and the temporary one, as copies under the same names.
 *      What it leaves is thrown away, and the originals are put back, the very same files.
 *  R2  What it tells goes to a copy of the ledger: nobody hears it.
 *  R3  The fault's line is in the ledger when the life is dead and its own output shows the kill (L3), before its `exit`.
 */
import { closeSync, copyFileSync, cpSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemVariables } from '../life.ts'
import { strikeOf, whyNotKilled, type StraceStrike } from '../native/strace-lane.ts'
import type { LoggedEntry, StracedLog } from '../native/strace-log.ts'
import { UntoldError } from '../native/strace-ops.ts'
import { StracedLife } from '../native/straced-life.ts'
import type { HookFault } from '../hooks/fault.ts'
import { launch, type Launch } from './launch.ts'
import { confirmationFactor } from './options.ts'
import { progressOf } from './progress.ts'
import { endWhenQuiet } from './quiet-life.ts'
import { removeTree, type CaseDirectories } from './scratch.ts'

/** What to run under strace. */
export interface StracedOrder {
  /** Path of strace. */
  readonly strace: string
  readonly life: number
  readonly launch: Launch
  readonly directories: CaseDirectories
  /** The life's own directory for what is recorded of it. */
  readonly trace: string
  /** What is to kill it; the first that can. */
  readonly strikes: readonly HookFault[]
  /** Whether its op log is wanted. */
  readonly records: boolean
  /** Milliseconds without a mark and a change to its files after which a rehearsal is put down. */
  readonly quietMs: number
  readonly began: (pid: number) => void
  readonly ended: (pid: number) => void
}

/** What came of a life under strace. */
export interface StracedEnd {
  /** The fault that is proven to have fired. */
  readonly fired?: HookFault
  /** Why the fault did not fire. */
  readonly missed?: string
  /** Why there is no op log. */
  readonly untold?: string
}

export class StracedStart {
  /** What to start. */
  readonly launch: Launch
  readonly #order: StracedOrder
  readonly #life: StracedLife
  readonly #strike: StraceStrike | { readonly why: string } | undefined

  private constructor(order: StracedOrder, strike: StraceStrike | { why: string } | undefined) {
    const { directories, life, trace } = order
    const { state, ledger } = directories
    const { cwd } = order.launch
    this.#order = order
    this.#strike = strike
    this.#life = new StracedLife({ life, state, ledger, cwd, trace })
    const aim = strike === undefined || 'why' in strike ? undefined : strike.aim
    this.launch = { ...order.launch, ...this.#life.command(order.strace, order.launch, aim) }
  }

  /** Rehearses the life where it is to be killed. */
  static async prepare(order: StracedOrder): Promise<StracedStart> {
    const { strikes } = order
    if (strikes.length === 0) return new StracedStart(order, undefined)
    const rehearsed = await rehearse(order)
    const strike = typeof rehearsed === 'string' ? { why: rehearsed } : strikeOf(rehearsed, strikes)
    return new StracedStart(order, strike)
  }

  /** Reads what strace showed; to be called when the life is over. */
  conclude(): StracedEnd {
    const log = logOrWhy(this.#life)
    if (typeof log === 'string') return { untold: log, missed: log }
    const strike = this.#strike
    const why =
      strike === undefined || 'why' in strike ? strike?.why : whyNotKilled(log, strike.before)
    const fired = strike === undefined || 'why' in strike || why !== undefined ? undefined : strike
    if (this.#order.records)
      this.#life.write(fired === undefined ? log.entries : struck(log.entries, fired))
    if (fired !== undefined) return { fired: fired.fault }
    return why === undefined ? {} : { missed: why }
  }
}

/** The log as the native hooks write it: the fault at its op; of an op behind that, nothing. */
function struck(entries: readonly LoggedEntry[], strike: StraceStrike): readonly LoggedEntry[] {
  const { n, before, fault } = strike
  const told = { entry: { e: 'fault', n, fault: fault.text } as const }
  return [...entries.filter(({ entry }) => !isCallOf(entry, before, n)), told]
}

function isCallOf(entry: LoggedEntry['entry'], before: number, n: number): boolean {
  return before !== n && entry.e === 'call' && entry.n === before
}

function logOrWhy(life: StracedLife): StracedLog | string {
  try {
    return life.log()
  } catch (error) {
    if (error instanceof UntoldError) return `strace does not tell enough: ${error.message}`
    // Killed before strace had begun.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'strace showed nothing'
    throw error
  }
}

/** Runs the life without its fault over copies (R1, R2), and tells what it did. */
async function rehearse(order: StracedOrder): Promise<StracedLog | string> {
  const { directories, trace } = order
  const kept = join(trace, 'rehearsal')
  mkdirSync(kept)
  const { state, temporary } = directories
  const ledger = join(kept, 'ledger.jsonl')
  copyFileSync(directories.ledger, ledger)
  const put = [
    [state, join(kept, 'state')],
    [temporary, join(kept, 'tmp')],
  ] as const
  for (const [place, aside] of put) renameSync(place, aside)
  try {
    for (const [place, aside] of put)
      cpSync(aside, place, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    return await rehearsal({ ...order, directories: { ...directories, ledger }, trace: kept })
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    // A socket, a pipe: of them there is no copy.
    if (code.startsWith('ERR_FS_CP_')) return `its directory cannot be copied: ${message}`
    throw error
  } finally {
    for (const [place, aside] of put) {
      removeTree(place)
      renameSync(aside, place)
    }
    removeTree(kept)
  }
}

async function rehearsal(order: StracedOrder): Promise<StracedLog | string> {
  const { directories, launch: asked, life, strace, trace } = order
  const { ledger, state } = directories
  const straced = new StracedLife({ life, state, ledger, cwd: asked.cwd, trace })
  const descriptor = openSync(ledger, 'a')
  try {
    const { pid, reaped } = await launch({
      ...asked,
      ...straced.command(strace, asked),
      ledger: descriptor,
      takesGroupAlong: true,
      environment: { ...asked.environment, [systemVariables.ledger]: ledger },
    })
    order.began(pid)
    const shown = (): string => progressOf({ ledgerBytes: statSync(ledger).size, state })
    const forget = endWhenQuiet(pid, shown, order.quietMs * confirmationFactor)
    await reaped
    forget()
    order.ended(pid)
    return logOrWhy(straced)
  } finally {
    closeSync(descriptor)
  }
}
