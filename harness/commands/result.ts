/** The result of a campaign, for a person and for a machine. */
import { relative } from 'node:path'
import { unseenHint } from '../native/sight.ts'
import { outcomeText } from '../replay/replay.ts'
import { storyText } from '../report/failure-story.ts'
import { sameAgainText } from '../campaign/same-again.ts'
import type { Output } from '../report/output.ts'
import {
  coverageTable,
  killedTable,
  randomKillLines,
  sometimesTable,
  vacuousLines,
} from '../report/tables.ts'
import { exitCode } from '../verdict.ts'
import type { CampaignOutcome } from './campaign-order.ts'

/** Version of the JSON; it changes when a member changes its meaning. */
const resultVersion = 1

/** Says what was killed where, what held, what was never shown, and what failed: the failures last. `more` stands before. */
export function sayResult(outcome: CampaignOutcome, output: Output, more = ''): void {
  const { campaign, corpus, failures } = outcome
  const { say, ink } = output
  if (campaign.cases > 0) {
    say(coverageTable(campaign))
    say('')
    say(killedTable(campaign))
    say('')
    say(sometimesTable(campaign))
    say('')
    sayRandomKills(outcome, output)
  }
  for (const { entry, replayed } of corpus)
    say(`corpus  ${entry.saved.token}  ${outcomeText(replayed, entry.saved)}`)
  for (const { scenario, system, missing } of campaign.skipped)
    say(`skipped ${scenario} × ${system}: it does not claim ${missing}`)
  for (const [why, pairs] of unseenOf(outcome)) {
    say(`unseen by the native hooks: ${pairs.join(', ')}: ${why}`)
    say(`  ${unseenHint}`)
  }
  sayDoubts(outcome, output)
  if (more !== '') say(`\n${more}\n`)
  say(summary(outcome))
  saySameAgain(outcome, output)
  say(`every case with its token: ${relative(process.cwd(), outcome.casesFile)}`)
  if (failures.length === 0) {
    say(outcome.verdict === 'HOLDS' ? ink.good('✓ all of it holds') : ink.doubt('? inconclusive'))
    return
  }
  say(failedLine(outcome))
  for (const { story } of failures) {
    say('')
    say(storyText(story, ink))
  }
}

/** Why executables were driven by their marks, and in which scenarios. */
function unseenOf({ campaign }: CampaignOutcome): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const { scenario, system, unseen } of campaign.coverage)
    if (unseen !== undefined)
      found.set(unseen, [...(found.get(unseen) ?? []), `${scenario} × ${system}`])
  return found
}

function sayRandomKills({ campaign }: CampaignOutcome, { say }: Output): void {
  const lines = randomKillLines(campaign)
  if (lines.length === 0) return
  say('killed at a random time; each token kills at the same point again')
  for (const line of lines) say(line)
  say('')
}

function saySameAgain({ campaign }: CampaignOutcome, { say }: Output): void {
  const all = campaign.coverage.map(({ again }) => again)
  if (all.every(({ runs }) => runs === 0)) return
  say(sameAgainText(all))
  for (const token of all.flatMap(({ otherMarks }) => otherMarks)) say(`  other marks: ${token}`)
}

function sayDoubts({ campaign, endedAfter }: CampaignOutcome, { say }: Output): void {
  if (endedAfter !== undefined)
    say(`ended after ${endedAfter} failing cases; --bail sets how many are enough`)
  if (campaign.isStopped) say('stopped before the end: what follows is what was known by then')
  const vacuous = vacuousLines(campaign)
  if (vacuous.length === 0) return
  say('\ninconclusive, because of what was never shown:')
  for (const line of vacuous) say(`  ${line}`)
  say('')
}

function summary({ campaign }: CampaignOutcome): string {
  const sum = (of: (each: (typeof campaign.coverage)[number]) => number): number =>
    campaign.coverage.reduce((total, each) => total + of(each), 0)
  return [
    `${campaign.cases} cases`,
    `${sum((each) => each.kills)} real processes killed`,
    `${sum((each) => each.killedAt.size)} distinct exact crash points`,
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

function failedLine({ campaign, failures, untold, explored }: CampaignOutcome): string {
  const cases = campaign.failures.length + (explored?.failed ?? 0)
  const failed = `${cases} ${cases === 1 ? 'case is' : 'cases are'} no pass`
  const told = failures.length
  if (told === 1) return `${failed}, one kind of failure:`
  const kinds = untold === 0 ? `${told} kinds` : `${told} of ${told + untold} kinds`
  return `${failed}, ${kinds} of failure, the worst last:`
}

/** The result as JSON. */
export function resultJson(outcome: CampaignOutcome): unknown {
  const { campaign, corpus, failures, environment, seed, verdict } = outcome
  return {
    version: resultVersion,
    seed,
    environment,
    verdict,
    exitCode: exitCode(verdict),
    stopped: campaign.isStopped,
    cases: campaign.cases,
    ...(outcome.explored === undefined ? {} : { explored: outcome.explored.json }),
    skipped: campaign.skipped,
    inconclusive: vacuousLines(campaign),
    corpus: corpus.map(({ entry, replayed }) => ({
      file: entry.file,
      token: entry.saved.token,
      verdict: replayed.verdict,
      outcome: replayed.outcome,
    })),
    failures: failures.map(({ story, text, first, alike, saved }) => ({
      scenario: story.scenario,
      system: story.system,
      verdict: story.verdict,
      invariant: story.judgement?.finding?.invariant,
      what: story.judgement?.finding?.what ?? story.trouble?.message,
      token: story.replay,
      first,
      alike,
      saved,
      text,
    })),
    failed: campaign.failures.map(({ token, verdict: each }) => ({ token, verdict: each })),
    coverage: campaign.coverage.map((each) => ({
      ...each,
      killedAt: [...each.killedAt],
      byKind: Object.fromEntries(
        [...each.byKind].map(([kind, { seen, killed }]) => [kind, { seen, killed: killed.size }]),
      ),
      fired: Object.fromEntries(each.fired),
      skipped: Object.fromEntries(each.skipped),
      sometimes: Object.fromEntries(each.sometimes),
    })),
  }
}
