/** What a campaign leaves in files: its result, every case with its token, and the text of each failure. */
import { createWriteStream, existsSync, mkdirSync, writeFileSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { writeResult, type Result } from './result/result.ts'
import { writeTrouble, writing } from './write-trouble.ts'

/** A directory that a campaign writes into while it runs. */
export class ReportFiles {
  readonly cases: string
  readonly result: string
  readonly #directory: string
  readonly #stream: WriteStream
  #error: Error | undefined

  /** `cases.jsonl` is begun anew; everything else is overwritten when it is written. */
  constructor(directory: string) {
    writing(directory, () => mkdirSync(directory, { recursive: true }))
    this.#directory = directory
    this.cases = join(directory, 'cases.jsonl')
    this.result = join(directory, 'result.json')
    this.#stream = createWriteStream(this.cases)
    // `close` throws it; where nobody gets that far, another error is told.
    this.#stream.on('error', (error) => (this.#error ??= error))
  }

  /** Lets go of the files where there is no result to write. Safe after `close`. */
  abandon(): void {
    this.#stream.destroy()
  }

  addCase(line: string): void {
    this.#stream.write(`${line}\n`)
  }

  /**
   * Writes the result and the texts of the failures, and ends the list of cases: each of them, whatever becomes of the others.
   *
   * @throws HarnessError `OUTPUT_WRITE` naming the first file that could not be written
   */
  async close(result: Result, failures: readonly string[]): Promise<void> {
    const texts = join(this.#directory, 'failures.txt')
    const ends = await Promise.allSettled([
      this.#endCases(),
      attempt(() => writeResult(this.result, result)),
      attempt(() => {
        if (failures.length === 0) return
        writing(texts, () => writeFileSync(texts, `${failures.join('\n\n')}\n`))
      }),
    ])
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  async #endCases(): Promise<void> {
    try {
      if (this.#error !== undefined) throw this.#error
      this.#stream.end()
      await finished(this.#stream)
    } catch (error) {
      throw writeTrouble(this.cases, error)
    }
  }
}

async function attempt(write: () => void): Promise<void> {
  await Promise.resolve()
  write()
}

/** Makes a directory that nobody wants in a repository. @throws HarnessError `OUTPUT_WRITE` */
export function ignoredDirectory(directory: string): string {
  const ignore = join(directory, '.gitignore')
  writing(ignore, () => {
    mkdirSync(directory, { recursive: true })
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
  })
  return directory
}
