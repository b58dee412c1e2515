import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaseRun } from '../../../harness/live/case.ts'
import { openLive } from '../../../harness/live/engine.ts'
import type { LiveEngine } from '../../../harness/live/engine.ts'
import type { CommandSystem } from '../../../harness/system.ts'
import { marksOf, namesOf, toyCase } from './toy.ts'

const script = fileURLToPath(new URL('./fixtures/worker.sh', import.meta.url))

/** A shell script that speaks the protocol by hand; told to hang, its first life never comes further than its fifth mark. */
function shell(...args: readonly string[]): CommandSystem {
  return {
    kind: 'command',
    name: 'shell',
    claims: ['process'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file: '/bin/sh', arguments: [script, ...args], native: false },
  }
}

let engine: LiveEngine
beforeAll(async () => void (engine = await openLive(shell('hang'), { jobs: 2, zombieMs: 200 })))
afterAll(async () => await engine.close())

function deaths({ lives }: CaseRun): readonly (string | number | null)[] {
  return lives.map(({ code, signal }) => signal ?? code)
}

describe('command: an executable in any language, by its marks', () => {
  it('runs to its end', async () => {
    const plain = await openLive(shell())
    const run = await plain.runCase(toyCase('-', { control: true }))
    await plain.close()
    expect(run.ending).toEqual({ kind: 'done' })
    expect(namesOf(marksOf(run, 1))).toBe(
      'begin resolved effect-a observed effect-b observed effect-c observed done',
    )
  })

  it('is killed after a mark, and goes on where it was', async () => {
    const run = await engine.runCase(toyCase('K3+'))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(deaths(run)).toEqual(['SIGKILL', 0])
    const fault = run.entries.find(({ mark }) => mark.mark === 'fault')?.mark
    expect(fault).toEqual({ mark: 'fault', life: 1, fault: 'K3+', stream: '1', op: 3 })
    expect(namesOf(marksOf(run, 1))).toMatch(/^begin resolved effect-a/)
    expect(namesOf(marksOf(run, 1))).not.toMatch(/done/)
  })

  it('is stopped after a mark, taken over, let go on, and put down where it does not end', async () => {
    const run = await engine.runCase(toyCase('Z3+=done'))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives.map(({ takeover }) => takeover)).toEqual(['if-dead', 'always', 'if-dead'])
    expect(run.lives.map(({ putDown }) => putDown)).toEqual([true, false, false])
  })

  it('is one of three resumers behind a gate', async () => {
    const run = await engine.runCase(toyCase('K4+,N3'))
    const order = run.entries.map(({ mark }) => `${mark.mark} ${mark.life}`)
    const last = Math.max(...[2, 3, 4].map((life) => order.indexOf(`stopped ${life}`)))
    expect(last).toBeGreaterThan(0)
    expect(order.findIndex((text) => /^begin [234]/.test(text))).toBeGreaterThan(last)
    expect(
      run.lives.filter(({ slot }) => slot === 2).every(({ fired }) => fired.length === 1),
    ).toBe(true)
  })

  it('is terminated after a mark', async () => {
    const run = await engine.runCase(toyCase('T3+'))
    expect(deaths(run)).toEqual(['SIGTERM', 0])
    expect(run.ending).toEqual({ kind: 'done' })
  })

  it('is killed at random times, near to what is printed', async () => {
    for (const draw of [1, 2, 3]) {
      const run = await engine.runCase(toyCase('-', { randomKill: { life: 1, ops: 5, draw } }))
      expect(run.ending).toEqual({ kind: 'done' })
      expect(run.landed).toMatchObject({ life: 1, precision: 'near' })
    }
  })

  it.each(['K3', 'K3/2', 'E3=EIO', 'T1.1@3+', 'Z3=done'])(
    'cannot be struck by %s',
    async (schedule) => {
      const run = await engine.runCase(toyCase(schedule))
      expect(run.ending).toMatchObject({ kind: 'trouble', trouble: { kind: 'unsupported' } })
    },
  )
})
