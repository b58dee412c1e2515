/**
 * Processes of one machine that are none: identities that see each other live and die, for backends whose store is real.
 */
import type { Identity, OwnerIdentity } from '../../src/identity.ts'

export class PretendMachine {
  readonly #host: string
  #pids = 0
  readonly #alive = new Set<number>()

  constructor(host = 'here') {
    this.#host = host
  }

  /** Another process. */
  start(): {
    readonly identity: Identity
    readonly self: OwnerIdentity
    readonly die: () => void
  } {
    const pid = ++this.#pids
    this.#alive.add(pid)
    const self: OwnerIdentity = {
      host: this.#host,
      boot: 'boot',
      pidNamespace: '',
      pid,
      start: '0',
      thread: 0,
    }
    return { self, identity: this.#identity(self), die: () => this.#alive.delete(pid) }
  }

  #identity(self: OwnerIdentity): Identity {
    return {
      self: async () => self,
      liveness: async (owner) => {
        if (owner.host !== this.#host) return 'unknown'
        return this.#alive.has(owner.pid) ? 'alive' : 'dead'
      },
    }
  }
}
