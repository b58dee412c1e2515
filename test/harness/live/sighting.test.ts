/** Executables under the native hooks: exact where they are seen, by their marks where not, and never anything between. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openLive, type LiveEngine } from '../../../harness/live/engine.ts'
import type { CommandSystem } from '../../../harness/system.ts'
import { hooks, python, scratch } from '../native/run-native.ts'
import { buildStatic, whyNoStrace } from '../native/run-strace.ts'
import { toyCase } from './toy.ts'

const worker = fileURLToPath(new URL('./fixtures/worker.sh', import.meta.url))

function shell(
  file: string,
  script: string | readonly string[] = worker,
  native = true,
): CommandSystem {
  return {
    kind: 'command',
    name: 'shell',
    claims: ['process'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file, arguments: [script].flat(), native },
  }
}

const isBuilt = hooks.kind === 'built'

describe.runIf(isBuilt)('an executable that the native hooks see', () => {
  let engine: LiveEngine
  beforeAll(
    async () => void (engine = await openLive(shell('/bin/sh'), { jobs: 2, zombieMs: 200 })),
  )
  afterAll(async () => await engine.close())

  it('has its ops in the trace of its control', async () => {
    const run = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
    expect(run.unseen).toBeUndefined()
    expect(run.traces?.get(1)?.map(({ stream, node }) => [stream, node])).toEqual([['1', 'native']])
    expect(run.traces?.get(1)?.[0]?.ops.map(({ op }) => op.kind)).toContain('write')
  })

  it.each(['K3', 'K3+', 'K4/1', 'T3', 'Z3=done', 'Z2+=3', 'K3,K2', 'K4+,N3', 'K4+,N2=2'])(
    '%s strikes exactly there, is proven, and the run ends',
    async (schedule) => {
      const run = await engine.runCase(toyCase(schedule))
      expect(run.ending).toEqual({ kind: 'done' })
      expect(run.lives.flatMap(({ unfired }) => unfired)).toEqual([])
      expect(run.lives.flatMap(({ fired }) => fired).length).toBeGreaterThan(0)
    },
  )

  it('is killed at random times, and the op is found', async () => {
    const { traces } = await engine.runCase(toyCase('-', { lane: 'recording' }))
    const ops = traces?.get(1)?.[0]?.ops.length ?? 0
    const run = await engine.runCase(toyCase('-', { randomKill: { life: 1, ops, draw: 1 } }))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.landed?.life).toBe(1)
  })

  it.each(['F1=EIO', 'K1.1@3', 'S3=1'])('cannot be struck by %s', async (schedule) => {
    const run = await engine.runCase(toyCase(schedule))
    expect(run.ending).toMatchObject({ kind: 'trouble', trouble: { kind: 'unsupported' } })
  })
})

describe.runIf(isBuilt && existsSync('/bin/bash'))('an executable that they do not see', () => {
  beforeAll(() => void vi.stubEnv('KILLPOINT_NATIVE', 'shim'))
  afterAll(() => void vi.unstubAllEnvs())

  it('is told why, and driven by its marks', async () => {
    // The shell's own `printf` writes through stdio of the C library.
    const engine = await openLive(shell('/bin/bash'))
    const run = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
    const struck = await engine.runCase(toyCase('K3'))
    await engine.close()
    expect(run.unseen).toMatch(/^(logged and real differ|its log cannot be replayed)/)
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.traces?.get(1)).toEqual([])
    expect(struck.ending).toMatchObject({ kind: 'trouble', trouble: { kind: 'unsupported' } })
    expect(struck.unseen).toBe(run.unseen)
  })

  it('is told so where its marks alone are not seen', async () => {
    const script = join(scratch(), 'worker.sh')
    const text = readFileSync(worker, 'utf8')
    const printed = text.replace(/printf (.*) >&3/, `/bin/bash -c 'printf "$@" >&3' - $1`)
    expect(printed).not.toBe(text)
    writeFileSync(script, printed)
    const engine = await openLive(shell('/bin/sh', script))
    const run = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
    await engine.close()
    expect(run.unseen).toBe('no op of its log wrote the mark begin of its ledger')
    expect(run.ending).toEqual({ kind: 'done' })
  })

  it.runIf(python !== '')('is told so where it keeps a socket in its directory', async () => {
    const script = join(scratch(), 'worker.sh')
    const bind = `import socket; socket.socket(socket.AF_UNIX).bind("s")`
    const line = `(cd "$KILLPOINT_DIR" && rm -f s && ${python} -c '${bind}')`
    writeFileSync(script, `#!/bin/sh\n${line}\n. ${worker}\n`)
    const engine = await openLive(shell('/bin/sh', script))
    const asked = { control: true, lane: 'recording', images: true } as const
    const run = await engine.runCase(toyCase('-', asked))
    await engine.close()
    expect(run.unseen).toBe('it keeps a socket in its directory: s')
    expect([run.ending, run.images]).toEqual([{ kind: 'done' }, new Map()])
  })

  it('is noticed by its control where only that workload is not seen', async () => {
    const script = join(scratch(), 'worker.sh')
    const line = `case $(cat "$KILLPOINT_WORKLOAD") in *sight*) ;; *) /bin/bash -c 'printf x > "$KILLPOINT_DIR/x"' ;; esac`
    writeFileSync(script, `#!/bin/sh\n${line}\n. ${worker}\n`)
    chmodSync(script, 0o755)
    const engine = await openLive(shell('/bin/sh', script))
    const run = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
    await engine.close()
    expect(run.unseen).toMatch(/^logged and real differ: x: /)
    expect(run.ending).toEqual({ kind: 'done' })
  })
})

describe.runIf(isBuilt && whyNoStrace === undefined)('a program that a static one starts', () => {
  beforeAll(() => void vi.stubEnv('KILLPOINT_NATIVE', 'shim'))
  afterAll(() => void vi.unstubAllEnvs())

  it('is killed with what started it', async () => {
    const engine = await openLive(shell(buildStatic('launch'), ['/bin/sh', worker]))
    const control = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
    const struck = await engine.runCase(toyCase('K4,K3+'))
    await engine.close()
    expect([control.ending, control.unseen]).toEqual([{ kind: 'done' }, undefined])
    expect(struck.ending).toEqual({ kind: 'done' })
    expect(struck.lives.map(({ signal, fired }) => [signal, fired.length])).toEqual([
      ['SIGKILL', 1],
      ['SIGKILL', 1],
      [null, 0],
    ])
  })

  it('is not seen in a process group of its own', async () => {
    const engine = await openLive(shell(buildStatic('launch', '-DGROUP'), ['/bin/sh', worker]))
    const run = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
    await engine.close()
    expect([run.ending, run.traces?.get(1)]).toEqual([{ kind: 'done' }, []])
    expect(run.unseen).toMatch(/^a program that they are not in starts the first/)
  })
})

describe('an executable without native hooks', () => {
  it('is driven by its marks where its description says so', async () => {
    const engine = await openLive(shell('/bin/sh', worker, false))
    const run = await engine.runCase(toyCase('K3'))
    await engine.close()
    expect(run.ending).toMatchObject({ kind: 'trouble', trouble: { kind: 'unsupported' } })
    expect(run.unseen).toBeUndefined()
  })
})

if (hooks.kind === 'missing') it.skip(`not judged: native hooks: ${hooks.why}`, () => undefined)
