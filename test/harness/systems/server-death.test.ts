/** The server behind a journal is killed with SIGKILL in the cases of a campaign, alone and with the worker. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { replayCommand } from '../../../harness/commands/replay.ts'
import { runCommand } from '../../../harness/commands/run.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import type { System } from '../../../harness/system.ts'
import { postgresSystem } from '../../../harness/systems/databases.ts'
import { findPostgres, noPostgresHint } from '../../../harness/systems/postgres-programs.ts'
import { postgresService } from '../../../harness/systems/postgres-service.ts'
import { backendSystem } from '../../../harness/systems/reference.ts'
import { serverDeath } from '../../../scenarios/server-death.ts'

const whyNot =
  findPostgres(process.cwd()) === undefined
    ? `there is no PostgreSQL here: ${noPostgresHint}`
    : undefined

type Kept = { readonly token: string; readonly verdict: string }

interface Ran {
  readonly cases: readonly Kept[]
  readonly said: string
  /** What the replay of the last case that does not hold says; empty where all hold. */
  readonly replayed: string
}

/** A small campaign. */
async function ran(system: System, cases: number): Promise<Ran> {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-server-'))
  const project = {
    directory,
    config: { systems: [system] },
    scenarios: [serverDeath],
    systems: [system],
    corpus: join(directory, 'corpus'),
    records: join(directory, 'records'),
  }
  try {
    const [output, again] = [keptOutput(), keptOutput()]
    const few = { jobs: 2, seed: 'dba5e', cases, shrink: false, explore: false } as const
    await runCommand(project, few, output)
    const kept = readFileSync(join(directory, '.killpoint', 'cases.jsonl'), 'utf8')
    const told = kept.trimEnd().split('\n')
    const all = told.map((line) => JSON.parse(line) as Kept)
    const broken = all.findLast(({ verdict }) => verdict !== 'HOLDS')
    if (broken !== undefined) await replayCommand(project, broken.token, { times: 1 }, again)
    return { cases: all, said: output.lines.join('\n'), replayed: again.lines.join('\n') }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Acknowledges before it writes, for ten seconds; and nobody asks. */
function deafSystem(): System {
  const system = postgresSystem({
    name: 'deaf',
    service: postgresService({
      scope: 'case',
      settings: { synchronous_commit: 'off', wal_writer_delay: '10s' },
    }),
  })
  const module = fileURLToPath(new URL('fixtures/deaf-postgres.ts', import.meta.url))
  return { ...system, ...backendSystem({ ...system, module }) }
}

describe.runIf(whyNot === undefined)('the server is killed', () => {
  it('the journal that ships holds: in an append, at a mark, with its worker', async () => {
    const { cases, said } = await ran(
      postgresSystem({ service: postgresService({ scope: 'case' }) }),
      4,
    )
    expect(cases.filter(({ verdict }) => verdict !== 'HOLDS')).toEqual([])
    const schedules = cases.map(({ token }) => token.split(':').at(-1))
    expect(schedules).toEqual([
      '-',
      expect.stringMatching(/^M\d+\+?=server-kill$/),
      expect.stringMatching(/^M\d+\+?=server-kill$/),
      expect.stringMatching(/^X\d+\+?$/),
      expect.stringMatching(/^M\d+\+=server-kill~M\d+\+?=kill$/),
    ])
    expect(said).toMatch(
      /the server was killed in the middle of an append +server-death +postgres +[1-9]/,
    )
  })

  it('a server that acknowledges before it writes loses a commit, by a token that replays', async () => {
    const { cases, replayed } = await ran(deafSystem(), 1)
    const lost = cases.find(({ verdict }) => verdict !== 'HOLDS')
    expect(lost).toMatchObject({ verdict: 'LOST_COMMIT' })
    expect(lost?.token).toMatch(/^kp1:server-death:deaf:[0-9a-f]+:posix:M\d+\+=server-kill$/)
    expect(replayed).toContain(`replay   npx killpoint replay ${lost?.token}`)
    expect(replayed).toContain('LOST_COMMIT  S1 an acked record survives')
  })
})

if (whyNot !== undefined) it.skip(`not judged: ${whyNot}`, () => undefined)
