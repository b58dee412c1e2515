import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { crashTest, type CrashTestOptions } from '../../harness/vitest.ts'
import { cli, said } from './commands/cli.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const config = 'test/harness/fixtures/vitest-project/vitest.config.ts'

interface Result {
  readonly fullName: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

let code: number | null = null
const results = new Map<string, Result>()

beforeAll(async () => {
  const program = 'node_modules/vitest/vitest.mjs'
  const args = [program, 'run', '--config', config, '--reporter', 'json']
  const { VITEST: _, ...env } = process.env
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ran = await said(child)
  code = ran.code
  const report = JSON.parse(ran.stdout) as { testResults: { assertionResults: Result[] }[] }
  for (const result of report.testResults.flatMap((each) => each.assertionResults))
    results.set(result.fullName.split(':')[0] ?? '', result)
})

function resultOf(module: string, scenario: string): Result | undefined {
  return results.get(`crash tests of examples/backends/${module} ${scenario}`)
}

describe('killpoint/vitest', () => {
  it('makes one test per system and scenario', () => {
    expect(code).toBe(1)
    expect([...results.keys()].sort()).toEqual([
      'crash tests of examples/backends/correct.ts finished-run',
      'crash tests of examples/backends/correct.ts power',
      'crash tests of examples/backends/nowhere.ts finished-run',
      'crash tests of examples/backends/wrong.ts finished-run',
    ])
  })

  it('passes where the system holds, and skips what it does not claim', () => {
    expect(resultOf('correct.ts', 'finished-run')?.status).toBe('passed')
    expect(resultOf('correct.ts', 'power')?.status).toBe('skipped')
  })

  it('fails with the whole story, the replay line last, and the line works', async () => {
    const failed = resultOf('wrong.ts', 'finished-run')
    expect(failed?.status).toBe('failed')
    const lines = failed?.failureMessages[0]?.trimEnd().split('\n') ?? []
    expect(lines[0]).toMatch(/^CrashTestError: ✗ finished-run × examples\/backends\/wrong\.ts/)
    expect(lines.at(-1)).toMatch(/^ {2}replay\s+npx killpoint replay kp1:finished-run:\S+$/)
    const token = lines.at(-1)?.split(' ').at(-1) ?? ''
    const again = await cli(['replay', token], root)
    expect(again.code).toBe(1)
    expect(again.stdout).toContain('exact: LOST_COMMIT S1')
  })

  it('fails with everything that is wrong with a module', () => {
    const failed = resultOf('nowhere.ts', 'finished-run')
    expect(failed?.status).toBe('failed')
    expect(failed?.failureMessages[0]).toContain('examples/backends/nowhere.ts cannot be tested:')
  })

  it('refuses to test nothing', () => {
    expect(() => crashTest({})).toThrow(/needs a system/)
  })

  it('refuses options that would test nothing, and says all that is wrong', () => {
    const options = { system: 'x.ts', seed: 'a b', cases: 0, workloads: 0.5, jobs: 9_999 }
    expect(() => crashTest(options)).toThrow(
      /seed: .*'a b' came\n {2}jobs: expected at most \d+ on this machine.*9999 came\n {2}cases: .*0 came\n {2}workloads: .*0\.5 came\n {2}hint/,
    )
    expect(() => crashTest({ system: 'x.ts', scenarios: [] })).toThrow(/scenarios: expected one/)
    const scenarios = ['nope', { name: 'half' }] as unknown as CrashTestOptions['scenarios']
    expect(() => crashTest({ system: 'x.ts', ...(scenarios && { scenarios }) })).toThrow(
      /scenarios\[0\]: expected an object, found "nope"\n {2}scenarios\[1\] "half": title: expected a text/,
    )
  })
})
