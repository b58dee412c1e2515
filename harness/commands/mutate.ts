/**
 * `killpoint mutate`: plants known bugs into the reference runtime, one at a time, and tells which of them the scenarios
 * catch: by which verdict, after how many cases. The proof that the gate can go red.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import type { Mutant } from '../mutate/mutant.ts'
import { mutantLine, mutantsTable, scoreLine } from '../mutate/mutants-table.ts'
import { isPass, scoreOf, type MutantReport } from '../mutate/outcome.ts'
import { runMutants } from '../mutate/mutation-run.ts'
import { KeptResults } from '../mutate/kept.ts'
import { readRecord, recordOf, regressions, type RecordHead } from '../mutate/record.ts'
import { assertSources, digestOf, packageRoot } from '../mutate/sources.ts'
import { trackRecord, type TrackRecordClass } from '../mutate/track-record.ts'
import { environmentLine, readEnvironment, type Environment } from '../report/environment.ts'
import type { Output } from '../report/output.ts'
import type { Scenario } from '../scenario.ts'
import { parseSeed } from '../seed.ts'
import { fileSystemUnderTest } from '../systems/reference.ts'
import { exitCodes } from '../verdict.ts'
import { budgetOf } from './campaign-command.ts'
import { shardOf, type Shard } from './options.ts'
import { stopOnSignals } from './stop.ts'

export interface MutateOptions {
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  readonly sample?: boolean
  readonly seed: string
  readonly cases: number
  readonly jobs: number
  /** Milliseconds after which no further mutant is hunted. */
  readonly budget?: number
  readonly shard?: Shard
  /** Writes the track record. */
  readonly docs?: boolean
  /** SIGKILLs that each mutant which takes more is given besides. */
  readonly kills?: number
  /** Goes on where the last run over the same sources was broken off. */
  readonly resume?: boolean
}

/** What ships: handed in, because the harness knows no scenario and no mutant by itself. */
export interface Shipped {
  readonly scenarios: readonly Scenario[]
  readonly mutants: readonly Mutant[]
  readonly sample: readonly string[]
  readonly classes: Readonly<Record<string, TrackRecordClass>>
}

/** Where the track record stands, from the root of the package. */
const trackRecordPath = join('docs', 'track-record.md')
const recordPath = join('docs', 'track-record.json')
/** Results so far, below the working directory. */
const keptPath = join('.killpoint', 'mutants.jsonl')

/** Hunts mutants, prints what came of them, and gives the exit code. */
export async function mutateCommand(
  shipped: Shipped,
  options: MutateOptions,
  output: Output,
): Promise<number> {
  const { seed, cases, jobs, kills = 0 } = options
  const { say, ink } = output
  parseSeed(seed)
  const mutants = chooseMutants(shipped, options)
  const environment = readEnvironment(packageRoot())
  const root = packageRoot()
  const record = readRecord(join(root, recordPath))
  const digest = digestOf(root)
  const key = JSON.stringify({ version: 1, seed, cases, kills, sources: digest })
  const kept = new KeptResults(keptPath, key, options.resume === true)
  const known = kept.of(mutants)
  say(environmentLine(environment))
  say(`seed ${seed}  jobs ${jobs}  ${mutants.length} mutants × at most ${cases} cases`)
  say('')
  const progress = output.progress()
  const stopping = stopOnSignals()
  let done = known.length
  if (done > 0) say(`${done} of them have a result already`)
  const hunted = await runMutants({
    mutants: mutants.filter((mutant) => !known.some((each) => each.mutant === mutant)),
    scenarios: shipped.scenarios,
    system: fileSystemUnderTest,
    seed,
    cases,
    kills,
    jobs,
    assertSame: () => assertSources(root, digest),
    now: () => performance.now(),
    isOver: budgetOf(options.budget, stopping.signal),
    onCase: ({ verdict, token }) =>
      progress.update(`${done}/${mutants.length} mutants  ${verdict}  ${token}`),
    onMutant: (report) => {
      done += 1
      kept.add(report)
      progress.print(mutantLine(report))
    },
  })
  progress.end()
  stopping.forget()
  const reports = mutants.flatMap((mutant) =>
    [...known, ...hunted].filter((report) => report.mutant === mutant),
  )
  const score = scoreOf(reports)
  output.json(asJson(seed, reports))
  say(mutantsTable(reports))
  say('')
  const left = mutants.length - reports.length
  const line = `${scoreLine(score)}${left === 0 ? '' : `, ${left} not hunted to the end`}`
  const all = left === 0 && mutants.length === shipped.mutants.length
  const worse = regressions(record, reports, { all })
  for (const each of worse) say(ink.bad(`✗ ${each}`))
  if (options.docs === true && left === 0) {
    const date = new Date().toISOString().slice(0, 10)
    const machine = machineLine(environment)
    writeTrackRecord(shipped, { date, machine, seed, cases, kills }, reports)
  }
  if (worse.length > 0) {
    say(ink.bad(`${line}; ${worse.length} that the track record has as caught are not any more`))
    return exitCodes.broken
  }
  if (score.escaped + score.broken > 0) {
    say(ink.bad(line))
    return exitCodes.broken
  }
  const passes = isPass(score) && left === 0
  say((passes ? ink.good : ink.doubt)(line))
  return passes ? exitCodes.holds : exitCodes.inconclusive
}

function chooseMutants(
  { mutants, sample }: Shipped,
  { only, skip = [], shard, docs, sample: sampled = false }: MutateOptions,
): readonly Mutant[] {
  const named = only ?? (sampled ? sample : undefined)
  const without = namedMutants(mutants, skip)
  const chosen = named === undefined ? mutants : namedMutants(mutants, named)
  const left = shardOf(
    chosen.filter((mutant) => !without.includes(mutant)),
    shard,
  )
  if (left.length === 0)
    throw new UsageError('OPTION_INVALID', 'no mutant is left after --only, --skip and --shard')
  if (docs === true && left.length < mutants.length)
    throw new UsageError('OPTION_INVALID', '--docs writes the record of all mutants', {
      hint: 'leave --only, --skip, --sample and --shard out',
    })
  return left
}

/** By id, or by class. */
function namedMutants(mutants: readonly Mutant[], names: readonly string[]): readonly Mutant[] {
  return names.flatMap((name) => {
    const found = mutants.filter((mutant) => mutant.id === name || mutant.class === name)
    if (found.length > 0) return found
    throw new UsageError('NAME_UNKNOWN', `there is no mutant ${JSON.stringify(name)}`, {
      hint: `known are ${mutants.map(({ id }) => id).join(', ')}, and their classes`,
    })
  })
}

function writeTrackRecord(
  shipped: Shipped,
  head: RecordHead,
  reports: readonly MutantReport[],
): void {
  const root = packageRoot()
  const path = join(root, trackRecordPath)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, trackRecord(reports, { ...head, classes: shipped.classes }))
  const json = `${JSON.stringify(recordOf(reports, head), undefined, 2)}\n`
  writeFileSync(join(root, recordPath), json)
}

/** The kind of machine, and nothing that names it. */
function machineLine({ node, platform }: Environment): string {
  return `node ${node}, ${platform}, ${availableParallelism()} cores`
}

function asJson(seed: string, reports: readonly MutantReport[]): unknown {
  return {
    version: 1,
    seed,
    score: scoreOf(reports),
    mutants: reports.map(({ mutant, outcome, kills }) => ({
      id: mutant.id,
      class: mutant.class,
      needs: mutant.needs,
      own: mutant.verdicts,
      ...outcome,
      ...(kills === undefined ? {} : { kills }),
    })),
  }
}
