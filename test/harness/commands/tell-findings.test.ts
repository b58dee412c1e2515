/** Findings of the explorer that processes do not show, and those that a stop leaves nobody the time to look at. */
import { afterEach, describe, expect, it } from 'vitest'
import { runExploration, type ExplorationOrder } from '../../../harness/commands/exploration.ts'
import { sayResult } from '../../../harness/commands/result.ts'
import { tellFindings, type FindingsOrder } from '../../../harness/commands/tell-findings.ts'
import { withLost, type ExploredFinding } from '../../../harness/explorer/confirm-findings.ts'
import type { ScenarioExplored } from '../../../harness/explorer/explore.ts'
import { noCounts } from '../../../harness/explorer/job.ts'
import { readEnvironment } from '../../../harness/report/environment.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { ResultGatherer } from '../../../harness/report/result/gather.ts'
import { notebookProject, pages } from '../fixtures/notebook-project.ts'

let project: ReturnType<typeof notebookProject>
afterEach(() => project.remove())

const what = 'record 1 was acked in life 1 and is gone'

/** What fresh processes are said to have confirmed. */
function finding(schedule: string, more: Partial<ExploredFinding> = {}): ExploredFinding {
  return {
    token: `kp1:pages:notebook:abc:posix:${schedule}`,
    schedule,
    op: 8,
    missing: 0,
    verdict: 'LOST_COMMIT',
    invariant: 'S1',
    what,
    details: [],
    fingerprint: 'LOST_COMMIT S1 kill',
    count: 3,
    isConfirmed: true,
    confirmed: 'LOST_COMMIT S1',
    finding: { verdict: 'LOST_COMMIT', invariant: 'S1', life: 2, what, details: [] } as never,
    mayDiffer: false,
    ...more,
  }
}

function explored(...findings: readonly ExploredFinding[]): ScenarioExplored {
  const counts = { ...noCounts, checked: 9 }
  const much = { ops: 9, points: 10, pointsLeft: 0, counts, verdict: 'LOST_COMMIT' } as const
  return { scenario: 'pages', system: 'notebook', ...much, findings }
}

function orderOf(stop: AbortSignal): FindingsOrder {
  const { scenarios, systems, directory } = project
  const environment = readEnvironment(directory)
  const how = { profile: 'posix', jobs: 1, quietMs: 1_000, shrinkMs: 0, save: false }
  return { project, scenarios, systems, environment, stop, ...how }
}

describe('a finding that holds when it runs again in processes of its own', () => {
  it.each([
    [false, 'HARNESS_ERROR', /^! the harness is at fault: the explorer and processes disagree: /],
    [true, 'INCONCLUSIVE', /^\? not known, /],
  ] as const)('is no failure (may differ: %s): %s', async (mayDiffer, verdict, words) => {
    project = notebookProject()
    const order = orderOf(new AbortController().signal)
    const found = finding('K8', { mayDiffer })
    const { told, verdicts, lost } = await tellFindings(order, [found], keptOutput())
    expect([told, verdicts, lost]).toEqual([[], [], [{ token: found.token, shown: 'HOLDS' }]])
    const gatherer = new ResultGatherer({
      command: 'explore',
      directory: project.directory,
      seed: 'abc',
      profile: 'posix',
      cases: 0,
      workloads: 1,
      environment: order.environment,
      scenarios: order.scenarios,
      systems: order.systems,
    })
    for (const each of [explored(found), withLost(explored(found), lost)]) gatherer.explored(each)
    const result = gatherer.build({ failures: told, untold: 0, isStopped: false })
    expect([result.verdict, result.explored.length]).toEqual([verdict, 1])
    const output = keptOutput()
    sayResult(result, output)
    const line = output.lines.find((each) => words.test(each))
    expect(line).toContain(`LOST_COMMIT (${what}) in memory, HOLDS in processes: ${found.token}`)
    expect(output.lines.at(-1)).toMatch(/^[✗?] (HARNESS_ERROR|inconclusive)$/)
  })

  it('takes nothing away of what others showed', () => {
    project = notebookProject()
    const [shown, gone] = [finding('K8'), finding('K9')]
    const lost = [{ token: gone.token, shown: 'HOLDS' }]
    const told = withLost(explored(shown, gone), lost)
    expect(told.findings).toMatchObject([
      { isConfirmed: true, confirmed: 'LOST_COMMIT S1' },
      { isConfirmed: false, confirmed: 'HOLDS' },
    ])
    expect(withLost(explored(shown), lost)).toEqual(explored(shown))
  })
})

describe('a stop', () => {
  it('before findings are looked at again has them told as they were found', async () => {
    project = notebookProject()
    const findings = [finding('K8'), finding('K9'), finding('P8', { fingerprint: 'another' })]
    const { told, untold, verdicts } = await tellFindings(
      orderOf(AbortSignal.abort()),
      findings,
      keptOutput(),
    )
    expect(told.map(({ first, alike }) => [first, alike])).toEqual(
      [findings[0], findings[2]].map((each) => [each?.token, 3]),
    )
    expect([untold, verdicts]).toEqual([0, findings.map(() => 'LOST_COMMIT')])
    const lines = told[0]?.text.split('\n') ?? []
    expect(lines[0]).toMatch(/^✗ pages × notebook {3}LOST_COMMIT {2}S1 /)
    expect(lines).toContain('  life 1  killed before op 8')
    expect(lines).toContain('  note    stopped before it was looked at')
    expect(lines.at(-1)).toBe(`  replay  npx killpoint replay ${findings[0]?.token ?? ''}`)
  })

  it('that cuts down an exploration leaves what was found before it', async () => {
    project = notebookProject('ack-first')
    const stopping = new AbortController()
    const { scenarios: _, ...order } = orderOf(stopping.signal)
    const asked: ExplorationOrder = {
      ...order,
      scenarios: [pages],
      seed: 'abc',
      profile: 'posix',
      depth: 1,
      nestedEvery: 1,
      perKind: true,
      harms: ['kill'],
      bail: Infinity,
      // A shard of the next scenario dies of the terminal's Ctrl-C.
      onScenario: () => {
        stopping.abort()
        throw new Error('a shard died')
      },
    }
    const { results, failures, verdict } = await runExploration(asked, keptOutput())
    expect(results.map(({ scenario }) => scenario)).toEqual(['pages'])
    expect(failures.length).toBeGreaterThan(0)
    for (const { text } of failures) expect(text).toContain('stopped before it was looked at')
    expect(verdict).toBe('LOST_COMMIT')
  })
})
