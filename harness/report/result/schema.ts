/**
 * The result of a campaign as a file: everything that any report says, and nothing that only a report knows.
 *
 *   R1  one source: tables, JUnit, annotations, the summary and the page are pure functions of what this schema describes,
 *       read back from disk
 *   R2  timing-free: nothing in it but `costs` and the live part of `recoveries` differs between two campaigns of one seed that got equally
 *       far
 *   R3  joining: results of shards and of other seeds add up to one of the same shape (`merge.ts`)
 *   R4  compact: cases are columns, because there may be hundreds of thousands of them
 *
 * The JSON Schema that ships is generated from here (`npm run schema`), the prose is `docs/result-schema.md`. The version changes
 * when a member goes away or changes its meaning; new members do not change it.
 */
import * as v from 'valibot'
import type { ResultFile } from './result-type.ts'

/** Version of the format that this build reads and writes. */
export const resultVersion = 2

/** Name of the format, in every file of it. */
export const resultSchemaName = 'killpoint-result'

const text = v.string()
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const places = v.array(v.pipe(v.number(), v.integer(), v.minValue(-1)))
const counts = v.record(text, count)
const texts = v.array(text)

const environment = v.object({ killpoint: text, node: text, platform: text, git: text })

/** Cases as columns: entry i of every column is case i; numbers are places in the lists above them. */
const cases = v.object({
  /** What cases have in common; `prefix` and a schedule make a token. */
  groups: v.array(v.object({ scenario: text, system: text, seed: text, prefix: text })),
  /** `control`, `directed NAME`, `class NAME`, `corpus FILE`. */
  origins: texts,
  verdicts: texts,
  findings: v.array(v.object({ invariant: text, what: text })),
  group: places,
  /** Place in its group, from 0; -1 for controls, saved cases and findings of the explorer. */
  slot: places,
  origin: places,
  verdict: places,
  /** -1: none. */
  finding: places,
  schedule: texts,
  lives: places,
  kills: places,
})

const again = v.object({
  runs: count,
  sameVerdict: count,
  promised: count,
  promisedSame: count,
  otherSame: count,
  otherVerdicts: texts,
  otherMarks: texts,
})

const coverage = v.object({
  scenario: text,
  system: text,
  cases: count,
  recovered: count,
  kills: count,
  notFired: count,
  randomMissed: count,
  randomKills: v.array(v.object({ token: text, precision: text, at: text })),
  /** By seed: crash points by kind of op, the exact points at which a first life was killed, and the ops of each kind. */
  workloads: v.array(
    v.object({
      seed: text,
      points: counts,
      killedAt: texts,
      killed: v.record(text, v.array(count)),
    }),
  ),
  fired: counts,
  skipped: v.record(text, text),
  sometimes: counts,
  /** Why an executable was driven by its marks although there are native hooks. */
  unseen: v.exactOptional(text),
  /** Why there are no native hooks, where strace showed the ops of an executable. */
  traced: v.exactOptional(text),
  again,
})

/** What the explorer did at one crash point: states of one outcome column, and the worst case among them. */
const exploredPoint = v.object({
  op: count,
  at: v.picklist(['before', 'torn', 'after', 'power']),
  states: count,
  bad: count,
  verdict: text,
  schedule: text,
})

const explored = v.object({
  scenario: text,
  system: text,
  /** Start of the tokens of its cases. */
  prefix: text,
  ops: count,
  points: count,
  pointsLeft: count,
  counts: v.record(text, v.number()),
  map: v.array(exploredPoint),
  findings: v.array(
    v.object({
      token: text,
      verdict: text,
      invariant: v.exactOptional(text),
      what: text,
      states: count,
      isConfirmed: v.boolean(),
      /** Another run of it may be another case, without anybody's fault. */
      mayDiffer: v.exactOptional(v.boolean()),
      confirmed: text,
    }),
  ),
  /** Where every life is a process: distinct states of the first life, and how many of them were recovered. */
  drawn: v.exactOptional(v.object({ chosen: count, distinct: count })),
  skipped: v.exactOptional(text),
  controlFault: v.exactOptional(text),
  verdict: text,
})

/** The ops of a control, in order: places at which its cases crash. */
const trace = v.object({
  scenario: text,
  system: text,
  seed: text,
  sites: texts,
  kind: texts,
  text: texts,
  /** -1: unknown. */
  site: places,
})

const timelineRow = v.object({
  life: count,
  /** Number of the op, where it is one. */
  op: v.exactOptional(count),
  kind: v.picklist(['start', 'op', 'mark', 'fault', 'exit', 'note']),
  /** Name of the mark or kind of the op. */
  name: text,
  text,
  site: v.exactOptional(text),
  /** Records that it speaks of, as hashes. */
  records: v.exactOptional(texts),
  /** `crash`, `guilty`, `lost` (effect taken by the crash, or an acked record that is gone), `again`, `survived`, `broken`. */
  flags: texts,
})

const timeline = v.object({
  lives: v.array(v.object({ life: count, faults: text, end: text })),
  rows: v.array(timelineRow),
  /** Rows in the middle that were left out. */
  left: count,
})

const failure = v.object({
  scenario: text,
  system: text,
  verdict: text,
  invariant: v.exactOptional(text),
  what: text,
  details: texts,
  guilty: v.exactOptional(text),
  /** The guilty line, relative to the project. */
  place: v.exactOptional(v.object({ file: text, line: count })),
  token: text,
  first: text,
  alike: count,
  saved: v.exactOptional(text),
  reproduced: v.exactOptional(text),
  timeline: v.exactOptional(timeline),
  /** Directory of its artifact, relative to the directory of artifacts. */
  artifact: v.exactOptional(text),
  text,
})

const corpusCase = v.object({
  file: text,
  token: text,
  verdict: text,
  outcome: v.picklist([
    'stale',
    'not-fired',
    'unrecorded',
    'exact',
    'same-verdict',
    'not-reproduced',
  ]),
  text,
})

const audited = v.object({
  system: text,
  sites: v.array(
    v.object({
      site: text,
      text,
      calls: count,
      fate: text,
      verdict: v.exactOptional(text),
      invariant: v.exactOptional(text),
      token: v.exactOptional(text),
    }),
  ),
  skipped: v.array(v.object({ scenario: text, why: text })),
})

const mutant = v.object({
  id: text,
  class: text,
  outcome: text,
  verdict: v.exactOptional(text),
  cases: v.exactOptional(count),
})

/** A life that came back: what it found, and what it did until it was back. A bounded sample (`recovery.ts`). */
const recovery = v.object({
  scenario: text,
  system: text,
  engine: v.picklist(['explorer', 'live']),
  token: text,
  life: count,
  /** In the files of its directory when it began. */
  bytes: count,
  records: v.exactOptional(count),
  /** Of the explorer alone: until its first `recovered`. */
  cost: v.exactOptional(
    v.object({ readBytes: count, writtenBytes: count, ops: count, syncs: count }),
  ),
  /** Of the live engine alone. */
  ms: v.exactOptional(v.pipe(v.number(), v.minValue(0))),
})

/** One length of a journal: what it took to get there and to come back from it. */
const cost = v.object({
  system: text,
  records: count,
  bytesPerRecord: v.number(),
  syncsPerRecord: v.number(),
  recoveryMs: v.number(),
})

/** The whole file. */
export const resultSchema: v.GenericSchema<unknown, ResultFile> = v.object({
  schema: v.literal(resultSchemaName),
  version: v.literal(resultVersion),
  command: v.picklist(['run', 'gate', 'validate', 'explore']),
  seed: text,
  /** All seeds that it is of; the first is `seed`. */
  seeds: texts,
  profile: text,
  /** The parts that it is made of; none: it is the whole. */
  shards: v.array(v.object({ seed: text, index: count, of: count })),
  order: v.object({
    cases: count,
    workloads: v.nullable(count),
    budgetMs: v.nullable(v.number()),
    /** Of the explorer's cases one of each kind was done, of a few scenarios. */
    perKind: v.exactOptional(v.literal(true)),
    /** Of so many cases of the explorer one was done: in results of before. */
    oneIn: v.exactOptional(count),
  }),
  environment,
  verdict: text,
  exitCode: count,
  stopped: v.boolean(),
  /** Failing cases after which no more were started, where that is why it ended. */
  endedAfter: v.exactOptional(count),
  scenarios: v.array(v.object({ name: text, title: text, needs: texts })),
  systems: v.array(v.object({ name: text, kind: text, claims: texts })),
  skipped: v.array(v.object({ scenario: text, system: text, missing: text })),
  inconclusive: texts,
  corpus: v.array(corpusCase),
  cases,
  coverage: v.array(coverage),
  explored: v.array(explored),
  traces: v.array(trace),
  failures: v.array(failure),
  /** Kinds of failures that are not among them. */
  untold: count,
  /** Outcome of each claim, of `validate`. */
  claims: v.exactOptional(
    v.array(v.object({ claim: text, outcome: v.looseObject({ kind: text }) })),
  ),
  /** Outcome of each law of the journal, of `validate`. */
  laws: v.exactOptional(
    v.array(
      v.object({
        system: text,
        law: text,
        title: text,
        outcome: v.looseObject({ kind: text }),
        /** The command that shows it again, where it is broken. */
        again: v.exactOptional(text),
      }),
    ),
  ),
  audits: v.exactOptional(v.array(audited)),
  mutants: v.exactOptional(v.array(mutant)),
  recoveries: v.exactOptional(v.array(recovery)),
  costs: v.exactOptional(v.array(cost)),
})
