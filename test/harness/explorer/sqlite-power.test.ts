/** Power loss for a journal that native code writes: SQLite in Node, seen below the process. */
import { describe, expect, it } from 'vitest'
import { explore, type ScenarioExplored } from '../../../harness/explorer/explore.ts'
import type { SourceTransform } from '../../../harness/live/bundle.ts'
import { buildNativeHooks } from '../../../harness/native/build.ts'
import { sqliteSystem } from '../../../harness/systems/databases.ts'
import type { Workload } from '../../../harness/workload.ts'
import { recovery } from '../../../scenarios/recovery.ts'

const hooks = await buildNativeHooks()
const whyNot = hooks.kind === 'missing' ? hooks.why : undefined

const workload: Workload = {
  root: { kind: 'sequence', of: [{ kind: 'step', id: 'a', effect: 'keyed' }] },
  inFlightMax: 1,
}

async function explored(transform?: SourceTransform): Promise<ScenarioExplored> {
  const [result] = await explore({
    seed: 'sqlite',
    scenarios: [recovery],
    systems: [sqliteSystem({ binding: 'libsql' })],
    harms: ['power-loss'],
    workload,
    jobs: 2,
    processStatesMax: 10,
    stopAt: ['LOST_COMMIT'],
    ...(transform === undefined ? {} : { transform }),
  })
  if (result === undefined) throw new Error('nothing was explored')
  return result
}

/** Claims power, turns syncs off, and does not ask what became of it. */
const synchronousOff: SourceTransform = (path, text) => {
  if (path.endsWith('sqlite-journal/settings.ts')) return text.replace('levels[synchronous]', '0')
  if (path.endsWith('sqlite-journal/connection.ts'))
    return text.replace(/PRAGMA synchronous = \$\{\w+\}/, 'PRAGMA synchronous = OFF')
  return undefined
}

describe.runIf(whyNot === undefined)('explorer: SQLite in Node loses power', () => {
  it('the journal that ships holds, in the states that were drawn', async () => {
    const { verdict, drawn, ops, skipped } = await explored()
    expect(skipped).toBeUndefined()
    expect(verdict).toBe('HOLDS')
    expect(drawn?.chosen).toBe(10)
    // The writes and syncs of SQLite are among them, not marks alone.
    expect(ops).toBeGreaterThan(50)
  })

  it('synchronous = OFF loses an acknowledged commit, by a token that fresh processes show', async () => {
    const { findings } = await explored(synchronousOff)
    const lost = findings.find((each) => each.verdict === 'LOST_COMMIT')
    expect(lost).toMatchObject({ isConfirmed: true, invariant: 'S1' })
    expect(lost?.token).toMatch(/^kp1:recovery:sqlite:[0-9a-f]+:posix:P\d+/)
  })
})

if (whyNot !== undefined) it.skip(`not judged: native ${whyNot}`, () => undefined)
