/**
 * The worker's identity: told from outside, so that the bytes of a journal do not depend on pids and boot ids.
 *
 * `KILLPOINT_IDENTITY` is `{ "host", "bootId", "alive" }`: a new boot id stands for a power loss, and `alive` lists the lives
 * that run, or are stopped and can go on, while this one starts. The life's number stands for the pid.
 */
import type { Identity, OwnerIdentity } from '../../../src/identity.ts'

interface Told {
  readonly host?: string
  readonly bootId?: string
  readonly alive?: readonly number[]
}

export function toldIdentity(life: number, text: string | undefined): Identity {
  const told = text === undefined ? {} : (JSON.parse(text) as Told)
  const self: OwnerIdentity = {
    host: told.host ?? 'host',
    boot: told.bootId ?? 'boot',
    pidNamespace: '',
    pid: life,
    start: '0',
    thread: 0,
  }
  return {
    self: () => Promise.resolve(self),
    liveness: ({ host, boot, pid }) => {
      if (host !== self.host) return Promise.resolve('unknown')
      const alive = boot === self.boot && (told.alive ?? []).includes(pid)
      return Promise.resolve(alive ? 'alive' : 'dead')
    },
  }
}
