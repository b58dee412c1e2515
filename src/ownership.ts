/**
 * Who has a run, as every durable backend notes it down and tells it to those that come second.
 */
import { RunOwnedError } from './errors.ts'
import { isHeld } from './held.ts'
import {
  describeOwner,
  type Identity,
  type Liveness,
  type OwnerIdentity,
  sameOwner,
} from './identity.ts'

/** What a life wrote down of itself. */
export interface OwnedLife {
  readonly nonce: string
  /** What its opener called it, or `describeOwner`. */
  readonly name: string
  readonly owner: OwnerIdentity
}

/** Like the port's answer, but a life of this very thread is alive only while its journal is open. */
export async function livenessOf(identity: Identity, life: OwnedLife): Promise<Liveness> {
  if (sameOwner(life.owner, await identity.self())) return isHeld(life.nonce) ? 'alive' : 'dead'
  return identity.liveness(life.owner)
}

/** The error for a run whose epoch `epoch` somebody else has. */
export function ownedError(
  runId: string,
  epoch: number,
  life: OwnedLife | undefined,
  liveness?: Liveness,
): RunOwnedError {
  const who = life === undefined ? 'another life' : `${life.name} (${describeOwner(life.owner)})`
  const state = liveness === undefined ? '' : `, which is ${stateText[liveness]}`
  return new RunOwnedError(`run ${runId} is owned by ${who}, epoch ${epoch}${state}`, {
    hint: hintFor[liveness ?? 'alive'],
    details: {
      runId,
      epoch,
      owner: life?.name,
      host: life?.owner.host,
      pid: life?.owner.pid,
      liveness,
    },
  })
}

const stateText: Readonly<Record<Liveness, string>> = {
  alive: 'alive',
  dead: 'dead',
  unknown: 'out of sight (another host or pid namespace)',
}

const hintFor: Readonly<Record<Liveness, string>> = {
  alive: "wait for it, stop it, or open with takeover 'always' to fence it",
  dead: "open with takeover 'if-dead'",
  unknown: "make sure that it is gone and open with takeover 'always'; if it lives, it is fenced",
}
