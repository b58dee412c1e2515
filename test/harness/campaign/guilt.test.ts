import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { workloadOfSeed, type Group } from '../../../harness/campaign/group.ts'
import { guiltOf } from '../../../harness/campaign/guilt.ts'
import { Workbench } from '../../../harness/campaign/workbench.ts'
import { position, type Part, type Phase } from '../../../harness/fault.ts'
import { sitesUnder } from '../../../harness/report/sites.ts'
import type { RuntimeSystem } from '../../../harness/system.ts'
import { notebook, pages } from '../fixtures/notebook-project.ts'

const bench = new Workbench({ codeCache: false }, 'posix')
afterAll(() => bench.close())
const siteOf = sitesUnder(
  dirname(fileURLToPath(new URL('../fixtures/notebook.ts', import.meta.url))),
)

/** What is said of a power loss at the first write that takes this of it; `at`: behind the write itself, or the ack that follows. */
async function guilty(bug: string, part: Part, at: 'write' | 'ack'): Promise<string | undefined> {
  const system: RuntimeSystem = {
    ...notebook(bug),
    claims: ['process', 'power', 'journal', 'loop', 'serial'],
  }
  const group: Group = {
    scenario: pages,
    system,
    seed: 'abc',
    workload: workloadOfSeed(pages, system, 'abc'),
  }
  const { control } = await bench.control(group)
  const ops = control?.ops ?? []
  const write = ops.find(({ op }) => op.kind === 'write')?.n ?? 0
  const ack = ops.find(({ n, mark }) => n > write && mark === 'ack')?.n ?? 0
  const after: Phase = { kind: 'after' }
  const lost = { stream: '1', op: write, part }
  const crash = {
    kind: 'power-loss',
    at: position(at === 'write' ? write : ack, after),
    base: 'kept',
    except: [lost],
  } as const
  const tried = await bench.run(group, { schedule: [[crash]] }, { kind: 'class', name: 'power' })
  if (tried.kind !== 'case') throw new Error('it is no case')
  return (await guiltOf(bench, tried.report, siteOf))?.text
}

describe('whose fault it is', () => {
  it('a write that was acknowledged and is gone has no sync before its ack', async () => {
    expect(await guilty('unsynced', { kind: 'whole' }, 'ack')).toMatch(
      /^op (\d+) was never synced: write notes\.jsonl \+\d+ bytes at \d+ at notebook\.ts:\d+ has no sync before the ack at op \d+$/,
    )
  })

  it('nobody is guilty where a write without a sync is lost that nobody was told of', async () => {
    expect(await guilty('', { kind: 'whole' }, 'write')).toBeUndefined()
  })

  it('a write that was torn, and is survived lost altogether, is read for more than it is', async () => {
    const torn: Part = { kind: 'prefix', bytes: 5, rest: 'absent' }
    expect(await guilty('', torn, 'write')).toBeUndefined()
    expect(await guilty('greedy', torn, 'write')).toMatch(
      /^op \d+ was torn, and what read its part took it for more: write notes\.jsonl \+\d+ bytes at \d+ at notebook\.ts:\d+; with all of it, and with nothing of it, the run holds$/,
    )
  })

  it('a write that was torn, and is not survived lost either, has no sync', async () => {
    const torn: Part = { kind: 'prefix', bytes: 5, rest: 'absent' }
    expect(await guilty('unsynced', torn, 'ack')).toMatch(/was never synced/)
  })
})
