/**
 * What a caller may say when it opens a run, checked the same way by every backend.
 */
import { InvalidArgumentError } from './errors.ts'
import type { OpenOptions, Takeover } from './journal.ts'

/** Longest owner text, in characters: it stands in every header and in every seal. */
export const ownerCharsMax = 500

export interface CheckedOpenOptions {
  /** Missing where the caller gave none. */
  readonly owner: string | undefined
  readonly takeover: Takeover
}

/** Fills the defaults in. @throws InvalidArgumentError */
export function checkOpenOptions(options: OpenOptions = {}): CheckedOpenOptions {
  const { owner, takeover = 'if-dead' }: { owner?: unknown; takeover?: unknown } = options
  return { owner: checkOwner(owner), takeover: checkTakeover(takeover) }
}

function checkOwner(owner: unknown): string | undefined {
  if (owner === undefined) return undefined
  if (typeof owner === 'string' && owner.length <= ownerCharsMax && owner.isWellFormed())
    return owner
  const came = typeof owner === 'string' ? `${owner.length} characters` : typeof owner
  throw new InvalidArgumentError(
    `expected owner to be text of at most ${ownerCharsMax} characters, got ${came}`,
    { hint: 'name a host or a worker', details: { came } },
  )
}

function checkTakeover(takeover: unknown): Takeover {
  if (takeover === 'never' || takeover === 'if-dead' || takeover === 'always') return takeover
  throw new InvalidArgumentError(
    `expected takeover to be never, if-dead or always, got ${JSON.stringify(takeover)}`,
    { hint: 'leave it out for if-dead' },
  )
}
