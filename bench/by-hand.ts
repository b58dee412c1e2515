/** The crash test that one writes without killpoint: execa, tsx, a kill when there is something in the journal, and a second start. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { systemVariables } from '../harness/life.ts'
import { defaultScratchParent } from '../harness/live/scratch.ts'
import type { Workload } from '../harness/workload.ts'

const worker = fileURLToPath(new URL('../test/harness/live/fixtures/toy.ts', import.meta.url))

/** Crash and recovery by hand, one after the other: cycles in a second. */
export async function handCyclesPerSecond(workload: Workload, cycles: number): Promise<number> {
  const begun = performance.now()
  for (let cycle = 0; cycle < cycles; cycle += 1) await handCycle(workload)
  return (1_000 * cycles) / (performance.now() - begun)
}

async function handCycle(workload: Workload): Promise<void> {
  const root = mkdtempSync(join(defaultScratchParent(), 'killpoint-by-hand-'))
  const directory = join(root, 'state')
  mkdirSync(directory)
  writeFileSync(join(root, 'workload.json'), JSON.stringify(workload))
  const ledger = openSync(join(root, 'ledger.jsonl'), 'a')
  const start = (life: number) =>
    execa(process.execPath, ['--import', 'tsx', worker], {
      reject: false,
      stdio: ['ignore', 'ignore', 'ignore', ledger as 9],
      env: {
        [systemVariables.verb]: 'run',
        [systemVariables.runId]: 'run',
        [systemVariables.seed]: 'bench',
        [systemVariables.workload]: join(root, 'workload.json'),
        [systemVariables.directory]: directory,
        [systemVariables.clockMs]: '0',
        [systemVariables.takeover]: 'if-dead',
        [systemVariables.life]: String(life),
      },
    })
  const journal = join(directory, 'journal.jsonl')
  const first = start(1)
  while (!existsSync(journal) || statSync(journal).size === 0)
    await new Promise((resolve) => setTimeout(resolve, 1))
  first.kill('SIGKILL')
  await first
  const { exitCode } = await start(2)
  closeSync(ledger)
  rmSync(root, { recursive: true })
  if (exitCode !== 0) throw new Error(`the second life ended with ${exitCode}`)
}
