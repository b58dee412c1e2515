import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { explorerShare, gateCommand, type GateOptions } from '../../../harness/commands/gate.ts'
import { judgeCommand } from '../../../harness/commands/judge.ts'
import { reportCommand } from '../../../harness/commands/report.ts'
import { nightlySeeds, nightOf, rangeSeeds } from '../../../harness/commands/seeds.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { readResult, type Result } from '../../../harness/report/result/result.ts'
import { notebook, notebookProject } from '../fixtures/notebook-project.ts'
import { madeResult } from '../report/made-result.ts'

const quick = { jobs: 2, seed: 'abc', cases: 8, workloads: 1, explore: false } satisfies GateOptions

async function gate(
  project: ReturnType<typeof notebookProject>,
  more: Partial<GateOptions> = {},
): Promise<{ readonly code: number; readonly lines: readonly string[]; readonly result: Result }> {
  const output = keptOutput()
  const out = more.out ?? join(project.directory, 'out')
  const code = await gateCommand(project, { ...quick, environment: {}, ...more, out }, output)
  return { code, lines: output.lines, result: readResult(join(out, 'result.json')) }
}

/** Tokens of a result, with what came of each. */
function casesOf({ cases }: Result): readonly string[] {
  return cases.group.map(
    (group, index) =>
      `${cases.groups[group]?.prefix ?? ''}${cases.schedule[index] ?? ''} ${cases.verdicts[cases.verdict[index] ?? -1] ?? ''}`,
  )
}

describe('gate: a journal that loses what it acknowledged', () => {
  const project = notebookProject('ack-first')
  const file = (name: string): string => join(project.directory, name)
  let ran: Awaited<ReturnType<typeof gate>>
  beforeAll(async () => {
    ran = await gate(project, {
      junit: file('junit.xml'),
      html: file('report.html'),
      artifacts: file('artifacts'),
      save: true,
      environment: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file('summary.md') },
    })
  })
  afterAll(() => project.remove())

  it('is red, writes what the environment asks for, and ends with the replay line', () => {
    expect(ran.code).toBe(1)
    expect(ran.lines.filter((line) => line.startsWith('::error '))).toHaveLength(1)
    expect(ran.lines.at(-1)).toMatch(/^ {2}replay {2}npx killpoint replay kp1:pages:/)
    expect(readFileSync(file('summary.md'), 'utf8')).toContain('LOST_COMMIT')
    expect(readFileSync(file('junit.xml'), 'utf8')).toContain('<failure message="LOST_COMMIT')
    expect(readFileSync(file('report.html'), 'utf8')).toContain('id="result"')
  })

  it('tells the lives of the failure: the crash, what was lost, what ran again', () => {
    const [failure] = ran.result.failures
    const flags = failure?.timeline?.rows.flatMap((row) => row.flags) ?? []
    for (const flag of ['crash', 'lost', 'again', 'broken']) expect(flags).toContain(flag)
  })

  it('keeps an artifact that is judged again without a process, as broken as it was', () => {
    const [name = ''] = readdirSync(file('artifacts'))
    const folder = join(file('artifacts'), name)
    for (const part of ['case.json', 'history.jsonl', 'trace/life-1.jsonl', 'before/notes.jsonl'])
      expect(existsSync(join(folder, part))).toBe(true)
    const output = keptOutput()
    expect(judgeCommand(folder, output)).toBe(1)
    expect(output.lines).toContain('the same verdict as when it was stored')
    writeFileSync(join(folder, 'history.jsonl'), readFileSync(join(folder, 'control.jsonl')))
    expect(judgeCommand(folder, keptOutput())).not.toBe(1)
    writeFileSync(join(folder, 'case.json'), '{}')
    expect(() => judgeCommand(folder, keptOutput())).toThrow(
      expect.objectContaining({ code: 'ARTIFACT_INVALID' }),
    )
  })

  it('says the same from the file alone', () => {
    const output = keptOutput()
    const result = join(project.directory, 'out', 'result.json')
    const code = reportCommand([result], { environment: {} }, project.directory, output)
    expect(code).toBe(1)
    expect(output.lines.at(-1)).toBe(ran.lines.at(-1))
  })

  it('a saved case whose scenario is gone is stale, and no failure', async () => {
    const fixed = { ...project, systems: [notebook()] }
    const { scenarios } = fixed
    const renamed = scenarios.map((each) => ({ ...each, name: `${each.name}-new` }))
    const { code, result } = await gate({ ...fixed, scenarios: renamed }, { cases: 4 })
    expect(code).toBe(0)
    expect(result.corpus).toMatchObject([{ outcome: 'stale' }])
    rmSync(project.corpus, { recursive: true, force: true })
  })
})

describe('gate: shards', () => {
  const project = notebookProject()
  const shardFile = (index: number): string =>
    join(project.directory, `shard-${index}`, 'result.json')
  let whole: Result
  const parts: Result[] = []
  beforeAll(async () => {
    whole = (await gate(project)).result
    for (const index of [1, 2]) {
      const out = join(project.directory, `shard-${index}`)
      parts.push((await gate(project, { shard: { index, of: 2 }, out })).result)
    }
  })
  afterAll(() => project.remove())

  it('together are the whole, no case twice', () => {
    const all = parts.flatMap(casesOf).filter((each) => !each.includes(':-'))
    expect(new Set(all).size).toBe(all.length)
    const joined = join(project.directory, 'joined.json')
    const options = { merge: true, result: joined, environment: {} }
    const files = [1, 2].map(shardFile)
    expect(reportCommand(files, options, project.directory, keptOutput())).toBe(0)
    const merged = readResult(joined)
    expect(merged.cases).toEqual(whole.cases)
    for (const name of ['cases', 'kills', 'fired', 'sometimes', 'recovered', 'notFired'] as const)
      expect(merged.coverage[0]?.[name]).toEqual(whole.coverage[0]?.[name])
    const sorted = (result: Result): unknown =>
      result.coverage[0]?.workloads.map(({ killedAt, points }) => [killedAt.toSorted(), points])
    expect(sorted(merged)).toEqual(sorted(whole))
  })

  it('what a stopped campaign ran is not run again, and both are the whole', async () => {
    const stopped = join(project.directory, 'stopped.json')
    const { shards: _, ...rest } = readResult(shardFile(1))
    writeFileSync(stopped, JSON.stringify({ ...rest, shards: [], stopped: true }))
    const resumed = await gate(project, { resume: stopped, out: join(project.directory, 'rest') })
    expect(resumed.code).toBe(0)
    expect(resumed.result.cases).toEqual(whole.cases)
  })
})

describe('gate: seeds and shares', () => {
  it('no night has a seed of another, and none is that of a commit', () => {
    const first = nightlySeeds(1_000 * 86_400_000)
    const second = nightlySeeds(1_001 * 86_400_000)
    expect(new Set([...first, ...second]).size).toBe(first.length + second.length)
    for (const seed of [...first, ...rangeSeeds({ from: 1, to: 3 })])
      expect(seed).not.toMatch(/^[0-9a-f]+$/)
  })

  it('each seed of a night names it, and no other seed does', () => {
    const night = nightlySeeds(1_000 * 86_400_000)
    for (const seed of night) expect(nightOf(seed)).toEqual(night)
    for (const seed of ['', 'n', 'abc', 'n1x']) expect(nightOf(seed)).toBeUndefined()
  })

  it('a night that was stopped is the same night after midnight', async () => {
    const project = notebookProject()
    const { seed: _, ...seedless } = quick
    const out = join(project.directory, 'night')
    const options = { ...seedless, cases: 2, budget: 1, nightly: true, out, environment: {} }
    const day = 86_400_000
    try {
      vi.useFakeTimers({ toFake: ['Date'], now: 1_000 * day })
      await gateCommand(project, options, keptOutput())
      const before = join(out, 'result.json')
      vi.setSystemTime(1_001 * day)
      const resume = join(project.directory, 'stopped.json')
      writeFileSync(resume, JSON.stringify({ ...readResult(before), stopped: true }))
      await gateCommand(project, { ...options, resume }, keptOutput())
      expect(readResult(before).seeds).toEqual(['n16000'])
    } finally {
      vi.useRealTimers()
      project.remove()
    }
  })

  it('runs a range of seeds into one result', async () => {
    const project = notebookProject()
    const { seed: _, ...seedless } = quick
    const output = keptOutput()
    const out = join(project.directory, 'out')
    const options = { ...seedless, cases: 4, seeds: { from: 1, to: 2 }, out, environment: {} }
    const code = await gateCommand(project, options, output)
    const result = readResult(join(out, 'result.json'))
    project.remove()
    expect(code).toBe(0)
    expect(result.seeds).toEqual(['n1', 'n2'])
    expect(result.coverage[0]?.workloads).toHaveLength(2)
  })

  it('the explorer gets more the fewer points were killed at, and nothing where there are none', () => {
    const { coverage } = madeResult({ ops: 100 })
    const killedAt = Array.from({ length: 100 }, (_, op) => `K${op + 1}`)
    const killed = coverage.map((each) => ({
      ...each,
      workloads: each.workloads.map((workload) => ({ ...workload, killedAt })),
    }))
    const systems = [notebook('', 'file')]
    expect(explorerShare(killed, systems)).toBe(1)
    expect(explorerShare(coverage, systems)).toBeCloseTo(100 / 198)
    expect(explorerShare([], systems)).toBe(0)
  })
})
