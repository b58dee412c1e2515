/**
 * Opening a run of a million records against reading the same file in chunks of 1 MiB, splitting lines, `JSON.parse`.
 * Each measurement has a process of its own, so that none pays for another's memory.
 */
import { execFileSync } from 'node:child_process'
import { largeRecords, segmentOf, writePlainLines } from './large-run.ts'
import type { OpenMeasure } from './open-child.ts'
import type { Row } from './row.ts'

const rounds = 5
const extraBytesMax = 64 << 20

export function openRates(dir: string): readonly Row[] {
  const plain = `${dir}/plain.jsonl`
  writePlainLines(plain)
  return ['single', 'grouped'].flatMap((runId) => ratesOf(dir, runId, plain))
}

function ratesOf(dir: string, runId: string, plain: string): readonly Row[] {
  const [lines, bare, opened] = inTurns<readonly [Args, Args, Args]>([
    ['lines', segmentOf(dir, runId)],
    ['lines', plain],
    ['open', dir, runId],
  ])
  const ratio = lines.ms / opened.ms
  const bareRatio = (bare.ms / opened.ms).toFixed(2)
  const what = runId === 'single' ? 'one record a batch' : '64 records a batch'
  return [
    {
      what: `open ${largeRecords} records, ${what}`,
      measured: `${ratio.toFixed(2)} of reading its lines, ${bareRatio} of the bodies' alone (${opened.ms.toFixed(0)} ms)`,
      wanted: '0.75',
      holds: ratio >= 0.75,
    },
    {
      what: `memory beyond the records, ${what}`,
      measured: `${(opened.extraBytes / 2 ** 20).toFixed(0)} MiB (reading its lines: ${(lines.extraBytes / 2 ** 20).toFixed(0)})`,
      wanted: '<= 64 MiB',
      holds: opened.extraBytes <= extraBytesMax,
    },
  ]
}

type Args = readonly string[]
type Best = Omit<OpenMeasure, 'kept'>

/** The best of each over some rounds, in turns: whatever else the machine does can only make one slower. */
function inTurns<T extends readonly (readonly string[])[]>(
  sides: readonly [...T],
): { [K in keyof T]: Best } {
  const best = sides.map((): Best => ({ ms: Infinity, extraBytes: Infinity }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, args] of sides.entries()) {
      const { ms, extraBytes } = measure(args)
      const known = best[index] ?? { ms, extraBytes }
      best[index] = {
        ms: Math.min(known.ms, ms),
        extraBytes: Math.min(known.extraBytes, extraBytes),
      }
    }
  }
  return best as { [K in keyof T]: Best }
}

function measure(args: readonly string[]): OpenMeasure {
  const program = [process.argv[1] ?? '', 'open-child', ...args]
  return JSON.parse(execFileSync(process.execPath, program, { encoding: 'utf8' })) as OpenMeasure
}
