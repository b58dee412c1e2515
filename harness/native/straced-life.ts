/** One life under strace: what must be known before it, how it is started, and what strace showed of it. */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { opLogSuffix } from '../trace.ts'
import { straceArguments, type StraceAim } from './strace-lane.ts'
import { encodeLog, logOfStrace, type LoggedEntry, type StracedLog } from './strace-log.ts'
import { namesIn, type NameBefore } from './strace-tree.ts'

/** Where a life takes place. */
export interface StracedPlaces {
  readonly life: number
  /** The state directory. */
  readonly state: string
  readonly ledger: string
  readonly cwd: string
  /** Takes the output of strace, and the op log. */
  readonly trace: string
}

/** A life that has not begun: make it, start it, and read its log when it has ended. */
export class StracedLife {
  readonly #places: StracedPlaces
  readonly #output: string
  readonly #before: readonly NameBefore[]

  constructor(places: StracedPlaces) {
    this.#places = places
    this.#output = join(places.trace, 'strace.txt')
    this.#before = namesIn(places.state)
  }

  /** The command that runs a program so; with an aim, it is killed there. */
  command(
    strace: string,
    { file, arguments: own }: { readonly file: string; readonly arguments: readonly string[] },
    aim?: StraceAim,
  ): { readonly file: string; readonly arguments: readonly string[] } {
    return { file: strace, arguments: [...straceArguments(this.#output, aim), file, ...own] }
  }

  /** @throws UntoldError (`strace-ops.ts`) where strace does not tell enough */
  log(): StracedLog {
    const { life, state, ledger, cwd } = this.#places
    return logOfStrace({
      output: readFileSync(this.#output, 'latin1'),
      life,
      root: realpathSync(state),
      before: this.#before,
      ledger: realpathSync(ledger),
      cwd: realpathSync(cwd),
    })
  }

  /** Leaves the op log where the native hooks would. */
  write(entries: readonly LoggedEntry[]): void {
    writeFileSync(join(this.#places.trace, `1${opLogSuffix}`), encodeLog(entries))
  }
}
