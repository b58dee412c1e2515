/** A result as Markdown, for the page of a workflow: the verdict, the numbers, each failure in full. */
import { exploredCounts, casesOf } from './result/gather.ts'
import { pointsKilled, pointsSeen } from './result/coverage.ts'
import type { Result } from './result/result.ts'
import { outcomeRank, type Verdict } from '../verdict.ts'
import { unexamined } from './unexamined.ts'
import { visible } from './visible.ts'

/** GitHub takes a mebibyte a step; what is more would show nothing at all. */
const bytesMax = 900_000

/** The Markdown, with a newline at its end. */
export function summary(result: Result): string {
  const { failures, inconclusive, corpus, environment, seed, profile } = result
  const stale = corpus.filter(({ outcome }) => outcome === 'stale' || outcome === 'not-fired')
  const lines = [
    `## ${sign(result)} killpoint ${result.command}: ${result.verdict}`,
    '',
    numbersOf(result),
    '',
    ...coverageLines(result),
    ...unexamined(result).flatMap((line) => ['', `**Not examined**: ${inline(line)}`]),
    ...(inconclusive.length === 0
      ? []
      : [
          '',
          '**Inconclusive**, because of what was never shown:',
          '',
          ...inconclusive.map((line) => `- ${inline(line)}`),
        ]),
    ...(stale.length === 0
      ? []
      : [
          '',
          '**Stale** saved cases:',
          '',
          ...stale.map(({ file, text }) => `- ${inline(file)}: ${inline(text)}`),
        ]),
    ...failures.toReversed().flatMap((failure) => ['', fence(failure.text)]),
    '',
    `seed ${inline(seed)}, profile ${inline(profile)}, killpoint ${inline(environment.killpoint)}, node ${inline(environment.node)}, ${inline(environment.platform)}, git ${inline(environment.git)}`,
  ]
  const text = `${lines.join('\n')}\n`
  if (Buffer.byteLength(text) <= bytesMax) return text
  return `${lines.slice(0, 4).join('\n')}\n\n${failures.length} kinds of failure: too much for a summary, see the JUnit file or the artifacts.\n`
}

function sign({ verdict }: Result): string {
  return ['✅', '❓', '⚠️', '❌'][outcomeRank(verdict as Verdict)] ?? '❓'
}

function numbersOf({ coverage, explored, corpus, stopped }: Result): string {
  const counts = exploredCounts(explored)
  const kills = coverage.reduce((sum, each) => sum + each.kills, 0)
  return [
    `${casesOf(coverage)} cases with ${kills} real processes killed`,
    ...(explored.length === 0 ? [] : [`${counts.checked} crash states recovered and judged`]),
    ...(corpus.length === 0 ? [] : [`${corpus.length} saved cases`]),
    ...(stopped ? ['stopped before the end'] : []),
  ].join(', ')
}

function coverageLines({ coverage, explored }: Result): readonly string[] {
  if (coverage.length === 0 && explored.length === 0) return []
  const of = (scenario: string, system: string): (typeof explored)[number] | undefined =>
    explored.find((each) => each.scenario === scenario && each.system === system)
  const names = new Map(
    [...coverage, ...explored].map(({ scenario, system }) => [
      JSON.stringify([scenario, system]),
      { scenario, system },
    ]),
  )
  return [
    '| scenario | system | cases | points killed at | states explored |',
    '| --- | --- | ---: | ---: | ---: |',
    ...[...names.values()].map(({ scenario, system }) => {
      const live = coverage.find((each) => each.scenario === scenario && each.system === system)
      const points = live === undefined ? '–' : `${pointsKilled(live)} at ${pointsSeen(live)} ops`
      const checked = of(scenario, system)?.counts['checked']
      return `| ${inline(scenario)} | ${inline(system)} | ${live?.cases ?? '–'} | ${points} | ${checked ?? '–'} |`
    }),
  ]
}

/** Text that stays text in Markdown and in the HTML that it may hold. */
function inline(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_[\]|~#!]/g, String.raw`\$&`)
}

/** A block of code that nothing in it can end. */
function fence(text: string): string {
  const ticks = Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1))
  const marker = '`'.repeat(ticks)
  return `${marker}text\n${text.split('\n').map(visible).join('\n')}\n${marker}`
}
