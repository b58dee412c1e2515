/**
 * The track record: bug, cause, where it was seen in public, what caught it, and the command that catches it again. Written from
 * the results of a run and never by hand; without times, so that it changes only where a result does.
 */
import type { MutantReport } from './outcome.ts'
import { editsOf, engineOf } from './mutant.ts'
import { killsOnly } from './mutants-table.ts'
import { scoreOf, wordOf } from './outcome.ts'
import type { RecordHead } from './record.ts'

/** A class of bugs, as the record tells it. */
export interface TrackRecordClass {
  readonly title: string
  readonly cites: readonly string[]
}

/** What the record says of itself, and the classes that it tells. */
export interface TrackRecordSource extends RecordHead {
  readonly classes: Readonly<Record<string, TrackRecordClass>>
}

/** The record as Markdown. */
export function trackRecord(
  reports: readonly MutantReport[],
  { classes, seed, cases, kills, date, machine }: TrackRecordSource,
): string {
  const { caught, escaped, broken, skipped } = scoreOf(reports)
  const sections = Object.entries(classes).flatMap(([name, about]) => {
    const own = reports.filter(({ mutant }) => mutant.class === name)
    return own.length === 0 ? [] : [classSection(name, about, own)]
  })
  return [
    head,
    `Seed \`${seed}\`, at most ${cases} cases each with live processes: **${caught} of ${caught + escaped + broken}** mutants were caught by a verdict of their own${skipped === 0 ? '' : `, ${skipped} were skipped`}. ${date}, ${machine}.\n`,
    killsLine(reports, kills),
    ...sections,
  ].join('\n')
}

const head = `# Track record

Bugs of kinds that real systems had, planted one at a time into the reference runtime (\`scenarios/mutants/\`), and what the
scenarios made of them. This page is generated: \`npm run track-record\` hunts every mutant and writes it. Each bug is a few lines that
replace a text of the sources as they are bundled; where that text is not found exactly once, a test fails.

*Needs* is the least that shows the bug: \`kill\` SIGKILL alone, \`stop\` a process that is stopped and goes on beside its
successor, \`race\` several at once, \`act\` a signal, cancel or SIGTERM from outside, \`clock\` time between two lives, \`disk\` what no
dying process shows. *Engine* is who looks for it: \`live\` real processes, \`explorer\` crash states of a recorded trace. *Cases* is how many were judged up to the first that showed it.
*SIGKILL only* is what kills alone found of a bug that takes more, in the same scenarios: every distinct state that a kill leaves at an op or inside a write,
or, where another process acts on the run, real processes killed so many times. That is all that a test which kills its process can see.

\`docs/track-record.json\` is the same for machines. \`npm run mutate\` compares with it and fails when a mutant that was caught is not any more.
`

function killsLine(reports: readonly MutantReport[], kills: number): string {
  const tried = reports.filter((report) => report.kills !== undefined)
  if (tried.length === 0) return ''
  const survived = tried.filter((report) => report.kills?.found === undefined).length
  return `**${survived} of the ${tried.length}** that take power loss, storage errors, damaged media or a count of costs survived every kill: all kill states of their scenarios, or ${kills} kills of real processes where another process acts on the run.\n`
}

function classSection(
  name: string,
  { title, cites }: TrackRecordClass,
  reports: readonly MutantReport[],
): string {
  const seen = cites.length === 0 ? '' : `Seen in ${cites.map(link).join(', ')}.\n\n`
  const rows = reports.map(row).join('\n')
  return `## ${name}: ${title}

${seen}| mutant | bug | needs | engine | caught by | cases | SIGKILL only | again |
|---|---|---|---|---|---:|---|---|
${rows}
`
}

function row({ mutant, outcome, kills }: MutantReport): string {
  const cells = [
    `\`${mutant.id}\``,
    `${mutant.title} (${editsOf(mutant)
      .map(({ file }) => `\`${file}\``)
      .join(', ')})${mutant.cites.map((cite) => `, ${link(cite)}`).join('')}`,
    mutant.needs,
    engineOf(mutant),
    'by' in outcome
      ? `${outcome.kind === 'caught' ? '' : `${wordOf(outcome)} `}\`${outcome.by.verdict}\` ${outcome.by.finding.invariant}, ${outcome.by.origin}`
      : wordOf(outcome),
    'by' in outcome ? String(outcome.by.cases) : '',
    killsOnly(mutant, outcome, kills),
    outcome.kind === 'skipped' ? '' : `\`npx killpoint mutate --only ${mutant.id}\``,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function link(cite: string): string {
  const [repository = '', number = ''] = cite.split('#')
  return `[${cite}](https://github.com/${repository}/issues/${number})`
}
