/**
 * A process that runs shards, one after the other: what one shard compiled serves the next.
 *
 * It is told the paths of an order and a report in a line, and answers with a line when the report is written; in between it says
 * now and then how far it is. A shard that says nothing for a long time hangs: that is the harness's fault, or a life's
 * that never gives its process back, and never a verdict about what was explored.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { HarnessError } from '../errors.ts'
import { markerVariable } from '../live/environment.ts'
import { doneWord, type ShardOrder, type ShardProgress, type ShardReport } from './job.ts'

/** Characters of its last words that are shown. */
const lastWordsMax = 4_000

/** Milliseconds without a word after which a shard is put down. */
const silenceMsMax = 60_000

const options = {
  reject: false,
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'pipe',
  buffer: { stdout: false },
} as const

function start(program: string, env: Readonly<Record<string, string>>) {
  return execa(process.execPath, [program], { ...options, env })
}

/** A process for shards; {@link ShardProcess.end} ends it. */
export class ShardProcess {
  readonly #process: ReturnType<typeof start>
  readonly #ended: Promise<string>
  readonly #silenceMs: number
  #heard: (line: string) => void = () => undefined
  #isHung = false

  /** `program`: the built shard program. `campaign`: by which the process is found. */
  constructor(program: string, campaign: string, silenceMs: number = silenceMsMax) {
    this.#silenceMs = silenceMs
    this.#process = start(program, { [markerVariable]: `${campaign}/shard` })
    this.#ended = this.#process.then(
      ({ shortMessage, stderr }) => `${shortMessage ?? 'it ended'}\n${stderr.slice(-lastWordsMax)}`,
    )
    // Of a process that died: how it ended says more.
    this.#process.stdin.on('error', () => undefined)
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#heard(line))
  }

  /** Runs one shard; its files begin with `path`. @throws HarnessError `LIVE_TROUBLE` where it died or hung */
  async run(
    asked: ShardOrder,
    path: string,
    onProgress?: (progress: ShardProgress) => void,
  ): Promise<ShardReport> {
    const [order, report] = [`${path}.order.json`, `${path}.report.json`]
    writeFileSync(order, JSON.stringify(asked))
    const answer = new Promise<undefined>((resolve) => {
      this.#heard = (line) => {
        watch.refresh()
        if (line === doneWord) resolve(undefined)
        else onProgress?.(JSON.parse(line) as ShardProgress)
      }
    })
    const watch = setTimeout(() => {
      this.#isHung = true
      this.#process.kill('SIGKILL')
    }, this.#silenceMs)
    this.#process.stdin.write(`${JSON.stringify([order, report])}\n`)
    const lastWords = await Promise.race([answer, this.#ended])
    clearTimeout(watch)
    if (lastWords === undefined) return readReport(report)
    throw this.#isHung ? hung(this.#silenceMs, asked) : died(lastWords)
  }

  /** Ends the process. */
  end(): void {
    this.#process.stdin.end()
    this.#process.kill('SIGKILL')
  }
}

function readReport(path: string): ShardReport {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ShardReport
  } catch (cause) {
    throw new HarnessError(
      'LIVE_TROUBLE',
      `a shard of the exploration left no report: ${String(cause)}`,
      {
        hint: 'leave the scratch directory alone while it runs, and the sources; then run it again',
        cause,
      },
    )
  }
}

function died(lastWords: string): HarnessError {
  return new HarnessError('LIVE_TROUBLE', `a shard of the exploration died: ${lastWords}`, {
    hint: 'run it again with --jobs 1; if it dies again, the harness is at fault',
  })
}

function hung(silenceMs: number, { shard, shards }: ShardOrder): HarnessError {
  const which = `shard ${shard + 1} of ${shards}`
  return new HarnessError(
    'LIVE_TROUBLE',
    `${which} of the exploration hangs: no life of it ended for ${silenceMs / 1_000} s`,
    {
      hint: 'a life that computes without end holds its shard; `killpoint run` kills such lives and judges them',
    },
  )
}
