import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareImages, readImage, rebuildDirectory } from '../../harness/directory-image.ts'
import { program } from './hooks/program.ts'
import { runWorker, scratch } from './hooks/run-worker.ts'
import type { WorkerOptions } from './hooks/run-worker.ts'

/** Programs per process, and processes: a process costs more than a program. */
const programs = 60
/** Of the programs; another one can be tried from outside. */
const seed = Number(process.env['KILLPOINT_TEST_SEED'] ?? 20_260_728)

/** Outcomes of the steps of arbitrary programs, run in a process; checks the law where there is a trace. */
async function outcomesOf(sampleSeed: number, options: WorkerOptions): Promise<string[]> {
  const sample = fc.sample(program, { numRuns: programs, seed: sampleSeed })
  const place = scratch()
  const path = join(place, 'programs.json')
  writeFileSync(path, JSON.stringify(sample))
  const run = await runWorker('program.mjs', { ...options, place, args: [path] })
  expect([run.code, run.stderr]).toEqual([0, ''])
  if (run.traces.length > 0) {
    const rebuilt = rebuildDirectory(run.traces)
    expect(compareImages(await readImage(run.state), rebuilt)).toEqual([])
    expect(rebuilt.size).toBeGreaterThan(programs)
  }
  return JSON.parse(run.stdout) as string[]
}

describe('directory image', () => {
  test.each(['serial', 'native'] as const)(
    `after arbitrary programs in %s order it equals the real directory byte for byte (G1, seed ${seed})`,
    async (order) => {
      const outcomes = await outcomesOf(seed, { lane: 'recording', order })
      // A law over programs that mostly fail would say little.
      const done = outcomes.filter((outcome) => outcome === 'ok').length
      expect(done / outcomes.length).toBeGreaterThan(0.5)
      // Programs meet errors of the file system only: anything else would be the fixture's own.
      const odd = outcomes.filter((outcome) => !/^(ok|E[A-Z]+|ERR_FS_EISDIR)$/.test(outcome))
      expect(odd).toEqual([])
    },
  )

  test.each(['serial', 'native'] as const)(
    'after lowdb, write-file-atomic and a log stream in %s order it equals the real directory (G1)',
    async (order) => {
      const run = await runWorker('libraries.mjs', { lane: 'recording', order })
      expect([run.code, run.stderr]).toEqual([0, ''])
      const image = await readImage(run.state)
      expect(compareImages(image, rebuildDirectory(run.traces))).toEqual([])
      expect([...image.keys()]).toEqual(['atomic-0', 'atomic-1', 'db.json', 'log', 'sync.json'])
    },
  )

  test('recorded, counted, plain and without hooks the programs have the same outcomes', async () => {
    const [bare, ...hooked] = await Promise.all([
      outcomesOf(seed + 1, { bare: true }),
      outcomesOf(seed + 1, { lane: 'recording', order: 'serial' }),
      outcomesOf(seed + 1, { lane: 'recording', order: 'native' }),
      outcomesOf(seed + 1, { lane: 'counted', order: 'serial' }),
      outcomesOf(seed + 1, { lane: 'plain', order: 'serial' }),
      outcomesOf(seed + 1, { lane: 'plain', order: 'native' }),
    ])
    for (const outcomes of hooked) expect(outcomes).toEqual(bare)
  })
})
