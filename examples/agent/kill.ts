/**
 * A way to die at an exact point, for the tests and for whoever wants to see what happens then. `EXAMPLE_KILL_AT` names it:
 *
 *   commit:7           right after the seventh commit of this life, before the run hears of it
 *   call:3             when the third tool call of this life did its work and before the journal knows
 *   call:write_report  the same, by the name of the tool
 */
import type { Journal, JournalBackend } from '../../src/journal.ts'
import { UsageError } from './options.ts'

export interface KillPoint {
  /** The backend, with a journal that counts. */
  readonly around: (backend: JournalBackend) => JournalBackend
  /** To be called when a tool call did its work. */
  readonly afterCall: (name: string) => void
}

/** Reads where to die; without it nothing is done anywhere. Throws `UsageError`. */
export function killPointOf(text: string | undefined): KillPoint {
  if (text === undefined) return { around: (backend) => backend, afterCall: () => {} }
  const [, kind, at] = /^(commit|call):(\w+)$/.exec(text) ?? []
  if (kind === undefined || at === undefined || (kind === 'commit' && !/^\d+$/.test(at)))
    throw new UsageError(
      `EXAMPLE_KILL_AT is commit:N, call:N or call:NAME, got ${JSON.stringify(text)}`,
    )
  let count = 0
  const pass = (matches: (count: number) => boolean): void => {
    count += 1
    if (matches(count)) process.kill(process.pid, 'SIGKILL')
  }
  if (kind === 'call')
    return {
      around: (backend) => backend,
      afterCall: (name) => pass((count) => name === at || count === Number(at)),
    }
  return {
    around: (backend) => countCommits(backend, () => pass((count) => count === Number(at))),
    afterCall: () => {},
  }
}

function countCommits(backend: JournalBackend, onCommit: () => void): JournalBackend {
  return {
    ...backend,
    open: async (runId, options) => {
      const journal = await backend.open(runId, options)
      const append: Journal['append'] = async (bodies) => {
        const seq = await journal.append(bodies)
        onCommit()
        return seq
      }
      return { ...journal, append }
    },
  }
}
