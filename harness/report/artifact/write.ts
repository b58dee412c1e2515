/**
 * The artifact of a failure: a folder that somebody who has nothing else can look at, judge again and send on.
 *
 *   F1  what a judgement needs (case, ledger, control) comes first, then traces, then directories: what does not fit any more is cut,
 *       and `manifest.json` says what and how much of it
 *   F2  no name in it is a worker's: paths of the state directory are made safe, and never lead out of the folder
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Evidence } from '../../campaign/evidence.ts'
import type { DirectoryImage } from '../../directory-image.ts'
import type { Schedule } from '../../fault.ts'
import { stringifySchedule } from '../../fault-text.ts'
import type { TracedOp } from '../../trace.ts'
import { tellOp } from '../../campaign/told.ts'
import type { Environment } from '../environment.ts'
import { writing } from '../write-trouble.ts'
import type { SiteOf } from '../../corpus/op-fingerprint.ts'
import { artifactSchemaName, artifactVersion, type ArtifactCase } from './case-file.ts'
import { safePath } from './safe-path.ts'

/** Bytes that one artifact may have. */
export const artifactBytesMax: number = 8 * 2 ** 20

/** Bytes of one file of the state directory. */
const fileBytesMax = 2 ** 20

/** What is written. */
export interface ArtifactSource {
  readonly evidence: Evidence
  /** The whole text of the failure. */
  readonly text: string
  readonly environment: Environment
  readonly siteOf: SiteOf
  readonly bytesMax?: number
}

/** Something that is not in it, or not whole. */
interface Cut {
  readonly path: string
  readonly bytes: number
  readonly kept: number
}

/** Writes the artifact into a folder, which is made. @throws HarnessError `OUTPUT_WRITE` */
export function writeArtifact(directory: string, source: ArtifactSource): void {
  writing(directory, () => fill(directory, source))
}

function fill(directory: string, source: ArtifactSource): void {
  const folder = new Folder(directory, source.bytesMax ?? artifactBytesMax)
  const { report, control } = source.evidence
  const { run } = report
  folder.add('case.json', `${JSON.stringify(caseOf(source), undefined, 2)}\n`)
  folder.add('failure.txt', `${source.text}\n`)
  folder.add('schedule.txt', `${stringifySchedule(scheduleOf(source.evidence))}\n`)
  folder.add('environment.json', `${JSON.stringify(source.environment, undefined, 2)}\n`)
  folder.add('history.jsonl', run.ledger)
  folder.add('control.jsonl', control.run.ledger)
  for (const [life, traces] of run.traces ?? []) {
    const ops = traces.flatMap((trace) => trace.ops)
    folder.add(`trace/life-${life}.jsonl`, ops.map((op) => opLine(op, source.siteOf)).join(''))
  }
  for (const { life, stderr } of run.lives)
    if (stderr !== '') folder.add(`stderr/life-${life}.txt`, stderr)
  const { before, after } = imagesOf(source.evidence)
  folder.addImage('before', before)
  folder.addImage('after', after)
  folder.end()
}

function scheduleOf({ report: { run, asked } }: Evidence): Schedule {
  return run.landed?.schedule ?? asked.schedule
}

function caseOf({ evidence, environment }: ArtifactSource): ArtifactCase {
  const { group, token, verdict, judgement } = evidence.report
  const { scenario, system, seed, path, workload } = group
  const finding = judgement?.finding
  return {
    schema: artifactSchemaName,
    version: artifactVersion,
    token,
    scenario: scenario.name,
    seed,
    ...(path === undefined ? {} : { path }),
    workload,
    schedule: stringifySchedule(scheduleOf(evidence)),
    system: {
      name: system.name,
      claims: [...system.claims],
      takeoverMsMax: system.takeoverMsMax,
      ...(system.inFlightMax === undefined ? {} : { inFlightMax: system.inFlightMax }),
    },
    livesMax: scenario.livesMax,
    ...(scenario.invariants === undefined ? {} : { invariants: [...scenario.invariants] }),
    verdict,
    ...(finding === undefined ? {} : { invariant: finding.invariant, what: finding.what }),
    killpoint: environment.killpoint,
  }
}

/** What the last crash left, and what stood there at the end. */
function imagesOf(evidence: Evidence): {
  readonly before: DirectoryImage
  readonly after: DirectoryImage
} {
  const images = evidence.report.run.images ?? new Map<number, DirectoryImage>()
  const last = scheduleOf(evidence).findLastIndex((faults) => faults.length > 0) + 1
  const none: DirectoryImage = new Map()
  return {
    before: images.get(last) ?? none,
    after: [...images.entries()].toSorted(([left], [right]) => left - right).at(-1)?.[1] ?? none,
  }
}

function opLine(traced: TracedOp, siteOf: SiteOf): string {
  const { stream, n, op, result, done } = traced
  const site = siteOf(traced.frames)
  return `${JSON.stringify({
    stream,
    n,
    text: tellOp(traced),
    op,
    ...(site === undefined ? {} : { site }),
    ...(done === undefined ? { underWay: true } : {}),
    ...result,
  })}\n`
}

/** Counts what is written. */
class Folder {
  readonly #directory: string
  readonly #cuts: Cut[] = []
  readonly #files: { path: string; bytes: number }[] = []
  #left: number

  constructor(directory: string, bytesMax: number) {
    mkdirSync(directory, { recursive: true })
    this.#directory = directory
    this.#left = bytesMax
  }

  add(path: string, content: string | Uint8Array, max = Infinity): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const kept = bytes.subarray(0, Math.min(max, this.#left))
    if (kept.byteLength < bytes.byteLength)
      this.#cuts.push({ path, bytes: bytes.byteLength, kept: kept.byteLength })
    if (kept.byteLength === 0 && bytes.byteLength > 0) return
    this.#left -= kept.byteLength
    const file = join(this.#directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, kept)
    this.#files.push({ path, bytes: kept.byteLength })
  }

  addImage(name: string, image: DirectoryImage): void {
    mkdirSync(join(this.#directory, name), { recursive: true })
    for (const [path, entry] of image) {
      const safe = `${name}/${safePath(path)}`
      if (entry.kind === 'file') this.add(safe, entry.bytes, fileBytesMax)
      else if (entry.kind === 'directory')
        mkdirSync(join(this.#directory, safe), { recursive: true })
      // A link may point anywhere: what it says is kept, not the link.
      else this.add(`${safe}.link.txt`, `${entry.target}\n`)
    }
  }

  end(): void {
    const manifest = { version: artifactVersion, files: this.#files, cut: this.#cuts }
    writeFileSync(
      join(this.#directory, 'manifest.json'),
      `${JSON.stringify(manifest, undefined, 2)}\n`,
    )
  }
}
