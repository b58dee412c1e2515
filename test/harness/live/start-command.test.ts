import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLive, type LiveEngine } from '../../../harness/live/engine.ts'
import { toy, toyCase, toyOps } from './toy.ts'

const entry = fileURLToPath(new URL('fixtures/toy.ts', import.meta.url))

describe('a worker that cannot be bundled', () => {
  let engine: LiveEngine
  beforeAll(async () => {
    const system = { ...toy(), program: { kind: 'script', entry, bundle: false } as const }
    engine = await openLive(system, { jobs: 2 })
  })
  afterAll(async () => await engine.close())

  it('runs as it is, through tsx, and its own ops alone are numbered', async () => {
    const { ending, traces } = await engine.runCase(toyCase('-', { lane: 'recording' }))
    expect(ending).toEqual({ kind: 'done' })
    expect(traces?.get(1)?.[0]?.ops).toHaveLength(toyOps)
  })

  it('is killed exactly where it is told, and goes on', async () => {
    const { ending, lives, entries } = await engine.runCase(toyCase('K12,K5+'))
    expect(ending).toEqual({ kind: 'done' })
    expect(lives.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL', null])
    const fired = entries.flatMap(({ mark }) => (mark.mark === 'fault' ? [mark.fault] : []))
    expect(fired).toEqual(['K12', 'K5+'])
  })

  it('cannot be given other sources', async () => {
    const system = { ...toy(), program: { kind: 'script', entry, bundle: false } as const }
    await expect(openLive(system, { transform: () => undefined })).rejects.toThrow(
      /not to be bundled, but its sources or modules are to be replaced/,
    )
  })
})

describe('a worker in JavaScript that is not bundled', () => {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-start-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  it('needs no tsx', async () => {
    const plain = join(directory, 'worker.mjs')
    writeFileSync(
      plain,
      `import { writeSync } from 'node:fs'
const life = Number(process.env.KILLPOINT_LIFE)
for (const mark of [{ mark: 'begin' }, { mark: 'done', status: 'done', outcome: {} }])
  writeSync(3, JSON.stringify({ life, ...mark }) + '\\n')
`,
    )
    const engine = await openLive(
      { ...toy(), program: { kind: 'script', entry: plain, bundle: false } },
      { jobs: 1 },
    )
    try {
      const { ending } = await engine.runCase(toyCase('K1+'))
      expect(ending).toEqual({ kind: 'done' })
    } finally {
      await engine.close()
    }
  })
})
