/** The life that has a run now, seen by one that wants it. */
import type { Liveness, OwnerIdentity } from '../identity.ts'
import type { CheckedOpenOptions } from '../open-options.ts'
import { type OwnedLife, ownedError } from '../ownership.ts'
import type { LifeRow } from './rows.ts'

/** Who has the run now, and how that life ends if it is displaced. */
export interface Displaced {
  readonly epoch: number
  readonly ended: 'closed' | 'died'
}

/** May the newest life be displaced? `livenessOf` is asked only where it was not seen to end. @throws RunOwnedError */
export async function judgeNewest<Row extends LifeRow>(
  runId: string,
  newest: Row | undefined,
  { takeover }: CheckedOpenOptions,
  livenessOf: (life: OwnedLife, row: Row) => Promise<Liveness>,
): Promise<Displaced> {
  if (newest === undefined) return { epoch: 0, ended: 'closed' }
  const { epoch, ended } = newest
  if (ended !== null) return { epoch, ended }
  const life = ownedLife(newest)
  const liveness = await livenessOf(life, newest)
  if (takeover === 'never' || (takeover === 'if-dead' && liveness !== 'dead'))
    throw ownedError(runId, epoch, life, liveness)
  // One that lives and is robbed did not die: only the count of lives that died in vain rests on this.
  return { epoch, ended: liveness === 'alive' ? 'closed' : 'died' }
}

/** What a row says of its life's owner. */
export function ownedLife({ nonce, name, owner }: LifeRow): OwnedLife {
  return { nonce, name, owner: JSON.parse(owner) as OwnerIdentity }
}
