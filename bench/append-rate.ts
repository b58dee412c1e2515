/**
 * Appends to the file journal against a bare loop of `writeSync` and `fdatasyncSync` over the same bytes.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileJournal } from '../src/file-journal.ts'
import type { JsonValue } from '../src/json.ts'
import { inTurns, median } from './measure.ts'
import type { Row } from './row.ts'

const block = 25
const rounds = 200
const inFlight = 64
const appendsInFlight = 1600

/** What a step of an agent might record, about 100 bytes of JSON. */
export function stepBody(index: number): JsonValue {
  return { kind: 'step', index, name: 'summarise', ok: true, text: 'x'.repeat(40) }
}

export async function appendRates(dir: string): Promise<readonly Row[]> {
  const backend = fileJournal({ dir })
  const single = await backend.open('single')
  const many = await backend.open('many')
  const bare = new BareLoop(path.join(dir, 'bare'), path.join(dir, 'single', '000001.log'))
  let index = 0

  await single.append([stepBody(index)])
  const [bareTimes = [], singleTimes = [], manyTimes = []] = await inTurns(rounds, [
    () => bare.write(block),
    async () => {
      for (let count = 0; count < block; count++) await single.append([stepBody(index++)])
    },
    async () => {
      let left = appendsInFlight
      const append = async (): Promise<void> => {
        while (left-- > 0) await many.append([stepBody(index++)])
      }
      await Promise.all(Array.from({ length: inFlight }, append))
    },
  ])
  await single.close()
  await many.close()
  bare.close()

  const perBare = median(bareTimes) / block
  const perSingle = median(singleTimes) / block
  const perMany = median(manyTimes) / appendsInFlight
  const ratio = perBare / perSingle
  const speedup = perSingle / perMany
  const micros = (ms: number): string => `${(ms * 1000).toFixed(1)} us`
  return [
    {
      what: 'one record at a time, committed',
      measured: `${ratio.toFixed(2)} of the bare loop (${micros(perSingle)}, bare ${micros(perBare)})`,
      wanted: '0.8',
      holds: ratio >= 0.8,
    },
    {
      what: `${inFlight} appends in flight`,
      measured: `${speedup.toFixed(1)} x the single writer (${micros(perMany)} each)`,
      wanted: '15 x',
      holds: speedup >= 15,
    },
  ]
}

/** Writes and syncs the bytes of one record, again and again, to a file that grows. */
class BareLoop {
  readonly #fd: number
  readonly #segment: string

  constructor(file: string, segment: string) {
    this.#fd = fs.openSync(file, 'w')
    this.#segment = segment
  }

  write(count: number): void {
    const line = this.#lastLine()
    for (let done = 0; done < count; done++) {
      fs.writeSync(this.#fd, line)
      fs.fdatasyncSync(this.#fd)
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }

  /** As long as the journal's lines are by now. */
  #lastLine(): Buffer {
    const text = fs.readFileSync(this.#segment, 'latin1').trimEnd()
    return Buffer.from(`${text.slice(text.lastIndexOf('\n') + 1)}\n`, 'latin1')
  }
}
