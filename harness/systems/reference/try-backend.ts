/** Looks at a backend before it is put under a worker: whether it has the members of one. Opens nothing. */
import { systemClock } from '../../../src/clock.ts'
import type { JournalBackend } from '../../../src/journal.ts'
import { toldIdentity } from './identity.ts'

/** Everything that is wrong with what `createBackend` gives; empty where it has the shape of a backend. */
export async function tryBackend(createBackend: unknown, dir: string): Promise<readonly string[]> {
  let backend: Partial<JournalBackend> | undefined
  try {
    backend = await (createBackend as (context: object) => Promise<Partial<JournalBackend>>)({
      dir,
      identity: toldIdentity(1, undefined),
      random: { nonce: () => 'nonce' },
      clock: systemClock,
    })
  } catch (error) {
    return [`createBackend threw: ${String(error)}`]
  }
  if (typeof backend !== 'object' || backend === null)
    return [
      `createBackend: expected a backend, found ${backend === null ? 'null' : typeof backend}`,
    ]
  return [
    ...(typeof backend.name === 'string' ? [] : ['the backend: expected a text `name`']),
    ...(backend.durability !== undefined && durabilities.includes(backend.durability)
      ? []
      : [`the backend: expected \`durability\` to be one of ${durabilities.join(', ')}`]),
    ...(['open', 'read'] as const)
      .filter((member) => typeof backend[member] !== 'function')
      .map((member) => `the backend: expected a function \`${member}\``),
  ]
}

const durabilities: readonly string[] = ['memory', 'process', 'power']
