import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attend, type Happened } from '../../../harness/live/attend.ts'
import type { CaseContext, Started } from '../../../harness/live/case-context.ts'
import type { Hold } from '../../../harness/live/plan.ts'

const hold: Hold = { text: 'X7', op: 7, act: { kind: 'kill-service', nth: 1 } }

/** A life that shows nothing; `meanwhile` is what happens to it while the other cases end. */
async function quietLife(
  holds: readonly Hold[],
  meanwhile: (pid: number, told: Started['told']) => void,
): Promise<Happened> {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-attend-'))
  const child = spawn(
    process.execPath,
    ['-e', "process.stdout.write('up'); process.stdin.resume()"],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    },
  )
  const { pid = 0 } = child
  await once(child.stdout, 'data')
  const told = { count: 0, begun: true, done: false, back: false, faults: [] }
  const started = { pid, told } as unknown as Started
  const context = {
    host: { options: { quietMs: 20 } },
    ledger: { size: () => 0 },
    directories: { state: directory },
    services: new Map(),
    observe: () => undefined,
    alone: async (body: () => Promise<unknown>) => {
      meanwhile(pid, told)
      return await body()
    },
  } as unknown as CaseContext
  try {
    return await attend(context, started, { holds })
  } finally {
    process.kill(pid, 'SIGKILL')
    await once(child, 'exit')
    rmSync(directory, { recursive: true })
  }
}

describe('attend: what happens to a process', () => {
  it('one that comes to a hold while the other cases end is held, not wedged', async () => {
    const happened = await quietLife([hold], (pid, { faults }) => {
      faults.push({ text: hold.text, op: hold.op })
      process.kill(pid, 'SIGSTOP')
    })
    expect(happened).toEqual({ kind: 'held', hold })
  })

  it('one that waits and comes to no hold is wedged', async () => {
    const happened = await quietLife([hold], () => undefined)
    expect(happened).toEqual({ kind: 'wedged', quietMs: 200 })
  })
})
