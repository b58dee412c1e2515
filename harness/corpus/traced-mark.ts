/** What a recorded op at the mark door says. */
import type { TracedOp } from '../trace.ts'

/** A mark by its name, the step or child that it names, and how many records it speaks of. */
export interface TracedMark {
  readonly mark: string
  readonly about?: string
  readonly records?: number
}

/** The mark of an op; `undefined` for ops at other doors, and for a line that is no mark: the ledger tells of that. */
export function tracedMark({ op, bytes }: TracedOp): TracedMark | undefined {
  if (op.kind !== 'mark' || bytes === undefined) return undefined
  const line = parse(bytes)
  return line === undefined ? undefined : markTold(line)
}

/** What a line of the ledger says of itself. */
export function markTold(line: Readonly<Record<string, unknown>>): TracedMark {
  const { mark, step, child, hashes } = line
  const about = step ?? child
  return {
    mark: String(mark),
    ...(typeof about === 'string' ? { about } : {}),
    ...(Array.isArray(hashes) ? { records: hashes.length } : {}),
  }
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}
