/** A result, told to a person. A pure function of what stands in the file. */
import { relative } from 'node:path'
import { unseenHint } from '../native/sight.ts'
import { sameAgainText } from '../campaign/same-again.ts'
import { boundsDefaults } from '../disk-model/states.ts'
import { notLookedAt as notConfirmed } from '../explorer/confirm-findings.ts'
import { exploredSummary, exploredTable, notLookedAt } from '../report/explored.ts'
import type { Ink, Output } from '../report/output.ts'
import { brokenLaws } from '../report/laws.ts'
import { pointsKilled } from '../report/result/coverage.ts'
import { casesOf } from '../report/result/gather.ts'
import type { Result } from '../report/result/result.ts'
import { coverageTable, killedTable, randomKillLines, sometimesTable } from '../report/tables.ts'
import { unexamined } from '../report/unexamined.ts'
import { outcomeRank, type Verdict } from '../verdict.ts'

/** What is said besides. */
export interface Said {
  /** Where every case stands with its token. */
  readonly casesFile?: string
  /** Stands before the summary. */
  readonly more?: string
  /** Lines in front of the verdict: what was written where, how to go on. */
  readonly notes?: readonly string[]
  /** True where some of what was chosen was never looked at: then not all of it holds. */
  readonly isPart?: boolean
}

/** Says what was killed where, what held, what was never shown, and what failed: the failures last. */
export function sayResult(
  result: Result,
  output: Output,
  { casesFile, more = '', notes = [], isPart = false }: Said = {},
): void {
  const { coverage, corpus, failures, explored, skipped, verdict } = result
  const { say, ink } = output
  const cases = casesOf(coverage)
  if (cases > 0) {
    say(coverageTable(coverage))
    say('')
    say(killedTable(coverage))
    say('')
    say(sometimesTable(coverage))
    say('')
    sayRandomKills(result, output)
  }
  if (explored.some(({ counts }) => (counts['checked'] ?? 0) > 0)) sayExplored(result, output)
  for (const { token, text } of corpus) say(`corpus  ${token}  ${text}`)
  for (const { scenario, system, missing } of skipped)
    say(`skipped ${scenario} × ${system}: it does not claim ${missing}`)
  for (const [why, pairs] of pairsWith(result, 'traced'))
    say(`shown by strace: ${pairs.join(', ')}${why === '' ? '' : `: no native hooks: ${why}`}`)
  for (const [why, pairs] of pairsWith(result, 'unseen')) {
    say(`unseen by the native hooks: ${pairs.join(', ')}: ${why}`)
    say(`  ${unseenHint}`)
  }
  sayDoubts(result, output)
  if (more !== '') say(`\n${more}\n`)
  if (cases > 0 || explored.length === 0) say(summary(result))
  saySameAgain(result, output)
  if (casesFile !== undefined)
    say(`every case with its token: ${relative(process.cwd(), casesFile)}`)
  for (const note of notes) say(note)
  const unknown = unexamined(result)
  for (const line of unknown) say(`not examined: ${line}`)
  const broken = brokenLaws(result.laws ?? [])
  if (failures.length + broken.length === 0) {
    say(verdictLine(verdict, isPart || unknown.length > 0, ink))
    return
  }
  if (broken.length > 0)
    say(`${broken.length} ${broken.length === 1 ? 'law is' : 'laws are'} broken:`)
  // The first laws are what the others rest on: they stand last.
  for (const law of broken.toReversed()) {
    say('')
    say(inked(law, ink))
  }
  if (failures.length === 0) return
  if (broken.length > 0) say('')
  say(failedLine(result))
  for (const failure of failures) {
    say('')
    say(inked(failure, ink))
  }
}

/** Why executables were driven by their marks, or their ops shown by strace, and in which scenarios. */
function pairsWith(
  { coverage }: Result,
  lane: 'unseen' | 'traced',
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const { scenario, system, [lane]: why } of coverage)
    if (why !== undefined) found.set(why, [...(found.get(why) ?? []), `${scenario} × ${system}`])
  return found
}

function verdictLine(verdict: string, isPart: boolean, ink: Ink): string {
  if (verdict === 'HOLDS')
    return ink.good(
      isPart ? '✓ what was looked at holds; the rest is not known' : '✓ all of it holds',
    )
  const isDoubt = outcomeRank(verdict as Verdict) === 1
  return isDoubt ? ink.doubt('? inconclusive') : ink.bad(`✗ ${verdict}`)
}

function inked(
  { text, verdict }: Pick<Result['failures'][number], 'text' | 'verdict'>,
  ink: Ink,
): string {
  const [title = '', ...lines] = text.split('\n')
  return [title.replace('✗', ink.bad('✗')).replace(verdict, ink.bad(verdict)), ...lines].join('\n')
}

/** Of what lives in memory showed, and processes did not. */
function blame(mayDiffer = false): string {
  return mayDiffer
    ? '? not known, for two runs of it differ in what they read, or in when a child tells something'
    : '! the harness is at fault: the explorer and processes disagree'
}

function sayExplored({ explored, order, seed }: Result, { say, ink }: Output): void {
  say(exploredTable(explored))
  say('')
  for (const { scenario, system, skipped, controlFault } of explored) {
    if (skipped !== undefined) say(`not explored ${scenario} × ${system}: ${skipped}`)
    if (controlFault !== undefined) say(`${scenario} × ${system} without a fault: ${controlFault}`)
  }
  for (const line of notLookedAt(explored, boundsDefaults)) say(`sampled: ${line}`)
  say(exploredSummary(explored))
  if (order.perKind !== undefined)
    say(
      `explored one case of each kind, drawn by the seed; all of them: killpoint explore --seed ${seed}`,
    )
  say('')
  for (const { token, verdict, what, confirmed, isConfirmed, mayDiffer } of explored.flatMap(
    ({ findings }) => findings,
  ))
    if (confirmed === notConfirmed)
      say(ink.doubt(`? ${confirmed}, for it was stopped: ${verdict} (${what}) in memory: ${token}`))
    else if (!isConfirmed)
      say(
        ink.doubt(
          `${blame(mayDiffer)}: ${verdict} (${what}) in memory, ${confirmed} in processes: ${token}`,
        ),
      )
}

function sayRandomKills({ coverage }: Result, { say }: Output): void {
  const lines = randomKillLines(coverage)
  if (lines.length === 0) return
  say('killed at a random time; each token kills at the same point again')
  for (const line of lines) say(line)
  say('')
}

function saySameAgain({ coverage }: Result, { say }: Output): void {
  const all = coverage.map(({ again }) => again)
  if (all.every(({ runs }) => runs === 0)) return
  say(sameAgainText(all))
  for (const token of all.flatMap(({ otherMarks }) => otherMarks)) say(`  other marks: ${token}`)
}

function sayDoubts({ inconclusive, endedAfter, stopped }: Result, { say }: Output): void {
  if (endedAfter !== undefined)
    say(`ended after ${endedAfter} failing cases; --bail sets how many are enough`)
  if (stopped) say('stopped before the end: what follows is what was known by then')
  if (inconclusive.length === 0) return
  say('\ninconclusive, because of what was never shown:')
  for (const line of inconclusive) say(`  ${line}`)
  say('')
}

function summary({ coverage }: Result): string {
  const sum = (of: (each: Result['coverage'][number]) => number): number =>
    coverage.reduce((total, each) => total + of(each), 0)
  return [
    `${sum((each) => each.cases)} cases`,
    `${sum((each) => each.kills)} real processes killed`,
    `${sum(pointsKilled)} distinct exact crash points`,
    randomText(
      sum((each) => each.randomKills.length),
      sum((each) => each.randomMissed),
    ),
  ].join(', ')
}

function randomText(landed: number, missed: number): string {
  if (landed === 0) return '0 at random times'
  return `${landed} at random times${missed === 0 ? ', all of which landed' : `, ${missed} more fell on no run`}`
}

function failedLine({ cases, failures, untold, explored }: Result): string {
  const bad = new Set(
    cases.verdicts.flatMap((verdict, place) =>
      outcomeRank(verdict as Verdict) === 0 ? [] : [place],
    ),
  )
  const found = explored.reduce((sum, { findings }) => sum + findings.length, 0)
  const count = cases.verdict.filter((place) => bad.has(place)).length + found
  const failed = `${count} ${count === 1 ? 'case is' : 'cases are'} no pass`
  const told = failures.length
  if (told === 1) return `${failed}, one kind of failure:`
  const kinds = untold === 0 ? `${told} kinds` : `${told} of ${told + untold} kinds`
  return `${failed}, ${kinds} of failure, the worst last:`
}

/** Writes a result; where that fails, it is told before the error is: it is all that there is of the campaign. */
export async function toldAnyway(
  result: Result,
  output: Output,
  write: () => Promise<void> | void,
): Promise<void> {
  try {
    await write()
  } catch (error) {
    output.json(result)
    sayResult(result, output)
    throw error
  }
}
