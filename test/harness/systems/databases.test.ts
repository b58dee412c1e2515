/**
 * The database journals under real kills: every case of a small campaign holds.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../../harness/commands/run.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import type { System } from '../../../harness/system.ts'
import { postgresSystem, sqliteSystem } from '../../../harness/systems/databases.ts'
import { findPostgres, noPostgresHint } from '../../../harness/systems/postgres-programs.ts'
import { finishedRun } from '../../../scenarios/finished-run.ts'
import { loop } from '../../../scenarios/loop.ts'
import { lostAnswers } from '../../../scenarios/lost-answers.ts'
import { zombie } from '../../../scenarios/zombie.ts'

/** What came of each case, by its token. */
async function verdictsOf(system: System): Promise<readonly (readonly [string, string])[]> {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-databases-'))
  const project = {
    directory,
    config: { systems: [system] },
    scenarios: [loop, zombie, finishedRun, lostAnswers],
    systems: [system],
    corpus: join(directory, 'corpus'),
    records: join(directory, 'records'),
  }
  try {
    await runCommand(
      project,
      { jobs: 2, seed: 'dba5e', cases: 6, shrink: false, explore: false },
      keptOutput(),
    )
    const lines = readFileSync(join(directory, '.killpoint', 'cases.jsonl'), 'utf8').trimEnd()
    return lines.split('\n').map((line) => {
      const { token, verdict } = JSON.parse(line) as { token: string; verdict: string }
      return [token, verdict] as const
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

describe('databases: every case of a small campaign holds', () => {
  it('over SQLite', async () => {
    const verdicts = await verdictsOf(sqliteSystem({ binding: 'libsql' }))
    expect(verdicts.filter(([, verdict]) => verdict !== 'HOLDS')).toEqual([])
    expect(verdicts.length).toBeGreaterThan(15)
  })
  it('over PostgreSQL, on a server of the campaign', async (context) => {
    if (findPostgres(process.cwd()) === undefined)
      context.skip(`there is no PostgreSQL here: ${noPostgresHint}`)
    const verdicts = await verdictsOf(postgresSystem())
    expect(verdicts.filter(([, verdict]) => verdict !== 'HOLDS')).toEqual([])
    // Stopped by SIGTERM, its connection once kept a worker alive for ever.
    expect(verdicts.some(([token]) => /:T\d+$/.test(token))).toBe(true)
    // The server committed, and the answer was swallowed with its connection; and the worker died with the answer unread.
    expect(verdicts.some(([token]) => /lost-answers.*:M\d+\+=reset$/.test(token))).toBe(true)
    expect(verdicts.some(([token]) => /lost-answers.*:M\d+\+=kill-answered$/.test(token))).toBe(
      true,
    )
  })
})
