/**
 * The program of the processes that run shards: reads orders, runs lives in memory, writes reports.
 *
 * The next order is read by a call that blocks, when nothing else is left to do: an open stream would keep the event loop alive,
 * and its end is how lives end.
 */
import { readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { compareImages } from '../directory-image.ts'
import { historyOf, type History } from '../history.ts'
import { readLedger } from '../ledger.ts'
import type { LifeGiven, LifeWanted } from './asks.ts'
import { readControl, type RecordedLife } from './control-lives.ts'
import { hookFaultsOf } from './hook-fault.ts'
import { MarkReader } from './mark-reader.ts'
import { doneWord, type ShardOrder, type ShardReport } from './job.ts'
import { environmentOf, standingKey, type Places, type Standing } from './lives.ts'
import { exploreShard } from './shard.ts'
import { Shard } from './shard-states.ts'
import { VirtualHost } from './virtual-life.ts'

/** Where lives in memory think that they are. */
const places: Places = {
  directory: '/killpoint/state',
  workload: '/killpoint/workload.json',
  ledger: '/killpoint/ledger.jsonl',
}

/** Of so many lives one is run twice, in kept modules and in new ones. */
const comparedEvery = 100

/** Ops of a life, as a multiple of the control's, after which it is given up. */
const runawayFactor = 50

/** Milliseconds between two words to whoever watches. */
const wordEveryMs = 1_000

/**
 * Bytes of its code that a function has run when V8 compiles it anew: four times V8's default. Lives are short and many, and their
 * functions are called with ever other kinds of values: what is compiled early is mostly thrown away again, and was a quarter of
 * the processor time of a shard.
 */
const compiledAfterBytes = 528_000

const [stdin, stdout] = [0, 1]
const files = new Map<string, string>()
const markReader = new MarkReader()
let host: VirtualHost | undefined
let bundle = ''

/** The next order, if there is one. */
function next(): void {
  const line = readLine()
  if (line === '') return
  const [orderPath, reportPath] = JSON.parse(line) as [string, string]
  const asked = JSON.parse(readFileSync(orderPath, 'utf8')) as ShardOrder
  if (host === undefined) host = new VirtualHost(asked.bundle, places, files)
  else if (bundle !== asked.bundle) throw new Error('a shard process is of one bundle')
  bundle = asked.bundle
  new ShardRun(host, asked, reportPath).explore(false)
}

/** One line of the standard input, without its end; empty where there is none. */
function readLine(): string {
  const bytes: number[] = []
  const byte = Buffer.alloc(1)
  while (readSync(stdin, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0)
  return Buffer.from(bytes).toString('utf8')
}

/** One shard. */
class ShardRun {
  readonly #host: VirtualHost
  readonly #asked: ShardOrder
  readonly #reportPath: string
  readonly #lives: readonly RecordedLife[]
  readonly #control: History
  readonly #opsMax: number
  readonly #endMs: number
  readonly #environments = new Map<string, Record<string, string>>()
  readonly #before = process.cpuUsage()
  #wordMs = performance.now()

  constructor(host: VirtualHost, asked: ShardOrder, reportPath: string) {
    const { controlLogs, controlLedger, workload } = asked.order
    this.#host = host
    this.#asked = asked
    this.#reportPath = reportPath
    this.#lives = controlLogs.map(readControl)
    this.#control = historyOf(readLedger(readFileSync(controlLedger)))
    const opsOf = this.#lives.map(({ trace }) => trace.ops.length)
    this.#opsMax = runawayFactor * (Math.max(...opsOf) + 100)
    this.#endMs = performance.now() + (asked.budgetMs ?? Infinity)
    files.set(places.workload, JSON.stringify(workload))
  }

  /** Explores it all; `isFresh`: the modules of the worker are evaluated anew for every life. */
  explore(isFresh: boolean): void {
    const isLate = (): boolean => performance.now() > this.#endMs
    const shard = new Shard(this.#asked, this.#control, isLate)
    const asks = exploreShard(shard, this.#lives)
    let lives = 0
    const advance = (given?: LifeGiven): void => {
      this.#goesOn(shard)
      const step = given === undefined ? asks.next() : asks.next(given)
      if (step.done === true) {
        this.#finish(step.value)
        return
      }
      const wanted = step.value
      lives += 1
      if (isFresh || !isComparedAt(lives)) {
        this.#live(wanted, isFresh, advance)
        return
      }
      this.#live(wanted, false, (kept) =>
        this.#live(wanted, true, (fresh) => {
          if (isSame(kept, fresh)) advance(kept)
          else this.explore(true)
        }),
      )
    }
    advance()
  }

  #live(
    { image, standing, faults, records, endsAfter }: LifeWanted,
    isFresh: boolean,
    take: (given: LifeGiven) => void,
  ): void {
    const { life } = standing
    const hookFaults = hookFaultsOf({ faults, ...(endsAfter === undefined ? {} : { endsAfter }) })
    const told = { life, image, records, faults: hookFaults, opsMax: this.#opsMax }
    const environment = this.#environmentOf(standing)
    this.#host.run({ ...told, environment, isFresh }, (end) => {
      const { code, signal, trace: recorded, cost, quietMs } = end
      const { marks, why } = markReader.read(end.marks)
      // A life that a fault confused may write anything: what is a mark counts, here as in a process.
      const isControl = life === 1 && faults.length === 0
      const unsupported = end.unsupported ?? (isControl ? why : undefined)
      take({
        marks,
        code,
        signal,
        image: end.image,
        unread: end.unread,
        ...(quietMs === undefined ? {} : { quietMs }),
        ...(recorded === undefined ? {} : { trace: recorded }),
        ...(cost === undefined ? {} : { cost }),
        ...(unsupported === undefined ? {} : { unsupported }),
      })
    })
  }

  #environmentOf(standing: Standing): Record<string, string> {
    const key = standingKey(standing)
    const known = this.#environments.get(key)
    if (known !== undefined) return known
    const made = environmentOf(this.#asked.order, standing, places)
    if (this.#environments.size >= environmentsMax) this.#environments.clear()
    this.#environments.set(key, made)
    return made
  }

  #finish(report: ShardReport): void {
    const { user, system } = process.cpuUsage(this.#before)
    const bytesMax = process.resourceUsage().maxRSS * 1_024
    const spent = { cpuMs: (user + system) / 1_000, bytesMax }
    writeFileSync(this.#reportPath, JSON.stringify({ ...report, spent }))
    writeSync(stdout, `${doneWord}\n`)
    next()
  }

  #goesOn({ progress }: Shard): void {
    const now = performance.now()
    if (now - this.#wordMs < wordEveryMs) return
    this.#wordMs = now
    writeSync(stdout, `${JSON.stringify(progress)}\n`)
  }
}

const environmentsMax = 1_000

/** Whether the life of this number is run in kept modules and in new ones (E2 in `evaluation.ts`): the first, the second, the fourth … */
function isComparedAt(number: number): boolean {
  return number % comparedEvery === 0 || (number & (number - 1)) === 0
}

function isSame(left: LifeGiven, right: LifeGiven): boolean {
  return (
    left.code === right.code &&
    left.signal === right.signal &&
    left.unsupported === right.unsupported &&
    JSON.stringify(left.marks) === JSON.stringify(right.marks) &&
    compareImages(left.image, right.image).length === 0
  )
}

setFlagsFromString(`--interrupt-budget=${compiledAfterBytes}`)
next()
