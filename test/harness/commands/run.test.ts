import fc from 'fast-check'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gateCommand } from '../../../harness/commands/gate.ts'
import { runCommand, type RunOptions } from '../../../harness/commands/run.ts'
import { shrinkCommand } from '../../../harness/commands/shrink.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { notebook, notebookProject, pages, weather } from '../fixtures/notebook-project.ts'

/** Of the gate: what the explorer does is told elsewhere. */
const liveAlone = { explore: false }

type Run = { readonly code: number; readonly lines: readonly string[]; readonly text: string }

/** The smallest run that has everything. */
const onePage = {
  ...pages,
  workload: fc.constant({
    root: { kind: 'step' as const, id: 'a', effect: 'keyed' as const },
    inFlightMax: 1,
  }),
}

/** Six cases of one seed: enough for each fault class, and for a failure with several lives. */
const options = { jobs: 2, seed: 'abc', cases: 6, explore: false } satisfies RunOptions

async function run(
  project: ReturnType<typeof notebookProject>,
  more: Partial<RunOptions> = {},
  command = runCommand,
): Promise<Run> {
  const output = keptOutput(more.json)
  const code = await command(project, { ...options, ...more }, output)
  return { code, lines: output.lines, text: told(output.lines, project.directory) }
}

/** Every case that a run wrote down. */
function casesOf({
  directory,
}: ReturnType<typeof notebookProject>): readonly { token: string; random?: boolean }[] {
  return readFileSync(join(directory, '.killpoint', 'cases.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { token: string; random?: boolean })
}

/** The text without what differs from machine to machine. */
function told(lines: readonly string[], directory: string): string {
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/killpoint \d.*?(?:git none|x64|arm64)/g, 'ENVIRONMENT')
    .replaceAll(directory, 'PROJECT')
    .replaceAll(/\S*PROJECT|(?:\.\.\/)+\S*killpoint-project-\w+/g, 'PROJECT')
    .replaceAll(/\S*(\/(?:notebook|worker)\.ts:\d+)/g, '…$1')
}

describe('run: what it explores before it kills', () => {
  it('is a part of all, whatever the number of jobs, and what it finds ends the text', async () => {
    const project = notebookProject('', { scenarios: [onePage] })
    const explored = async (jobs: number): Promise<string | undefined> => {
      const { code, lines } = await run(project, { explore: true, cases: 1, jobs, shrink: false })
      // Its file is not there, it thinks, where it cannot be looked at; by which error is drawn.
      expect([code, lines.at(-1)]).toEqual([1, expect.stringMatching(/F1=E(?:IO|ACCES|MFILE)$/)])
      const part = lines.findIndex((line) => line.startsWith('explored one case of each kind'))
      expect(lines[part]).toContain('killpoint explore --seed abc')
      return lines[part - 1]?.replace(/ over \d+ lives/, '')
    }
    expect(await explored(1)).toBe(await explored(2))
    project.remove()
  })
})

describe('run: a life that hangs', () => {
  it('is found in memory, and looked at for as long as --quiet says wherever it is run again', async () => {
    const project = notebookProject('stuck', { scenarios: [onePage] })
    const { code, lines } = await run(project, {
      explore: true,
      cases: 1,
      quiet: 40,
      shrink: false,
    })
    expect(code).toBe(1)
    const hangs = lines.filter((line) => line.includes('alone on the machine'))
    expect(hangs.length).toBeGreaterThan(0)
    // It was confirmed: to see it a third time would take as long once more.
    expect(lines.some((line) => /^ {2}seen {4}1 of 1$/.test(line))).toBe(true)
    for (const line of hangs) expect(line).toContain('did nothing for 400 ms')
    project.remove()
  })
})

describe('run: a system that holds', () => {
  const project = notebookProject()
  let first: Run
  beforeAll(async () => void (first = await run(project)))
  afterAll(() => project.remove())

  it('says what was killed where, and that all of it holds', () => {
    expect(first.code).toBe(0)
    expect(first.text).toMatchInlineSnapshot(`
      "ENVIRONMENT  git none
      seed abc  jobs 2  2 scenarios × notebook  1 workloads × 6 cases

      scenario  system    cases  points seen  killed at  at random  kills  recovered  redrawn
      pages     notebook      6           29          6          0     10          6        0

      killed at       points  of points seen  in scenarios
      mark begin           0               1             0
      mark recovered       0               1             0
      mark resolved        0               1             0
      open                 0               1             0
      mark effect          1               4             1
      mark appending       1               4             1
      write                1               4             1
      sync                 1               4             1
      mark ack             0               4             0
      mark observed        2               4             1
      mark done            0               1             0

      sometimes               scenario  system    cases
      resumed after a commit  pages     notebook      4

      skipped tree × notebook: it does not claim child
      6 cases, 10 real processes killed, 6 distinct exact crash points, 0 at random times
      1 sampled case run twice: 1 with the same verdict, 1 of 1 with the same marks where that is promised
      every case with its token: PROJECT/.killpoint/cases.jsonl
      ✓ all of it holds"
    `)
  })

  it('writes down every case with its token', () => {
    const cases = casesOf(project)
    expect(cases).toHaveLength(options.cases + 1)
    expect(new Set(cases.map(({ token }) => token)).size).toBe(cases.length)
    for (const { token } of cases) expect(token).toMatch(/^kp1:pages:notebook:60a5bb08:posix:/)
  })

  it('gives the same cases and verdicts for the same seed, whatever the number of jobs', async () => {
    const again = await run(project, { jobs: 1 })
    expect(again.text.replace('jobs 1', 'jobs 2')).toBe(first.text)
  })
})

describe('run: a system that loses what it acknowledged', () => {
  const project = notebookProject('ack-first')
  let first: Run
  beforeAll(async () => void (first = await run(project, { save: true })))
  afterAll(() => project.remove())

  it('tells the kind of failure once, seen again and made smaller, and ends with the replay line', () => {
    expect(first.code).toBe(1)
    expect(first.text).toMatchInlineSnapshot(`
      "ENVIRONMENT  git none
      seed abc  jobs 2  2 scenarios × notebook  1 workloads × 6 cases

      scenario  system    cases  points seen  killed at  at random  kills  recovered  redrawn
      pages     notebook      6           29          6          0     10          6        0

      killed at       points  of points seen  in scenarios
      mark begin           0               1             0
      mark recovered       0               1             0
      mark resolved        0               1             0
      open                 0               1             0
      mark effect          1               4             1
      mark appending       1               4             1
      mark ack             1               4             1
      write                1               4             1
      sync                 0               4             0
      mark observed        2               4             1
      mark done            0               1             0

      sometimes               scenario  system    cases
      resumed after a commit  pages     notebook      4

      skipped tree × notebook: it does not claim child
      6 cases, 10 real processes killed, 6 distinct exact crash points, 0 at random times
      1 sampled case run twice: 1 with the same verdict, 1 of 1 with the same marks where that is promised
      every case with its token: PROJECT/.killpoint/cases.jsonl
      2 cases are no pass, one kind of failure:

      ✗ pages × notebook   LOST_COMMIT  S1 an acked record survives
        life 1  killed after op 13   mark ack   …/worker.ts:59 < …/notebook.ts:57
        life 2  record 2 was acked in life 1 and is gone; recovered 1 record in epoch 2
        guilty  op 8 is the last write before the ack at op 13: write notes.jsonl +39 bytes at 0 at …/notebook.ts:58
        note    1 more case fails in this way, in pages
        note    saved as killpoint/corpus/pages-3ea676a70c.json
        shrunk  4 faults -> 1, 4 steps -> 2, in 2 cases; same failure each time
        seen    1 of 1, by the same marks
        ENVIRONMENT  profile posix
        replay  npx killpoint replay kp1:pages:notebook:60a5bb08~0.0:posix:K13+"
    `)
    expect(first.lines.at(-1)).toMatch(/^ {2}replay {2}npx killpoint replay kp1:\S+$/)
  })

  it('saved it: the corpus runs first, whatever the budget, and a replay of the file says exact', async () => {
    expect(readdirSync(project.corpus)).toHaveLength(1)
    const { code, lines } = await run(project, { cases: 1, budget: 1 })
    expect(code).toBe(1)
    expect(lines.find((line) => line.startsWith('corpus  '))).toMatch(
      /exact: LOST_COMMIT S1 again, by the same marks$/,
    )
    expect(lines.at(-1)).toMatch(/^ {2}replay {2}npx killpoint replay killpoint\/corpus\/pages-/)
  })

  it('the corpus is told as not reproduced where the bug is gone, and as stale where its scenario is', async () => {
    const fixed = { ...project, systems: [notebook()] }
    const { code, lines } = await run(fixed, { workloads: 1, ...liveAlone }, gateCommand)
    expect(code).toBe(0)
    expect(lines.join('\n')).toContain('not reproduced: LOST_COMMIT S1 in 0 of 1; found HOLDS')
    const renamed = { ...fixed, scenarios: [{ ...pages, name: 'sheets' }] }
    const gone = await run(renamed, { cases: 1, shrink: false })
    expect(gone.lines.join('\n')).toContain('stale: there is no scenario pages any more')
  })

  it('shrink finds the same from the first token', async () => {
    const token = /✗ LOST_COMMIT {2}(\S+)/.exec(first.text)?.[1] ?? firstToken(first)
    const output = keptOutput()
    expect(await shrinkCommand(project, token, { jobs: 2 }, output)).toBe(1)
    expect(output.lines.at(-1)).toBe(first.lines.at(-1))
  })

  function firstToken({ lines }: Run): string {
    return lines.at(-1)?.split(' ').at(-1) ?? ''
  }
})

describe('run: what is no pass', () => {
  it('a kill at a random time is written down as the exact kill that it was', async () => {
    const project = notebookProject('', { scenarios: [weather] })
    const { code } = await run(project, { cases: 3 })
    const random = casesOf(project).filter((each) => each.random === true)
    project.remove()
    expect(code).toBe(0)
    expect(random).toHaveLength(3)
    for (const { token } of random) expect(token).toMatch(/:K\d+(?:\+|\/\d+)?$/)
  })

  it('a control that does not end well is no verdict about faults', async () => {
    const project = notebookProject('broken')
    const { code, lines } = await run(project)
    project.remove()
    expect(code).not.toBe(0)
    expect(lines.at(-1)).toMatch(/replay kp1:pages:notebook:60a5bb08\S*:posix:-$/)
  })

  it('a campaign that never did what it set out to do is inconclusive', async () => {
    const project = notebookProject('', { scenarios: [{ ...pages, faults: [], sometimes: [] }] })
    const { code, lines } = await run(project)
    project.remove()
    expect(code).toBe(2)
    expect(lines.at(-1)).toBe('? inconclusive')
  })

  it('machine-readable output is one JSON value', async () => {
    const project = notebookProject('', { scenarios: [{ ...pages, faults: [], sometimes: [] }] })
    const { lines } = await run(project, { json: true })
    project.remove()
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      schema: 'killpoint-result',
      version: 2,
      seed: 'abc',
      verdict: 'INCONCLUSIVE',
      exitCode: 2,
      failures: [],
    })
  })

  it.each([
    [{ only: ['page'] }, 'NAME_UNKNOWN'],
    [{ skip: ['pages', 'tree'] }, 'OPTION_INVALID'],
  ])('%j is refused', async (more, code) => {
    const project = notebookProject()
    await expect(run(project, more)).rejects.toMatchObject({ code })
    project.remove()
  })
})
