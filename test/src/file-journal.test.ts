import { describe, it } from 'vitest'
import { describeLaws } from '../../harness/conformance.ts'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileJournal } from '../../src/file-journal.ts'
import type { LawPlace } from '../../harness/conformance/law-subject.ts'
import type { Fate, Op } from '../support/sim-disk.ts'
import { emptySimDisk, SimMachine, simRuns } from '../support/sim-journal.ts'

describeLaws({ describe, it }, 'file (simulated disk)', simPlace, { runs: 60 })

describeLaws({ describe, it }, 'file (this disk)', realPlace, { runs: 10 })

async function simPlace(): Promise<LawPlace> {
  const machine = new SimMachine(await emptySimDisk())
  const ops: Op[] = []
  return {
    start: () => {
      let failing: 'write' | 'sync' | undefined
      let left = 0
      const fate = (op: Op): Fate => {
        ops.push(op)
        if (op.kind !== failing || --left > 0) return { kind: 'go' }
        failing = undefined
        return { kind: 'fail', code: 'EIO' }
      }
      const { backend, process } = machine.start(fate, { inlineBytesMax: 200 })
      return {
        backend,
        kill: () => process.kill(),
        failNext: (what, nth = 1) => ([failing, left] = [what, nth]),
      }
    },
    losePower: (keep) => machine.losePower(({ index }) => keep(index)),
    damage: async (runId, drawn) => {
      const file = `${simRuns}/${runId}/000001.log`
      machine.disk.damage(file, (bytes) => flipped(bytes, drawn))
    },
    cost: () => costOf(ops),
    dispose: async () => undefined,
  }
}

async function realPlace(): Promise<LawPlace> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-laws-'))
  return {
    start: () => ({ backend: fileJournal({ dir, inlineBytesMax: 200 }) }),
    damage: async (runId, drawn) => {
      const file = path.join(dir, runId, '000001.log')
      fs.writeFileSync(file, flipped(fs.readFileSync(file), drawn))
    },
    dispose: async () => fs.rmSync(dir, { recursive: true }),
  }
}

/** One bit of the batches of a segment, which follow its first two lines; the last one is in a seal too. */
function flipped(bytes: Buffer, drawn: number): Buffer {
  const seal = bytes.indexOf(0x0a) + 1
  const start = bytes.indexOf(0x0a, seal) + 1
  const end = bytes.lastIndexOf('{"crc":"', bytes.indexOf('"body":"last"'))
  const at = start + (drawn % (end - start))
  const damaged = Buffer.from(bytes)
  damaged[at] = (damaged[at] ?? 0) ^ (1 << (drawn % 8))
  return damaged
}

function costOf(ops: readonly Op[]): { readonly bytes: number; readonly syncs: number } {
  let bytes = 0
  let syncs = 0
  for (const op of ops) {
    bytes += op.bytes
    if (op.kind === 'sync' || op.kind === 'sync-directory') syncs++
  }
  return { bytes, syncs }
}
