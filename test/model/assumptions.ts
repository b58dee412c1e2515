/** What the protocol rests on and cannot mend: worlds in which it is not clean. */
import type { Law } from './laws.ts'
import { FULL, type Bounds } from './protocol.ts'

export interface Assumption {
  readonly name: string
  /** What must hold of the world. */
  readonly claim: string
  /** What breaks where it does not. */
  readonly law: Law
  readonly bounds: Bounds
}

export const ASSUMPTIONS: readonly Assumption[] = [
  {
    name: 'failed-directory-sync-is-not-forgotten',
    claim:
      'A directory whose sync failed keeps its entries for the next sync, or takes no more changes. (File systems that journal their metadata stop instead.)',
    law: 'J1',
    bounds: { ...FULL, readsBatches: false, directoriesForget: true },
  },
]
