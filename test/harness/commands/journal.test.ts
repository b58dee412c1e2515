/** A campaign whose process is killed by SIGKILL, and started again with the same command line. */
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gateCommand, type GateOptions } from '../../../harness/commands/gate.ts'
import { runCommand, type RunOptions } from '../../../harness/commands/run.ts'
import { withJournal } from '../../../harness/commands/journal.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { readResult, type Result } from '../../../harness/report/result/result.ts'
import type { KeptRecord } from '../../../harness/campaign/campaign-journal.ts'
import { fileJournal } from '../../../src/journal-entry.ts'
import { notebook, notebookProject, pages } from '../fixtures/notebook-project.ts'
import { said, startCli, type Said } from './cli.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'killpoint-journal-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A project over a notebook that tells too early that something is durable; every life leaves the name of its case in a file. */
function makeProject(name: string): string {
  const directory = join(root, name)
  mkdirSync(join(directory, 'journal'), { recursive: true })
  symlinkSync(
    fileURLToPath(new URL('../../../node_modules', import.meta.url)),
    join(directory, 'node_modules'),
  )
  const text = (value: string): string => JSON.stringify(value)
  writeFileSync(
    join(directory, 'killpoint.config.ts'),
    `import { notebook, pages } from ${text(join(fixtures, 'notebook-project.ts'))}
const system = {
  ...notebook('ack-first', 'hasty'),
  program: { kind: 'script', entry: ${text(join(fixtures, 'notebook.ts'))} },
  environment: {
    NOTEBOOK: 'ack-first',
    NOTEBOOK_LOG: ${text(join(directory, 'cases.log'))},
    NOTEBOOK_HOLD: ${text(join(directory, 'hold'))},
  },
}
export default { systems: [system], scenarios: [pages] }
`,
  )
  return directory
}

/** Names of the cases whose processes were started, in order of their lives. What looks at failures afterwards has other names. */
function started(directory: string): readonly string[] {
  const lines = readFileSync(join(directory, 'cases.log'), 'utf8').split('\n')
  return lines.filter((line) => /^pages-\w+-(?:control|(?:again-)?[\d.]+)$/.test(line))
}

/** Names of the units that stand in the journal, as anybody may read it who does not own it. */
async function committed(directory: string): Promise<readonly string[]> {
  const image = await fileJournal({ dir: join(directory, 'journal') }).read('campaign')
  const bodies = (image?.records ?? []).map(({ body }) => body as unknown as KeptRecord)
  return bodies.flatMap((body) => (body.kind === 'unit' ? [body.name] : []))
}

function casesIn(units: readonly string[]): readonly string[] {
  return units.flatMap((name) => /^hasty\/(.*)$/.exec(name)?.[1] ?? [])
}

/** Waits until so many cases are committed: the journal is looked at whenever it changes. */
async function untilCommitted(directory: string, count: number, end: Promise<Said>): Promise<void> {
  // One for each directory: Node 26 sees nothing below one that was made after a recursive watch began.
  const [outer, inner] = [join(directory, 'journal'), join(directory, 'journal', 'campaign')]
  const watchers = [watch(outer)]
  const ended = end.then(({ stderr }) => {
    throw new Error(`it ended too early: ${stderr}`)
  })
  try {
    for (;;) {
      if (watchers.length === 1 && existsSync(inner)) watchers.push(watch(inner))
      const changed = Promise.race(watchers.map((watcher) => once(watcher, 'change')))
      if (casesIn(await committed(directory)).length >= count) return
      await Promise.race([changed, ended])
    }
  } finally {
    for (const watcher of watchers) watcher.close()
    ended.catch(() => undefined)
  }
}

/** A result without what was timed: real processes take their time, and of one that is quick no time is seen. */
function timeless(result: Result): Result {
  const recoveries = (result.recoveries ?? []).filter(({ engine }) => engine !== 'live')
  return { ...result, recoveries }
}

const command = ['run', '--seed', 'abc', '--cases', '8', '--no-shrink', '--json', '--jobs', '2']
const journaled = [...command, '--journal', 'journal']

/** Cases that are committed when the process is killed: the control among them. */
const killedAfter = 4
/** Names of cases behind which all stand still until it is killed; as many may be under way as there are jobs. */
const heldAfter = killedAfter + 3

describe('--journal: a campaign that is killed and started again', () => {
  const [broken, whole] = [makeProject('broken'), makeProject('whole')]
  let resumed: Said | undefined
  let uninterrupted: Said | undefined
  let before: readonly string[] = []
  let startedBefore = 0

  beforeAll(async () => {
    const other = said(startCli(command, whole))
    writeFileSync(join(broken, 'hold'), String(heldAfter))
    const killed = startCli(journaled, broken)
    const end = said(killed)
    await untilCommitted(broken, killedAfter, end)
    killed.kill('SIGKILL')
    expect((await end).code).toBeNull()
    rmSync(join(broken, 'hold'))
    before = await committed(broken)
    startedBefore = started(broken).length
    resumed = await said(startCli(journaled, broken))
    uninterrupted = await other
  }, 60_000)

  it('C3: runs nothing again that was committed, and all that is left', () => {
    const [first, second] = [casesIn(before), started(broken).slice(startedBefore)]
    expect(first.length).toBeGreaterThanOrEqual(killedAfter)
    expect(second.length).toBeGreaterThan(0)
    expect(second.filter((name) => first.includes(name))).toEqual([])
    expect(new Set([...first, ...second])).toEqual(new Set(started(whole)))
    expect(before).toContain('explored hasty/pages/abc')
    expect(resumed?.stderr).not.toContain('to explore  exploring\npages × hasty')
  })

  it('comes to the same result as one that was never killed', () => {
    expect(resumed?.code).toBe(1)
    expect(uninterrupted?.code).toBe(1)
    const toldBy = ({ stdout = '' }: Partial<Said> = {}): Result =>
      timeless(JSON.parse(stdout) as Result)
    expect(toldBy(resumed)).toEqual(toldBy(uninterrupted))
    const resultOf = (directory: string): unknown =>
      timeless(readResult(join(directory, '.killpoint', 'result.json')))
    expect(resultOf(broken)).toEqual(resultOf(whole))
    const casesOf = (directory: string): readonly string[] =>
      readFileSync(join(directory, '.killpoint', 'cases.jsonl'), 'utf8')
        .split('\n')
        .toSorted()
    expect(casesOf(broken)).toEqual(casesOf(whole))
  })

  it('each unit stands in its journal once', async () => {
    const units = await committed(broken)
    expect(units.toSorted()).toEqual([...new Set(units)].toSorted())
  })
})

describe('--journal: a gate whose time is used up', () => {
  const log = join(root, 'gate.log')
  const system = { ...notebook(), environment: { NOTEBOOK_LOG: log } }
  const project = notebookProject('', { systems: [system], scenarios: [pages] })
  const journal = join(project.directory, 'journal')
  const seeds = { from: 1, to: 2 }
  const options: GateOptions = {
    jobs: 2,
    cases: 2,
    workloads: 1,
    explore: false,
    seeds,
    journal,
    environment: {},
  }
  afterAll(project.remove)

  const gate = async (out: string, budget: number): Promise<Result> => {
    await gateCommand(project, { ...options, budget, out: join(root, out) }, keptOutput())
    return timeless(readResult(join(root, out, 'result.json')))
  }
  const lives = (): number => readFileSync(log, 'utf8').split('\n').length

  it('C5: counts all that is kept, starts nothing, and comes to the same', async () => {
    const first = await gate('first', 600_000)
    const before = lives()
    const again = await gate('again', 1)
    expect(lives()).toBe(before)
    const untimed = ({ order, ...rest }: Result): unknown => ({
      ...rest,
      order: { ...order, budgetMs: 0 },
    })
    expect(untimed(again)).toEqual(untimed(first))
  })
})

describe('--journal: what cannot be', () => {
  const project = notebookProject()
  const output = keptOutput()
  const journal = join(project.directory, 'journal')
  const some = { seeds: ['abc'], parts: { seed: 'abc', command: 'run' } }
  const options: RunOptions = { jobs: 1, seed: 'abc', cases: 2, journal, budget: 1, shrink: false }
  afterAll(project.remove)

  beforeAll(async () => {
    await withJournal({ journal }, async (opened) => {
      await opened?.begin(some)
    })
  })

  it('C1: another campaign is refused, and every difference is named', async () => {
    const refused = runCommand(project, { ...options, seed: 'def' }, output)
    await expect(refused).rejects.toMatchObject({ code: 'CAMPAIGN_MISMATCH' })
    await expect(refused).rejects.toThrow('this journal is of another campaign:\n  seed: abc / def')
    await expect(refused).rejects.toThrow('shard: nothing / all of it')
  })

  it('a second process is refused while the first has it', async () => {
    await withJournal({ journal }, async () => {
      const second = runCommand(project, options, output)
      await expect(second).rejects.toMatchObject({ code: 'CAMPAIGN_OWNED' })
      await expect(second).rejects.toThrow('--takeover always')
    })
  })

  it('with --takeover always the second has it, and the first can commit nothing more', async () => {
    await withJournal({ journal }, async (first) => {
      await first?.begin(some)
      await withJournal({ journal, takeover: 'always' }, async (second) => {
        await second?.begin(some)
        await second?.note('of the second')
        const late = first?.note('of the first')
        await expect(late).rejects.toMatchObject({
          code: 'CAMPAIGN_JOURNAL',
          details: { code: 'FENCED' },
        })
        await expect(late).rejects.toThrow('another process has taken this campaign over')
        await expect(first?.note('more')).rejects.toThrow('taken this campaign over')
      })
    })
    await withJournal({ journal }, (third) => {
      expect(third?.has('of the second')).toBe(true)
      expect(third?.has('of the first')).toBe(false)
      return Promise.resolve()
    })
  })

  it.each([
    [{ takeover: 'always' }, '--takeover is about a --journal'],
    [{ journal, resume: 'result.json' }, '--journal and --resume exclude each other'],
  ] as const)('%j is no use', async (wrong, why) => {
    await expect(withJournal(wrong, () => Promise.resolve(0))).rejects.toThrow(why)
  })
})
