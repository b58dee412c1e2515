/** Looks at a backend before it is put under a worker: whether it has the members of one. Opens nothing. */
import { systemClock } from '../../../src/clock.ts'
import type { Durability, JournalBackend } from '../../../src/journal.ts'
import { toldIdentity } from './identity.ts'

/** What a look at a backend showed. */
export interface TriedBackend {
  /** Everything that is wrong; empty where it has the shape of a backend. */
  readonly wrong: readonly string[]
  readonly durability?: Durability
}

/** Looks at what `createBackend` gives. */
export async function tryBackend(createBackend: unknown, dir: string): Promise<TriedBackend> {
  let backend: Partial<JournalBackend> | undefined
  try {
    backend = await (createBackend as (context: object) => Promise<Partial<JournalBackend>>)({
      dir,
      identity: toldIdentity(1, undefined),
      random: { nonce: () => 'nonce' },
      clock: systemClock,
    })
  } catch (error) {
    return { wrong: [`createBackend threw: ${String(error)}`] }
  }
  if (typeof backend !== 'object' || backend === null)
    return { wrong: [`createBackend: expected a backend, found ${describe(backend)}`] }
  const { name, durability } = backend
  const wrong = [
    ...(typeof name === 'string' ? [] : ['the backend: expected a text `name`']),
    ...(durability !== undefined && durabilities.includes(durability)
      ? []
      : [`the backend: expected \`durability\` to be one of ${durabilities.join(', ')}`]),
    ...(['open', 'read'] as const)
      .filter((member) => typeof backend[member] !== 'function')
      .map((member) => `the backend: expected a function \`${member}\``),
  ]
  return { wrong, ...(durability === undefined ? {} : { durability }) }
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value
}

const durabilities: readonly Durability[] = ['memory', 'process', 'power']
