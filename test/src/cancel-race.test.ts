import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { KillpointError } from '../../src/errors.ts'
import { fileJournal } from '../../src/file-journal.ts'
import type { Journal, JournalBackend } from '../../src/journal.ts'
import { createRunContext } from '../../src/run-context.ts'
import { step } from '../../src/steps.ts'
import { createSupervisor, type CancelReply } from '../../src/supervisor.ts'

const dir = mkdtempSync(join(tmpdir(), 'killpoint-cancel-race-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** A cancel from outside, right before or right after the `nth` append of a run of three steps. */
async function race(runId: string, nth: number, when: 'before' | 'after') {
  const backend = fileJournal({ dir })
  const supervisor = createSupervisor({ dir })
  let appends = 0
  let reply: CancelReply | undefined
  const begunAfter: string[] = []
  const cancel = async (): Promise<void> => {
    reply = await supervisor.cancel(runId, 'changed my mind')
  }
  const hooked: JournalBackend = {
    ...backend,
    open: async (id, options) => {
      const journal: Journal = await backend.open(id, options)
      return {
        ...journal,
        append: async (bodies) => {
          appends += 1
          const isIt = appends === nth
          if (isIt && when === 'before') await cancel()
          const seq = await journal.append(bodies)
          if (isIt && when === 'after') await cancel()
          return seq
        },
      }
    },
  }
  const context = await createRunContext({ dir, runId, backend: hooked, takeover: 'always' })
  const end = await context
    .drive(
      {
        name: 'three',
        run: async (scope) => {
          for (const name of ['a', 'b', 'c'])
            await step(scope, name, () => {
              if (reply?.state === 'accepted') begunAfter.push(name)
            })
        },
      },
      null,
    )
    .then(
      () => 'done',
      (error: KillpointError) => error.code,
    )
  await context.close()
  return { reply, end, begunAfter, appends }
}

describe('cancel: racing the run, at every append', () => {
  // begin and driver note, three settlements, the end
  for (let nth = 2; nth <= 6; nth++)
    for (const when of ['before', 'after'] as const)
      it(`an accepted cancel cancels, ${when} append ${nth}`, async () => {
        const { reply, end, begunAfter } = await race(`r-${nth}-${when}`, nth, when)
        if (reply?.state === 'accepted') expect(end).toBe('CANCELLED')
        if (reply?.state === 'too-late') expect(end).toBe('done')
        expect(begunAfter).toEqual([])
      })

  it('a run that is about to end promises nothing', async () => {
    const probe = await race('probe', 1_000, 'before')
    const { reply, end } = await race('ending', probe.appends, 'before')
    expect(reply).toEqual({ state: 'ending' })
    expect(end).toBe('done')
  })

  it('a life that died after it sealed the inbox leaves it open for the next', async () => {
    const { appends } = await race('probe-2', 1_000, 'before')
    const backend = fileJournal({ dir })
    const first = await createRunContext({ dir, runId: 'sealed', backend })
    await first.run.mailbox?.seal()
    await first.close()
    expect(await createSupervisor({ dir }).cancel('sealed', 'now')).toEqual({ state: 'ending' })
    const next = await race('sealed', 1_000, 'before')
    expect(next.end).toBe('CANCELLED')
    expect(appends).toBeGreaterThan(3)
  })
})
