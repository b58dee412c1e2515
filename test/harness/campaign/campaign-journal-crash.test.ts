/** The journal of campaigns under killpoint's own test: every crash state of it. */
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explore } from '../../../harness/explorer/explore.ts'
import { killAtOp } from '../../../harness/fault-classes.ts'
import type { SourceTransform } from '../../../harness/live/bundle.ts'
import type { Scenario } from '../../../harness/scenario.ts'
import type { RuntimeSystem } from '../../../harness/system.ts'
import type { StepTask, Task } from '../../../harness/workload.ts'
import { effectWithoutCommit, resumedAfterCommit } from '../../../scenarios/sometimes/commits.ts'
import { workloadOf } from '../../../scenarios/workloads.ts'

const campaign: RuntimeSystem = {
  kind: 'runtime',
  name: 'campaign',
  program: {
    kind: 'script',
    entry: fileURLToPath(new URL('../fixtures/kept-work.ts', import.meta.url)),
  },
  claims: [
    'process',
    'power',
    'journal',
    'keyed',
    'parallel',
    'fencing',
    'identity',
    'clock',
    'serial',
  ],
  takeoverMsMax: 0,
}

const step: StepTask = { kind: 'step', id: '', effect: 'keyed' }

/** Units one after the other, then two at once, as a campaign of two jobs has them. */
const units: Scenario = {
  name: 'units',
  title: 'a unit that was counted stays, and none runs twice that has a record',
  needs: ['process', 'parallel'],
  workload: workloadOf(
    fc.constant<Task>({
      kind: 'sequence',
      of: [step, { kind: 'parallel', of: [step, step] }, step],
    }),
  ),
  faults: [killAtOp],
  sometimes: [resumedAfterCommit, effectWithoutCommit],
  livesMax: 3,
}

const source = 'harness/campaign/campaign-journal.ts'

/** A bug, planted into the source. */
function planted(find: string, replace: string): SourceTransform {
  return (path, text) => {
    if (!path.endsWith(source)) return undefined
    if (!text.includes(find)) throw new Error(`${source} has changed: no ${find}`)
    return text.replace(find, replace)
  }
}

const exploration = {
  seed: 'kept',
  scenarios: [units],
  systems: [campaign],
  harms: ['kill', 'power-loss'],
} as const

describe('campaign journal: crashed everywhere', () => {
  it('C2, C3: kills and power losses, nested into recovery, lose nothing that was counted and repeat nothing', async () => {
    const [result] = await explore({ ...exploration, jobs: 2 })
    expect(result).toMatchObject({ verdict: 'HOLDS', findings: [], pointsLeft: 0 })
    expect(result?.counts.checked).toBeGreaterThan(500)
  })

  it.each([
    [
      'C2: a unit that is counted before its commit',
      "await this.#append({ kind: 'unit'",
      "void this.#append({ kind: 'unit'",
    ],
    [
      'C3: a unit that runs although its record is there',
      'if (kept !== undefined) {',
      'if (kept === null) {',
    ],
  ])('%s is caught', async (_, find, replace) => {
    const transform = planted(find, replace)
    const [result] = await explore({
      ...exploration,
      jobs: 1,
      transform,
      stopAt: ['REDONE', 'DIVERGED'],
    })
    expect(['REDONE', 'DIVERGED']).toContain(result?.verdict)
    expect(result?.findings.every(({ isConfirmed }) => isConfirmed)).toBe(true)
  })
})
