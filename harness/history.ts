/**
 * The history of a case: the ledger's lines, sorted by what they tell.
 *
 * Pure bookkeeping: which life wrote what, which append was acknowledged, which open found what. `index` is a mark's place in
 * the ledger, from 0: the one clock of the oracle, since the kernel ordered the lines. What does not fit together (marks of a
 * life that the harness never started, an ack of nothing) is a `problem`, never a verdict about the system.
 */
import type { Ledger, LedgerEntry } from './ledger.ts'
import { entriesOf, malformed } from './ledger.ts'
import type { Mark, MarkName } from './mark.ts'

/** A mark with its place. */
export type Located<Name extends MarkName> = Extract<Mark, { readonly mark: Name }> & {
  /** From 0, over all lives. */
  readonly index: number
}

/** One process of the case. */
export interface LifeHistory {
  readonly life: number
  readonly verb: 'run' | 'signal' | 'cancel'
  readonly takeover: 'if-dead' | 'always'
  /** The clock that the life was told, in milliseconds since the epoch. */
  readonly clockMs: number
  /** Milliseconds of real time since the case began. */
  readonly realMs: number
  /** Place of its `life` line. */
  readonly startedIndex: number
  /** Place of its last own mark; `startedIndex` where it made none. */
  readonly lastIndex: number
  /** Its end; absent where the harness saw none. */
  readonly exit?: Located<'exit'>
  readonly stopped: readonly Located<'stopped'>[]
  /** Faults that fired in it, or before it (`op` 0). */
  readonly faults: readonly Located<'fault'>[]
}

/** An open that resolved. */
export interface Open {
  /** Place of the first mark that shows it. */
  readonly index: number
  readonly life: number
  readonly epoch: number
  /** What it found; absent where the system gives no `recovered`, or died before it did. */
  readonly hashes?: readonly string[]
}

/** Records handed to the journal in one call. */
export interface Append {
  readonly index: number
  readonly life: number
  readonly epoch: number
  readonly hashes: readonly string[]
  /** Place of the ack. */
  readonly ackIndex?: number
}

/** Everything that the checkers look at. */
export interface History {
  readonly entries: readonly LedgerEntry[]
  /** By life number. */
  readonly lives: ReadonlyMap<number, LifeHistory>
  readonly opens: readonly Open[]
  readonly appends: readonly Append[]
  /** The marks of one name, in ledger order. */
  readonly of: <Name extends MarkName>(name: Name) => readonly Located<Name>[]
  /** What does not fit together: the harness's or the adapter's fault. */
  readonly problems: readonly string[]
}

/** The history that a ledger tells. Never throws. */
export function historyOf(ledger: Ledger): History {
  const wrong = ledger.problems.length > 0 ? [malformed(ledger.problems).message] : []
  return build(ledger.entries, wrong)
}

/** The history of marks that were never in a file: for the offline engine and for tests. */
export function historyOfMarks(marks: readonly Mark[]): History {
  return build(entriesOf(marks), [])
}

/** Run lives in the order in which they were started. */
export function runLives(history: History): readonly LifeHistory[] {
  return [...history.lives.values()].filter(({ verb }) => verb === 'run')
}

/** The place behind which a life is surely over; `Infinity` where the harness saw no end. */
export function endOf(life: LifeHistory | undefined): number {
  return life?.exit?.index ?? Number.POSITIVE_INFINITY
}

/** Items by a key of theirs, each group in the order of the items. */
export function groupBy<Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

function build(entries: readonly LedgerEntry[], problems: string[]): History {
  const located = entries.map(({ mark }, index) => ({ ...mark, index }))
  const byName = groupBy(located, ({ mark }) => mark)
  const of = <Name extends MarkName>(name: Name): readonly Located<Name>[] =>
    (byName.get(name) ?? none) as unknown as readonly Located<Name>[]
  const history = { entries, of, problems }
  return {
    ...history,
    lives: collectLives(history),
    opens: collectOpens(history),
    appends: collectAppends(history),
  }
}

const none: readonly never[] = []

type Raw = Pick<History, 'entries' | 'of'> & { readonly problems: string[] }

/** Marks about a life that it did not write itself. */
const outsideMarks: ReadonlySet<MarkName> = new Set<MarkName>([
  'life',
  'exit',
  'stopped',
  'continued',
  'wedged',
  'note',
  'fault',
])

function collectLives({ entries, of, problems }: Raw): ReadonlyMap<number, LifeHistory> {
  const lives = new Map<number, LifeHistory>()
  const lastIndex = new Map<number, number>()
  entries.forEach(({ mark }, index) => {
    if (!outsideMarks.has(mark.mark)) lastIndex.set(mark.life, index)
  })
  const exits = groupBy(of('exit'), lifeOf)
  const stops = groupBy(of('stopped'), lifeOf)
  const faults = groupBy(of('fault'), lifeOf)
  for (const { life, verb, takeover, clockMs, realMs, index } of of('life')) {
    if (lives.has(life)) problems.push(`life ${life} was started twice`)
    const exit = exits.get(life)?.[0]
    lives.set(life, {
      life,
      verb,
      takeover,
      clockMs,
      realMs,
      startedIndex: index,
      lastIndex: lastIndex.get(life) ?? index,
      ...(exit === undefined ? {} : { exit }),
      stopped: stops.get(life) ?? [],
      faults: faults.get(life) ?? [],
    })
  }
  for (const life of lastIndex.keys())
    if (!lives.has(life)) problems.push(`marks of life ${life}, which the harness never started`)
  return lives
}

function lifeOf({ life }: { readonly life: number }): number {
  return life
}

function collectOpens({ of, problems }: Raw): readonly Open[] {
  const opens = new Map<string, Open>()
  for (const { index, life, epoch } of of('resolved')) {
    const key = `${life} ${epoch}`
    if (opens.has(key)) problems.push(`life ${life} resolved epoch ${epoch} twice`)
    else opens.set(key, { index, life, epoch })
  }
  for (const { index, life, epoch, hashes } of of('recovered')) {
    const key = `${life} ${epoch}`
    const open = opens.get(key)
    if (open?.hashes !== undefined) problems.push(`life ${life} recovered epoch ${epoch} twice`)
    opens.set(key, { index: Math.min(index, open?.index ?? index), life, epoch, hashes })
  }
  return [...opens.values()].sort((left, right) => left.index - right.index)
}

/** Acks are matched with the oldest open append of the same life, epoch and records. */
function collectAppends({ of, problems }: Raw): readonly Append[] {
  const appends: { -readonly [Key in keyof Append]: Append[Key] }[] = []
  const waiting = new Map<string, typeof appends>()
  for (const { index, life, epoch, hashes } of of('appending')) {
    const append = { index, life, epoch, hashes }
    appends.push(append)
    const key = appendKey(append)
    const queue = waiting.get(key)
    if (queue === undefined) waiting.set(key, [append])
    else queue.push(append)
  }
  for (const ack of of('ack')) {
    const append = waiting.get(appendKey(ack))?.shift()
    if (append === undefined || append.index > ack.index)
      problems.push(`life ${ack.life} acknowledged records that it never handed over`)
    else append.ackIndex = ack.index
  }
  return appends
}

function appendKey(mark: {
  readonly life: number
  readonly epoch: number
  readonly hashes: readonly string[]
}): string {
  return `${mark.life} ${mark.epoch} ${mark.hashes.join(' ')}`
}
