/**
 * The model against a kernel: what a real ext4 leaves of arbitrary programs after a power loss is among the states that the model has.
 *
 * Before the power goes, files and directories are synced, and pages written back, from outside: a kernel may write whatever it wants whenever it
 * wants, and this is how it is made to.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareImages, readImage, type DirectoryImage } from '../../../harness/directory-image.ts'
import { DiskModel } from '../../../harness/disk-model/model.ts'
import type { ProfileName } from '../../../harness/disk-model/profile.ts'
import { random, type Random } from '../../../harness/seed.ts'
import { Ext4Mount, whyNoExt4Mount } from '../../support/ext4-mount.ts'
import { explainImage } from '../../support/explain-image.ts'
import { program, type Step } from '../hooks/program.ts'
import { runWorker, scratch } from '../hooks/run-worker.ts'
import type { Trace } from '../../../harness/trace.ts'

/** Programs; more of them can be asked for from outside. */
const cases = Number(process.env['KILLPOINT_KERNEL_CASES'] ?? 8)
const seed = process.env['KILLPOINT_TEST_SEED'] ?? '20261122'

const page = 4096

const why = whyNoExt4Mount()
if (why !== undefined) console.log(`skipped: the disk model against the kernel: ${why}`)

/** What a case left: of the process, and of the power loss behind it. */
interface Left {
  readonly trace: Trace
  readonly seen: DirectoryImage
  readonly durable: DirectoryImage
}

describe.skipIf(why !== undefined)('disk model against ext4', () => {
  test.each([
    { data: 'ordered', profiles: ['ext4', 'posix'] },
    { data: 'writeback', profiles: ['posix'] },
  ] as const)(
    `what data=$data leaves is a state of $profiles (seed ${seed}, ${cases} programs)`,
    async ({ data, profiles }) => {
      const mount = new Ext4Mount(data)
      let losses = 0
      try {
        for (let index = 0; index < cases; index += 1) {
          const left = await cutOff(mount, `${data} ${index}`)
          if (compareImages(left.seen, left.durable).length > 0) losses += 1
          for (const profile of profiles)
            expect(unexplained(left, profile), `case ${index}, profile ${profile}`).toBeUndefined()
        }
      } finally {
        mount.remove()
      }
      // A kernel that lost nothing would say nothing of the model.
      expect(losses).toBeGreaterThan(cases / 4)
    },
    cases * 15_000,
  )
})

/** Runs a program on the mount and cuts the power. */
async function cutOff(mount: Ext4Mount, name: string): Promise<Left> {
  const numbers = random(seed, 'sample', name)
  const place = join(mount.directory, 'case')
  mkdirSync(join(place, 'state'), { recursive: true })
  mount.settle()
  const programs = join(scratch(), 'programs.json')
  writeFileSync(programs, JSON.stringify([longer(numbers)]))
  const run = await runWorker('program.mjs', { lane: 'recording', place, args: [programs] })
  expect([run.code, run.stderr]).toEqual([0, ''])
  const [trace] = run.traces
  if (trace === undefined) throw new Error('the program left no trace')
  const seen = await readImage(run.state)
  if (numbers.pick([true, true, false])) stir(mount, run.state, seen, numbers)
  mount.powerLoss()
  const durable = await readImage(run.state)
  rmSync(place, { recursive: true })
  return { trace, seen, durable }
}

/** A program whose writes may be longer than a page. */
function longer(numbers: Random): readonly Step[] {
  const [steps = []] = fc.sample(program, { numRuns: 1, seed: numbers.int32() })
  return steps.map((step) => ({ ...step, text: step.text.repeat(numbers.pick([1, 1, 90, 700])) }))
}

/** What a kernel may do by itself at any time. */
function stir(mount: Ext4Mount, state: string, seen: DirectoryImage, numbers: Random): void {
  for (const [path, entry] of seen) {
    if (entry.kind === 'symlink') continue
    const what = numbers.pick(['nothing', 'nothing', 'sync', 'write-back'])
    if (what === 'sync') sync(join(state, path))
    if (what !== 'write-back' || entry.kind !== 'file' || entry.bytes.length === 0) continue
    const pages = Math.ceil(entry.bytes.length / page)
    const from = numbers.below(pages)
    mount.writeBack(join(state, path), from * page, page)
  }
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

/** Why the model cannot have left it; `undefined` where it can. */
function unexplained({ trace, durable }: Left, profile: ProfileName): string | undefined {
  const model = new DiskModel(trace, { initial: new Map() }, profile, seed)
  const point = [...model.points()].at(-1)
  if (point === undefined) return undefined
  const explained = explainImage(model, point, durable)
  return typeof explained === 'string' ? explained : undefined
}
