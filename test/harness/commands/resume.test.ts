import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand, type RunOptions } from '../../../harness/commands/run.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { readResult, writeResult, type Result } from '../../../harness/report/result/result.ts'
import { notebookProject, pages } from '../fixtures/notebook-project.ts'

const project = notebookProject('', { scenarios: [pages] })
const at = (name: string): string => join(project.directory, name)
const asked = { jobs: 2, cases: 4, explore: false, shrink: false } as const

async function run(options: Partial<RunOptions>): Promise<{ code: number; text: string }> {
  const output = keptOutput()
  const code = await runCommand(project, { ...asked, ...options }, output)
  return { code, text: output.lines.join('\n') }
}

const tokensOf = (name: string): string[] =>
  readFileSync(join(at(name), 'cases.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { token: string }).token)

describe('--resume', () => {
  let first: Result
  const file = (): string => join(at('first'), 'result.json')
  beforeAll(async () => {
    await run({ seed: 'abc', out: at('first'), shard: { index: 1, of: 2 } })
    const { shards: _, ...rest } = readResult(file())
    first = { ...rest, shards: [], stopped: true }
    writeResult(file(), first)
  })
  afterAll(() => project.remove())

  it('takes the seed of the result, and every case of both parts is written down', async () => {
    await run({ resume: file(), out: at('rest') })
    const whole = readResult(join(at('rest'), 'result.json'))
    expect(whole.seeds).toEqual(['abc'])
    expect(whole.coverage[0]?.cases).toBe(4)
    const tokens = tokensOf('rest')
    expect(tokens).toEqual(expect.arrayContaining(tokensOf('first')))
    expect(new Set(tokens).size).toBe(whole.cases.group.length)
  })

  it('cases whose lines are gone are written down as the result knows them', async () => {
    const alone = at('alone.json')
    writeResult(alone, first)
    await run({ resume: alone, out: at('again') })
    expect(new Set(tokensOf('again'))).toEqual(new Set(tokensOf('rest')))
  })

  it('what was explored in part is explored anew, and the whole stands in its place', async () => {
    const few = { cases: 2, explore: true, seed: 'abc' }
    await run({ ...few, out: at('explored') })
    const path = join(at('explored'), 'result.json')
    const whole = readResult(path)
    const inPart = whole.explored.map((each, place) => ({
      ...each,
      pointsLeft: 5,
      verdict: 'INCONCLUSIVE',
      // A stop before its first state leaves no token.
      ...(place === 0 ? {} : { prefix: '' }),
    }))
    writeResult(path, { ...whole, explored: inPart, verdict: 'INCONCLUSIVE', stopped: true })
    await run({ ...few, resume: path, out: at('explored-rest') })
    const rest = readResult(join(at('explored-rest'), 'result.json'))
    const told = ({ explored }: Result): unknown =>
      explored.map(({ verdict, pointsLeft, counts }) => [verdict, pointsLeft, counts['checked']])
    expect(whole.explored.length).toBeGreaterThan(0)
    expect(told(rest)).toEqual(told(whole))
  })

  it('refuses another campaign with every difference, before anything runs', async () => {
    const output = keptOutput()
    const options = { ...asked, seed: 'other', cases: 5, profile: 'ext4', resume: file() }
    await expect(runCommand(project, options, output)).rejects.toMatchObject({
      code: 'RESULT_MISMATCH',
      message: expect.stringMatching(
        /seed: abc \/ other\n {2}profile: posix \/ ext4\n {2}cases a workload: 4 \/ 5\n {2}hint: /,
      ),
    })
    expect(output.lines).toEqual([])
  })
})
