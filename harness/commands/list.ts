/** `killpoint list`: what there is to run here: systems, scenarios, fault classes, claims, the corpus. */
import { join, relative } from 'node:path'
import { readCorpus } from '../corpus/corpus.ts'
import type { Output } from '../report/output.ts'
import { plainTable } from '../report/tables.ts'
import { claimMeanings, claimNames, missingClaims } from '../system.ts'
import { exitCodes } from '../verdict.ts'
import type { CommonOptions } from './options.ts'
import { chooseBoth, type Project } from './project.ts'

/** What is listed: all, unless names say otherwise. */
export type ListOptions = Pick<CommonOptions, 'only' | 'skip'>

/** Prints it all, and gives the exit code. */
export async function listCommand(
  whole: Project,
  options: ListOptions,
  output: Output,
): Promise<number> {
  const project = isChosen(options) ? { ...whole, ...chooseBoth(whole, options) } : whole
  const { systems, scenarios, directory } = project
  const corpus = await readCorpus(project.corpus)
  const { say } = output
  output.json({
    version: 1,
    systems: systems.map(({ name, kind, claims }) => ({ name, kind, claims })),
    scenarios: scenarios.map((scenario) => ({
      name: scenario.name,
      title: scenario.title,
      needs: scenario.needs,
      faults: scenario.faults.map(({ name, needs = [] }) => ({ name, needs })),
      sometimes: scenario.sometimes.map(({ name }) => name),
    })),
    corpus: corpus.map(({ file, saved }) => ({ file, token: saved.token, failure: saved.failure })),
  })
  say(title('systems', systems.length))
  for (const { name, kind, claims } of systems)
    say(`  ${name}  (${kind}, ${claims.length} of ${claimNames.length} claims)`)
  if (systems.length === 0)
    say('  none: there is no killpoint.config.ts here; run `npx killpoint init`')
  say(title('scenarios', scenarios.length))
  say(indented(scenarioTable(project)))
  say(title('claims', claimNames.length))
  say(indented(claimTable(project)))
  say(title('corpus', corpus.length))
  for (const { file, saved } of corpus)
    say(`  ${relative(directory, file)}  ${saved.failure}  ${saved.token}`)
  if (corpus.length === 0)
    say(
      `  none: \`killpoint run --save\` writes failures into ${relative(directory, join(project.corpus, '/'))}`,
    )
  return exitCodes.holds
}

/** Without a name there may be nothing to choose from: that is listed too. */
function isChosen({ only = [], skip = [] }: ListOptions): boolean {
  return only.length + skip.length > 0
}

function title(what: string, count: number): string {
  return `\n${count} ${what}`
}

function scenarioTable({ scenarios, systems }: Project): string {
  const table = plainTable(['scenario', 'faults', 'skipped by', 'what it shows'])
  for (const { name, faults, needs, title: shows } of scenarios) {
    const skipping = systems.filter((system) => missingClaims(system, needs).length > 0)
    table.push([
      name,
      faults.map((fault) => fault.name).join(', '),
      skipping
        .map((system) => `${system.name} (no ${missingClaims(system, needs).join(', ')})`)
        .join(', '),
      shows,
    ])
  }
  return table.toString()
}

function claimTable({ systems }: Project): string {
  const table = plainTable(['claim', ...systems.map(({ name }) => name), 'what it promises'])
  for (const claim of claimNames)
    table.push([
      claim,
      ...systems.map(({ claims }) => (claims.includes(claim) ? 'claimed' : '-')),
      claimMeanings[claim],
    ])
  return table.toString()
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n')
}
