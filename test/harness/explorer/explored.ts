/** Explorations of the reference runtime, as small as they can be; with a bug planted where one is given. */
import { explore, type ScenarioExplored } from '../../../harness/explorer/explore.ts'
import type { Harm } from '../../../harness/explorer/job.ts'
import type { SourceTransform } from '../../../harness/live/bundle.ts'
import { fileSystemUnderTest } from '../../../harness/systems/reference.ts'
import type { Verdict } from '../../../harness/verdict.ts'
import type { Workload } from '../../../harness/workload.ts'
import { loop } from '../../../scenarios/loop.ts'

/** The smallest run that has everything: one step. */
const small: Workload = {
  root: { kind: 'sequence', of: [{ kind: 'step', id: 's1', effect: 'once' }] },
  inFlightMax: 1,
}

/** The smallest run that waits for another process. */
export const waiting: Workload = {
  root: {
    kind: 'sequence',
    of: [
      { kind: 'step', id: 's1', effect: 'once' },
      { kind: 'signal', id: 'w1', name: 'go' },
    ],
  },
  inFlightMax: 1,
  outside: [{ kind: 'signal', name: 'go', payload: 'now', after: 's1' }],
}

interface Planted {
  readonly file: string
  readonly find: string
  readonly replace?: string
}

/** What an exploration of one scenario shows; of the smallest run unless told otherwise. */
export async function explored(options: {
  readonly jobs?: number
  /** One case of each kind. */
  readonly perKind?: boolean
  readonly harms?: readonly Harm[]
  readonly planted?: Planted
  readonly workload?: Workload
  /** Where every life is a process. */
  readonly processStatesMax?: number
  /** Ends with the first finding of this verdict. */
  readonly until?: Verdict
}): Promise<ScenarioExplored> {
  const { planted, until, ...rest } = options
  const [result] = await explore({
    seed: 'abc',
    scenarios: [loop],
    systems: [fileSystemUnderTest()],
    workload: small,
    // A hang is sure after ten times as long.
    quietMs: 200,
    // Each further process compiles everything anew, which is most of what a small exploration costs.
    jobs: 1,
    ...rest,
    ...(until === undefined ? {} : { stopAt: [until] }),
    ...(planted === undefined ? {} : { transform: transformOf(planted) }),
  })
  if (result === undefined) throw new Error('nothing was explored')
  return result
}

function transformOf({ file, find, replace = '' }: Planted): SourceTransform {
  return (path, text) => {
    if (!path.endsWith(file)) return undefined
    if (!text.includes(find)) throw new Error(`${file} has changed: no ${find}`)
    return text.replace(find, replace)
  }
}
