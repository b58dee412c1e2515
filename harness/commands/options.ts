/** What all commands share: options, how their texts are read, and where words go. */
import { availableParallelism } from 'node:os'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { whyNotSoMany } from '../jobs.ts'
import { isSeed } from '../seed-text.ts'
import { whyNoDirectory, whyNoFile } from './writable.ts'
import type { ReportOptions } from './write-reports.ts'

/** Options of every command that runs cases. */
export interface CommonOptions extends ReportOptions {
  readonly seed?: string
  /** Milliseconds. */
  readonly budget?: number
  readonly jobs: number
  readonly shard?: Shard
  readonly profile?: string
  /** Directory for reports. */
  readonly out?: string
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  /** Directory in which cases run. */
  readonly scratch?: string
  /** Milliseconds in place of {@link quietMs}. */
  readonly quiet?: number
  /** Nothing new is started after so many failing cases. */
  readonly bail?: number
  /** Directory of the journal of this campaign. */
  readonly journal?: string
  /** Whom the journal may be taken from; default `if-dead`. */
  readonly takeover?: 'if-dead' | 'always'
}

/**
 * Milliseconds. No mark and no change to its files for this long is suspicious; ten times as long, alone on the machine, is wedged.
 */
export const quietMs = 2_000

/** Failing cases after which a campaign starts no more: enough to tell what is broken. */
export const bailDefault = 50

/** Part `index` (from 1) of `of`. */
export interface Shard {
  readonly index: number
  readonly of: number
}

/** Disk profiles that a token may name. */
export const profiles: readonly string[] = ['posix', 'ext4']

/** Who may be displaced from a journal. */
const takeovers = ['if-dead', 'always'] as const

/** Names of options that more than one command takes. */
type SharedOption =
  | 'seed'
  | 'budget'
  | 'jobs'
  | 'shard'
  | 'profile'
  | 'only'
  | 'skip'
  | 'bail'
  | 'scratch'
  | 'quiet'
  | 'json'
  | 'out'

/** Options that more than one command takes: the same name is the same thing everywhere. */
const shared: Readonly<Record<SharedOption, (command: Command) => Command>> = {
  seed: (command) =>
    command.option(
      '--seed <seed>',
      'the source of all randomness; a new one is printed if left out',
      seed,
    ),
  budget: (command) =>
    command.option(
      '--budget <time>',
      'start nothing new after this long: 500ms, 60s, 5m',
      duration,
    ),
  jobs: (command) =>
    command.option('--jobs <n>', 'cases that run at once', jobs, availableParallelism()),
  shard: (command) =>
    command.option('--shard <i/n>', 'run part i of n; merge the results afterwards', shard),
  profile: (command) =>
    command.option('--profile <name>', `disk profile: ${profiles.join(' or ')}`, profile),
  only: (command) =>
    command.option('--only <name...>', 'these scenarios and systems, and no others'),
  skip: (command) => command.option('--skip <name...>', 'all scenarios and systems but these'),
  bail: (command) =>
    command.option(
      '--bail <n>',
      'start nothing new after n failing cases',
      wholeNumber,
      bailDefault,
    ),
  scratch: (command) =>
    command.option('--scratch <dir>', 'where cases run; in memory where the host has it'),
  quiet: (command) =>
    command.option(
      '--quiet <time>',
      'a process that shows nothing for so long is looked at',
      duration,
    ),
  json: (command) =>
    command.option('--json', 'the result as JSON on standard output, and nothing else there'),
  out: (command) =>
    command.option('--out <dir>', 'write result.json into this directory', writableDirectory),
}

/** Adds options that other commands have too. */
export function withOptions(command: Command, ...names: readonly SharedOption[]): Command {
  for (const name of names) shared[name](command)
  return command
}

/** Adds the options of every command that runs a campaign. */
export function withCommonOptions(command: Command): Command {
  return withOptions(
    command,
    'seed',
    'budget',
    'jobs',
    'shard',
    'profile',
    'only',
    'skip',
    'bail',
    'scratch',
    'quiet',
    'json',
  ).option(
    '--out <dir>',
    'write result.json, cases.jsonl and failures.txt into this directory',
    writableDirectory,
  )
}

/** Adds the options of campaigns that go on where they were killed. */
export function withJournalOptions(command: Command): Command {
  return command
    .option(
      '--journal <dir>',
      'keep what is finished in a journal here; killed and started again, it goes on where it was',
    )
    .addOption(
      new Option(
        '--takeover <when>',
        'whom to take the journal from: from a dead process, or from any (it is fenced)',
      ).choices(takeovers),
    )
}

/** What a shard has of a list. */
export function shardOf<Item>(items: readonly Item[], part: Shard | undefined): readonly Item[] {
  if (part === undefined) return items
  return items.filter((_, place) => place % part.of === part.index - 1)
}

/** Adds the options of commands whose result is a campaign's. */
export function withReportOptions(command: Command): Command {
  return command
    .option('--result <file>', 'write the result as JSON into this file too', writableFile)
    .option('--junit <file>', 'write the result as JUnit XML', writableFile)
    .option(
      '--html <file>',
      'write the result as a page, one file that needs nothing else',
      writableFile,
    )
    .option(
      '--artifacts <dir>',
      'write a folder for each failure: history, trace, directories',
      writableDirectory,
    )
}

/** Reads a range of numbers, `1..8`. */
export function range(text: string): { readonly from: number; readonly to: number } {
  const [from, to] = /^(\d+)\.\.(\d+)$/.exec(text)?.slice(1).map(Number) ?? []
  if (from !== undefined && to !== undefined && from <= to && to - from < rangeMax)
    return { from, to }
  throw new InvalidArgumentError('expected a range of at most 1000 numbers, for example 1..8.')
}

const rangeMax = 1_000

/** Reads a whole number from 1. */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new InvalidArgumentError('expected a whole number from 1.')
}

/** Reads how many cases run at once. */
export function jobs(text: string): number {
  const value = wholeNumber(text)
  const why = whyNotSoMany(value)
  if (why === undefined) return value
  throw new InvalidArgumentError(`${why}.`)
}

/** Milliseconds of the longest time: timers of Node end at 24 days, and ten times a time must still be one. */
const durationMax = 24 * 3_600_000

/** Reads `500ms`, `60s`, `5m` or a bare number of seconds, up to a day; gives milliseconds. */
export function duration(text: string): number {
  const match = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)?$/.exec(text)
  const { amount, unit = 's' } = match?.groups ?? {}
  const ms = Number(amount) * ({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 0)
  if (ms > 0 && ms <= durationMax) return ms
  throw new InvalidArgumentError('expected a time such as 500ms, 60s or 5m, of at most 24h.')
}

/** Reads `2/5`. */
export function shard(text: string): Shard {
  const [index, of] = /^(\d+)\/(\d+)$/.exec(text)?.slice(1).map(Number) ?? []
  if (index !== undefined && of !== undefined && index >= 1 && index <= of) return { index, of }
  throw new InvalidArgumentError('expected i/n with i from 1 to n, for example 2/5.')
}

/** Reads the name of a directory that is to be written into. */
export function writableDirectory(path: string): string {
  const why = whyNoDirectory(path)
  if (why === undefined) return path
  throw new InvalidArgumentError(why)
}

/** Reads the name of a file that is to be written. */
export function writableFile(path: string): string {
  const why = whyNoFile(path)
  if (why === undefined) return path
  throw new InvalidArgumentError(why)
}

function seed(text: string): string {
  if (isSeed(text)) return text
  throw new InvalidArgumentError('a seed is 1 to 64 letters and digits.')
}

function profile(text: string): string {
  if (profiles.includes(text)) return text
  throw new InvalidArgumentError(`known are ${profiles.join(', ')}.`)
}
