/**
 * The ledger: bytes to marks, tolerant of nothing.
 *
 * What the checkers say rests on these lines alone, so every line is a mark exactly as `mark.ts` states it or a problem with
 * its line number. A problem is the harness's or the adapter's fault, never a verdict about the system. A line that a kill
 * tore is told apart (`torn`), because the engine may draw such a case again; it is a problem all the same.
 */
import * as v from 'valibot'
import { HarnessError } from './errors.ts'
import type { HarnessMark, Mark, WorkerMark } from './mark.ts'
import { ledgerLineBytesMax } from './worker.ts'

/** A line that is a mark. */
export interface LedgerEntry {
  /** From 1, in the file. */
  readonly line: number
  readonly mark: Mark
}

/** A line that is none. */
export interface LedgerProblem {
  /** From 1, in the file. */
  readonly line: number
  /**
   * `torn`: no newline behind the last line, or the rest of a line in front of the `exit` of a killed life. `oversized`: longer
   * than `ledgerLineBytesMax`. `garbage`: no JSON object. `schema`: a JSON object that is no mark.
   */
  readonly kind: 'torn' | 'oversized' | 'garbage' | 'schema'
  /** What was expected and what came. */
  readonly message: string
}

/** A ledger as read: entries in order, and what could not be read. */
export interface Ledger {
  readonly entries: readonly LedgerEntry[]
  readonly problems: readonly LedgerProblem[]
}

/** Reads a whole ledger. Never throws: what is wrong is in `problems`. */
export function readLedger(bytes: Uint8Array): Ledger {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: LedgerEntry[] = []
  const problems: LedgerProblem[] = []
  let line = 0
  for (let start = 0; start < buffer.length;) {
    line += 1
    const newline = buffer.indexOf(0x0a, start)
    const end = newline < 0 ? buffer.length : newline
    const read =
      newline < 0
        ? problem(line, 'torn', `the last line has no newline: ${excerpt(buffer, start, end)}`)
        : readLine(buffer.subarray(start, end), line)
    if ('mark' in read) {
      excuseTorn(problems, read)
      entries.push(read)
    } else problems.push(read)
    start = end + 1
  }
  return { entries, problems }
}

/** The entries of a ledger without problems; throws {@link HarnessError} `LEDGER_MALFORMED` otherwise. */
export function parseLedger(bytes: Uint8Array): readonly LedgerEntry[] {
  const { entries, problems } = readLedger(bytes)
  if (problems.length > 0) throw malformed(problems)
  return entries
}

/** One sentence on what is no mark; `undefined` where all is. It is no finding about a system: the live engine tells it, with what to do. */
export function whyNoLedger([first]: readonly LedgerProblem[]): string | undefined {
  return first === undefined
    ? undefined
    : `it writes into the ledger what is no mark: ${first.message}`
}

/** The error for a ledger with problems: the first ones in its message, their number in its details. */
export function malformed(problems: readonly LedgerProblem[]): HarnessError {
  const shown = problems.slice(0, 3).map(({ line, message }) => `line ${line}: ${message}`)
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : []
  return new HarnessError(
    'LEDGER_MALFORMED',
    `the ledger holds lines that are no marks:\n  ${[...shown, ...more].join('\n  ')}`,
    {
      hint: 'write one JSON object as mark.ts states it per line and per write to fd 3, and nothing else',
      details: { line: problems[0]?.line ?? 0, problems: problems.length },
    },
  )
}

/** A mark as its line of the ledger, with the newline. Throws {@link HarnessError} where the reader would refuse it. */
export function ledgerLine(mark: Mark): Buffer {
  const line = Buffer.from(`${JSON.stringify(mark)}\n`)
  const read = readLine(line.subarray(0, -1), 1)
  if ('mark' in read) return line
  throw new HarnessError('LEDGER_WRITE', `no mark: ${read.message}`)
}

/** Marks as entries, numbered from 1: for callers that never wrote them to a file. */
export function entriesOf(marks: readonly Mark[]): readonly LedgerEntry[] {
  return marks.map((mark, index) => ({ line: index + 1, mark }))
}

function readLine(bytes: Buffer, line: number): LedgerEntry | LedgerProblem {
  if (bytes.length >= ledgerLineBytesMax)
    return problem(
      line,
      'oversized',
      `${bytes.length} bytes; a line holds at most ${ledgerLineBytesMax - 1}`,
    )
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(bytes))
  } catch {
    return problem(line, 'garbage', `expected JSON, found ${excerpt(bytes, 0, bytes.length)}`)
  }
  const wrong = mistakes(value)
  if (wrong !== undefined) return problem(line, 'schema', wrong)
  return { line, mark: value as Mark }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A kill may tear the last line of a life; the harness then writes the `exit` on a line of its own. */
function excuseTorn(problems: LedgerProblem[], { line, mark }: LedgerEntry): void {
  const last = problems.at(-1)
  if (mark.mark !== 'exit' || mark.signal === null) return
  if (last?.kind === 'garbage' && last.line === line - 1)
    problems[problems.length - 1] = { ...last, kind: 'torn' }
}

function mistakes(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `expected an object, found ${value === null ? 'null' : typeof value}`
  const poison = findPrototypeKey(value, '')
  if (poison !== undefined) return `the member ${poison} would change a prototype`
  const name = (value as { mark?: unknown }).mark
  const schema =
    typeof name === 'string' && Object.hasOwn(schemas, name) ? schemas[name] : undefined
  if (schema === undefined)
    return `"mark" is ${JSON.stringify(name) ?? 'missing'}; known are ${Object.keys(schemas).join(', ')}`
  const result = v.safeParse(schema, value)
  if (result.success) return undefined
  return result.issues
    .map((issue) => `${String(name)}.${v.getDotPath(issue) ?? ''}: ${issue.message}`)
    .join('; ')
}

/** `JSON.parse` makes `__proto__` an own member, but whoever copies it sets a prototype. Transcripts nest: an explicit stack. */
function findPrototypeKey(root: object, rootPath: string): string | undefined {
  const stack: { readonly value: object; readonly path: string }[] = [
    { value: root, path: rootPath },
  ]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { value, path } = next
    for (const key of Object.keys(value)) {
      if (key === '__proto__') return `${path}.${key}`
      const member = (value as Record<string, unknown>)[key]
      if (typeof member === 'object' && member !== null)
        stack.push({ value: member, path: `${path}.${key}` })
    }
  }
  return undefined
}

function problem(line: number, kind: LedgerProblem['kind'], message: string): LedgerProblem {
  return { line, kind, message }
}

function excerpt(buffer: Buffer, start: number, end: number): string {
  const text = buffer.toString('utf8', start, Math.min(end, start + 80))
  return JSON.stringify(end - start > 80 ? `${text}…` : text)
}

const text = v.string()
const id = v.pipe(text, v.minLength(1))
const whole = v.pipe(v.number(), v.safeInteger())
const natural = v.pipe(whole, v.minValue(0))
const positive = v.pipe(whole, v.minValue(1))
const amount = v.pipe(v.number(), v.finite(), v.minValue(0))
const hashes = v.array(id)
const life = positive
const line = <Name extends string>(name: Name) => ({ life, mark: v.literal(name) })
const texts = v.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string'),
  'expected an object of texts',
)

const workerSchemas = {
  begin: v.strictObject(line('begin')),
  resolved: v.strictObject({ ...line('resolved'), epoch: natural }),
  recovered: v.strictObject({ ...line('recovered'), epoch: natural, hashes }),
  appending: v.strictObject({ ...line('appending'), epoch: natural, hashes }),
  ack: v.strictObject({ ...line('ack'), epoch: natural, hashes }),
  refused: v.strictObject({
    ...line('refused'),
    at: v.picklist(['open', 'append']),
    epoch: v.exactOptional(natural),
    code: id,
    message: v.exactOptional(text),
  }),
  effect: v.strictObject({
    ...line('effect'),
    step: id,
    effect: v.picklist(['keyed', 'once', 'none']),
    key: text,
    args: text,
    nonce: id,
    epoch: natural,
    attempt: positive,
  }),
  observed: v.strictObject({
    ...line('observed'),
    step: id,
    nonce: text,
    state: v.picklist(['done', 'failed', 'unknown', 'cancelled']),
  }),
  timer: v.strictObject({
    ...line('timer'),
    step: id,
    phase: v.picklist(['armed', 'fired']),
    due: whole,
    at: whole,
  }),
  'signal-acked': v.strictObject({ ...line('signal-acked'), name: id, message: id }),
  consumed: v.strictObject({ ...line('consumed'), step: id, name: id, message: id }),
  'cancel-acked': v.strictObject({ ...line('cancel-acked'), won: v.boolean() }),
  spawn: v.strictObject({ ...line('spawn'), child: id, parent: id }),
  settle: v.strictObject({
    ...line('settle'),
    child: id,
    status: v.picklist(['done', 'failed', 'cancelled']),
  }),
  reserve: v.strictObject({ ...line('reserve'), step: id, amount }),
  spend: v.strictObject({ ...line('spend'), step: id, amount }),
  'model-request': v.strictObject({
    ...line('model-request'),
    step: id,
    format: v.picklist(['openai-chat', 'openai-responses', 'anthropic', 'gemini']),
    messages: v.unknown(),
  }),
  done: v.strictObject({
    ...line('done'),
    status: v.picklist(['done', 'failed', 'cancelled']),
    outcome: texts,
    code: v.exactOptional(id),
  }),
} satisfies { [Name in WorkerMark['mark']]: MarkSchema<Name> }

/** Whether a mark is one that workers write. */
export function isWorkerMark(mark: Mark): mark is WorkerMark {
  return Object.hasOwn(workerSchemas, mark.mark)
}

const harnessSchemas = {
  life: v.strictObject({
    ...line('life'),
    pid: natural,
    verb: v.picklist(['run', 'signal', 'cancel']),
    takeover: v.picklist(['if-dead', 'always']),
    clockMs: whole,
    realMs: amount,
  }),
  fault: v.strictObject({ ...line('fault'), fault: id, stream: id, op: natural }),
  exit: v.strictObject({
    ...line('exit'),
    code: v.nullable(whole),
    signal: v.nullable(id),
    realMs: amount,
  }),
  stopped: v.strictObject(line('stopped')),
  continued: v.strictObject(line('continued')),
  wedged: v.strictObject({ ...line('wedged'), quietMs: amount, confirmed: v.boolean() }),
  note: v.strictObject({ ...line('note'), text }),
} satisfies { [Name in HarnessMark['mark']]: MarkSchema<Name> }

/** A schema that gives exactly the mark of this name. */
type MarkSchema<Name> = v.GenericSchema<unknown, Extract<Mark, { readonly mark: Name }>>

const schemas: Readonly<Record<string, v.GenericSchema>> = { ...workerSchemas, ...harnessSchemas }
