import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { workloadOfSeed } from '../../../harness/campaign/group.ts'
import { digestOf, failureOf } from '../../../harness/campaign/identity.ts'
import { Workbench } from '../../../harness/campaign/workbench.ts'
import { find, replayCommand, type ReplayOptions } from '../../../harness/commands/replay.ts'
import { shrinkCommand } from '../../../harness/commands/shrink.ts'
import { saveCase } from '../../../harness/corpus/corpus.ts'
import { nameOps } from '../../../harness/corpus/place.ts'
import { stringifySavedCase, type SavedCase } from '../../../harness/corpus/saved-case.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { notebook, notebookProject, pages } from '../fixtures/notebook-project.ts'

let project: ReturnType<typeof notebookProject>
afterEach(() => project.remove())

/** Kills between the ack and the write of a notebook that acknowledges first. */
const lost = 'kp1:pages:notebook:abc:posix:K8'

async function replay(
  text: string,
  options: Partial<ReplayOptions> = {},
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const output = keptOutput()
  const code = await replayCommand(project, text, { times: 1, ...options }, output)
  return { code, lines: output.lines }
}

/** What a campaign saves of a failure. */
async function savedFrom(token: string): Promise<SavedCase> {
  const bench = new Workbench({ codeCache: false })
  try {
    const { group, order } = await find(project, token)
    const tried = await bench.run(group, order, { kind: 'class', name: 'kill' })
    if (tried.kind !== 'case') throw new Error(tried.why)
    const { report } = tried
    return {
      token,
      scenario: 'pages',
      system: 'notebook',
      seed: 'abc',
      profile: 'posix',
      workload: group.workload,
      named: await nameOps(order.schedule, await bench.opsOfSlot(group)),
      verdict: report.verdict,
      failure: failureOf(report),
      digest: digestOf(report),
      found: 'killpoint in a test',
    }
  } finally {
    await bench.close()
  }
}

describe('replay: a token', () => {
  it.each([
    ['L8=sticky', /L8=sticky: only single lies can be told .* take L8, or killpoint audit/],
    ['H5', /H5: no engine of this version carries it out: take K5/],
  ])('of %s, which no engine carries out, is refused, and no failure', async (schedule, why) => {
    project = notebookProject()
    const token = `kp1:pages:notebook:abc:posix:${schedule}`
    const refused = { code: 'OPTION_INVALID', message: expect.stringMatching(why) as unknown }
    await expect(replay(token)).rejects.toMatchObject(refused)
    const few = { jobs: 1, save: false }
    await expect(shrinkCommand(project, token, few, keptOutput())).rejects.toMatchObject(refused)
  })

  it('gives the whole failure, and the replay line last', async () => {
    project = notebookProject('ack-first')
    const { code, lines } = await replay(lost)
    expect(code).toBe(1)
    const text = lines
      .join('\n')
      .replaceAll(/killpoint \d.*?(?:git none|x64|arm64)/g, 'ENVIRONMENT')
    expect(text.replaceAll(/\S*(notebook\.ts:)/g, '…/$1')).toMatchInlineSnapshot(`
      "ENVIRONMENT  git none
      pages × notebook  seed abc  3 steps  schedule K8

      nothing to compare with: no run on record; --times 2 compares two runs

      ✗ pages × notebook   LOST_COMMIT  S1 an acked record survives
        life 1  killed before op 8   write notes.jsonl +39 bytes at 0   …/notebook.ts:58
        life 2  record 1 was acked in life 1 and is gone; recovered 0 records in epoch 2
        ENVIRONMENT  profile posix
        replay  npx killpoint replay kp1:pages:notebook:abc:posix:K8"
    `)
  })

  it('says that a case holds, and how to run it again', async () => {
    project = notebookProject()
    const { code, lines } = await replay(lost, { times: 2 })
    expect(code).toBe(0)
    expect(lines.slice(-3)).toEqual([
      'the same marks in 2 of 2 runs; no run on record to compare with',
      '✓ HOLDS',
      `  replay  npx killpoint replay ${lost}`,
    ])
  })

  it('is no case where its fault is not reached', async () => {
    project = notebookProject()
    const { code, lines } = await replay('kp1:pages:notebook:abc:posix:K900')
    expect(code).toBe(2)
    expect(lines.at(-2)).toBe('no case: K900 was not reached: the life ended before it')
  })

  it('keeps the directories on request', async () => {
    project = notebookProject()
    const { lines } = await replay(lost, { keep: true })
    const kept = lines.find((line) => line.startsWith('kept  '))?.slice('kept  '.length) ?? ''
    expect(readdirSync(kept).sort()).toEqual([
      'ledger.jsonl',
      'state',
      'tmp',
      'trace',
      'workload.json',
    ])
    rmSync(dirname(kept), { recursive: true })
  })

  it('refuses a scenario and a system that nobody knows, naming those that are known', async () => {
    project = notebookProject()
    await expect(replay('kp1:page:notebook:abc:posix:-')).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
      hint: 'known are pages, tree',
    })
    await expect(replay('kp1:pages:book:abc:posix:-')).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
      hint: 'known are notebook',
    })
  })

  it('refuses a text that is neither a token nor a file', async () => {
    project = notebookProject()
    await expect(replay('nothing.json')).rejects.toMatchObject({ code: 'TOKEN_SYNTAX' })
    await expect(replay('kp9:pages:notebook:abc:posix:-')).rejects.toMatchObject({
      code: 'TOKEN_VERSION',
    })
  })
})

describe('replay: with a record of the case', () => {
  it('is exact where every mark is the same', async () => {
    project = notebookProject('ack-first')
    await saveCase(project.records, await savedFrom(lost))
    const { code, lines } = await replay(lost, { times: 2 })
    expect(code).toBe(1)
    expect(lines).toContain('exact: LOST_COMMIT S1 again, by the same marks, in 2 of 2')
  })

  it('is the same verdict by another trace where a mark differs', async () => {
    project = notebookProject('ack-first')
    await saveCase(project.records, { ...(await savedFrom(lost)), digest: 'another' })
    const { lines } = await replay(lost)
    expect(lines).toContain('same verdict by another trace: LOST_COMMIT S1 in 1 of 1')
  })

  it('is not reproduced where the bug is gone', async () => {
    project = notebookProject('ack-first')
    await saveCase(project.records, await savedFrom(lost))
    const fixed = { ...project, systems: [notebook()] }
    const output = keptOutput()
    expect(await replayCommand(fixed, lost, { times: 3 }, output)).toBe(0)
    expect(output.lines).toContain('not reproduced: LOST_COMMIT S1 in 0 of 3; found HOLDS')
  })
})

describe('replay: a file', () => {
  it('places the fault where its op is now', async () => {
    project = notebookProject('ack-first')
    const saved = await savedFrom(lost)
    // The same case as an older program had it: two ops fewer before the write.
    const named = {
      schedule: parseSchedule('K6'),
      ops: saved.named.ops.map((each) => ({ ...each, op: 6 })),
    }
    writeFileSync(join(project.directory, 'old.json'), stringifySavedCase({ ...saved, named }))
    const { code, lines } = await replay('old.json')
    expect(code).toBe(1)
    expect(lines).toContain('exact: LOST_COMMIT S1 again, by the same marks')
    expect(lines.at(-1)).toBe('  replay  npx killpoint replay old.json')
  })

  it('is stale where an op is gone, and says which', async () => {
    project = notebookProject('ack-first')
    const saved = await savedFrom(lost)
    const ops = saved.named.ops.map((each) => ({
      ...each,
      is: [{ like: 'rename #.jsonl', nth: 1, of: 1 }],
    }))
    const named = { ...saved.named, ops }
    writeFileSync(join(project.directory, 'old.json'), stringifySavedCase({ ...saved, named }))
    const { code, lines } = await replay('old.json')
    expect(code).toBe(2)
    expect(lines).toContain('stale: life 1 has no rename #.jsonl any more')
  })

  it('runs the workload in it, whatever the seed draws today', async () => {
    project = notebookProject('ack-first')
    const saved = { ...(await savedFrom(lost)), seed: 'other' }
    const [system] = project.systems
    if (system === undefined) throw new Error('the project has no system')
    expect(workloadOfSeed(pages, system, 'other')).not.toEqual(saved.workload)
    mkdirSync(project.corpus, { recursive: true })
    writeFileSync(join(project.corpus, 'one.json'), stringifySavedCase(saved))
    const { code } = await replay(join(project.corpus, 'one.json'))
    expect(code).toBe(1)
  })
})
