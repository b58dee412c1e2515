/**
 * The worker's identity: told from outside, so that the bytes of a journal do not depend on pids and boot ids.
 *
 * `KILLPOINT_IDENTITY` is `{ "host", "bootId", "alive", "recycled" }`: a new boot id stands for a power loss, `alive` lists the
 * lives that run, or are stopped and can go on, while this one starts, and `recycled` those that died and whose pid another
 * process has. The life's number stands for the pid. What follows from that is judged as it is for real processes.
 */
import { judgeOwner, type Identity, type OwnerIdentity } from '../../../src/identity.ts'

interface Told {
  readonly host?: string
  readonly bootId?: string
  readonly alive?: readonly number[]
  readonly recycled?: readonly number[]
}

/** When processes of a case started, and when those did that came after them. */
const starts = { own: '0', others: '1' } as const

export function toldIdentity(life: number, text: string | undefined): Identity {
  const told = text === undefined ? {} : (JSON.parse(text) as Told)
  const self: OwnerIdentity = {
    host: told.host ?? 'host',
    boot: told.bootId ?? 'boot',
    pidNamespace: '',
    pid: life,
    start: starts.own,
    thread: 0,
  }
  const { alive = [], recycled = [] } = told
  return {
    self: () => Promise.resolve(self),
    liveness: (owner) =>
      judgeOwner(owner, self, (pid) => {
        const start = alive.includes(pid)
          ? starts.own
          : recycled.includes(pid)
            ? starts.others
            : undefined
        if (start === undefined) return { kind: 'nobody' }
        return { kind: 'process', began: (at) => at === start }
      }),
  }
}
