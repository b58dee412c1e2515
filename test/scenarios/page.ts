/** `docs/scenarios.md` as Markdown, from the scenarios themselves. */
import type { Scenario } from '../../harness/scenario.ts'
import { scenarios } from '../../scenarios/index.ts'
import { mutants } from '../../scenarios/mutants/index.ts'
import { crashCases, type Place } from './crash-cases.ts'

/** The page, before prettier has seen it. */
export function scenarioPage(): string {
  return [
    head,
    '## Scenarios\n',
    ...scenarios.map(section),
    '## Crash cases\n',
    casesHead,
    '| case | what happens | held by |',
    '| ---: | --- | --- |',
    ...crashCases.map(
      ({ number, what, places }) =>
        `| ${number} | ${cell(what)} | ${places.map((place) => cell(placeText(place))).join('<br>')} |`,
    ),
    '\n## What the live engine can do to a process\n',
    '| what | where it is shown |',
    '| --- | --- |',
    ...engineTests.map(({ what, file }) => `| ${what} | \`${file}\` |`),
  ].join('\n')
}

/** What the live engine can do, and the test that shows it. */
export const engineTests: readonly { readonly what: string; readonly file: string }[] = [
  {
    what: 'a kill before, after and inside an op, exactly there, at every op of a run',
    file: 'test/harness/live/engine.test.ts',
  },
  {
    what: 'a kill at a random time, always inside the run, with the exact token of the same kill',
    file: 'test/harness/live/engine.test.ts',
  },
  { what: 'kills in several lives, and inside recovery', file: 'test/harness/live/engine.test.ts' },
  {
    what: 'SIGTERM with a grace time, and the kill of who does not take it',
    file: 'test/harness/live/engine.test.ts',
  },
  {
    what: 'a zombie, woken when its successor is done or in the middle of it',
    file: 'test/harness/live/engine.test.ts',
  },
  { what: 'k resumers at a barrier', file: 'test/harness/live/engine.test.ts' },
  {
    what: 'another worker started beside a live owner; pids of the dead that others have',
    file: 'test/harness/live/engine.test.ts',
  },
  {
    what: 'signals and cancels from other processes, at an op or when they fall due',
    file: 'test/harness/live/engine.test.ts',
  },
  {
    what: 'clock jumps and damaged files between two lives',
    file: 'test/harness/live/engine.test.ts',
  },
  {
    what: 'every form of every file call is seen, or the door says which is not',
    file: 'test/harness/hooks/self-test.test.ts',
  },
  {
    what: 'composite calls are split into their ops; one state and one trace for one seed',
    file: 'test/harness/hooks/lanes.test.ts',
  },
  {
    what: 'threads and child processes have op streams of their own',
    file: 'test/harness/hooks/lanes.test.ts',
  },
  { what: 'executables in any language', file: 'test/harness/live/command.test.ts' },
  {
    what: 'workers that cannot be bundled, through tsx',
    file: 'test/harness/live/start-command.test.ts',
  },
  { what: 'descendants and orphans are reaped', file: 'test/harness/live/orphans.test.ts' },
  {
    what: 'nothing survives the harness, not even after Ctrl-C',
    file: 'test/harness/live/clean-up.test.ts',
  },
  {
    what: 'a worker that does not start, hangs, writes garbage, litters or dies by itself is no verdict',
    file: 'test/harness/live/trouble.test.ts',
  },
  {
    what: 'the same seed twice, sampled in every campaign',
    file: 'test/harness/campaign/same-again.test.ts',
  },
]

const head = `# Scenarios

What \`killpoint run\` does to a system, scenario by scenario: the claims that it needs (a system without them is not asked), its
fault classes, and what must have happened in some case of a campaign or the campaign is inconclusive. Where a *sometimes* has a
directed case, that case runs first. A class with a weight is drawn that many times in each round. This page is generated from
\`scenarios/\`: \`npx vitest run test/scenarios -u\` writes it, and the same test fails where it is out of date.

Classes of bugs are those of \`docs/track-record.md\`. Every case is judged by S1 to S13 and L1 to L3 (\`docs/invariants.md\`), as far as the system's claims allow.
`

const casesHead = `Crash cases that durable agent loops met in practice, and what holds each of them here. Storage errors and power loss are shown by no
process that dies: those belong to the explorer and to the tests of the file journal.
`

function section({ name, title, needs, faults, sometimes, livesMax }: Scenario): string {
  const own = mutants.filter(({ scenarios: [first] }) => first === name)
  const classes = [...new Set(own.map((mutant) => mutant.class))]
  return `### ${name}

Holds if nothing is found: ${title}.

- Needs: ${needs.join(', ')}. A run may take ${livesMax} lives without a fault to its end.
- Faults: ${faults.map(({ name: fault, weight = 1 }) => `\`${fault}\`${weight === 1 ? '' : ` (weight ${weight})`}`).join(', ')}.
- Sometimes: ${sometimes.map(({ name: what, directed }) => `${what}${directed === undefined ? '' : ' (directed)'}`).join('; ')}.
- Bugs that are looked for here first: ${classes.length === 0 ? 'none' : classes.join(', ')}.
`
}

function placeText(place: Place): string {
  switch (place.kind) {
    case 'sometimes':
      return `\`${place.scenario}\`: ${place.name}`
    case 'class':
      return `\`${place.scenario}\`: faults \`${place.name}\``
    case 'mutant':
      return `planted bug \`${place.id}\``
    case 'test':
      return `\`${place.file}\`: ${place.what}`
  }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
