/** Kills at a random time of lives that are made of several processes. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openLive } from '../../../harness/live/engine.ts'
import type { CommandSystem } from '../../../harness/system.ts'
import { marksOf, toyCase } from '../live/toy.ts'
import { python, whyNot } from './run-native.ts'

const worker = fileURLToPath(new URL('../../../examples/commands/worker.py', import.meta.url))

/** The worker as a child of what leads the life: as behind `npm start`, or an init of a container. */
function behind(name: string, command: string): CommandSystem {
  return {
    kind: 'command',
    name,
    claims: ['process'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file: '/bin/sh', arguments: ['-c', `${command}; exit $?`] },
  }
}

describe.runIf(whyNot === undefined)('native hooks: a shot at a random time', () => {
  it.each([
    ['in the group of its leader', `'${python}' '${worker}'`],
    [
      'in a session of its own',
      `'${python}' -c "import os, sys; os.fork() and sys.exit(os.waitstatus_to_exitcode(os.wait()[1])); os.setsid(); os.execv(sys.argv[1], sys.argv[1:])" '${python}' '${worker}'`,
    ],
  ])('ends a worker %s with it', { timeout: 120_000 }, async (_, command) => {
    const engine = await openLive(behind('child', command), { jobs: 1 })
    try {
      const control = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
      expect(control.ending).toEqual({ kind: 'done' })
      const ops = control.traces?.get(1)?.[0]?.ops.length ?? 0
      expect(ops).toBeGreaterThan(20)
      for (let draw = 1; draw <= 8; draw += 1) {
        const run = await engine.runCase(toyCase('-', { randomKill: { life: 1, ops, draw } }))
        expect(run.ending).toEqual({ kind: 'done' })
        expect(run.landed).toMatchObject({ life: 1 })
        // It is held before its last op until the shot falls, and goes on nowhere behind it.
        expect(marksOf(run, 1).map(({ mark }) => mark)).not.toContain('done')
        expect(run.lives[0]?.signal).toBe('SIGKILL')
      }
    } finally {
      await engine.close()
    }
  })
})
