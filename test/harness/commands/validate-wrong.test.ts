/** Backends over SQLite that are wrong in one way each, as `killpoint validate` finds them. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { buildNativeHooks } from '../../../harness/native/build.ts'
import { cli, type Said } from './cli.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const hooks = await buildNativeHooks()

/** `killpoint validate` with a law that they break. */
async function lawOf(module: string, law: string): Promise<Said> {
  return await cli(
    ['validate', `examples/backends/wrong/${module}.ts`, '--law', law, '--seed', 'abc'],
    root,
  )
}

/** The last line, and what it says when it is pasted. */
function lastOf({ stdout }: Said): string {
  return stdout.trimEnd().split('\n').at(-1) ?? ''
}

describe('validate: a backend that is wrong in one way', () => {
  it.each([
    ['no-fencing', 'J5', 'ZOMBIE_WRITE', 'the append of a zombie: expected FENCED, it resolved'],
    // Without the native hooks a kill has to come before the next turn of that process.
    [
      'ack-before-commit',
      'J1',
      'LOST_COMMIT',
      hooks.kind === 'missing'
        ? 'recovered bodies: expected '
        : 'not so: append 1 was synced before it was acknowledged',
    ],
    ['autocommit-per-record', 'J3', 'PHANTOM', 'that a reader saw alone: expected 0, got '],
    [
      'synchronous-off',
      'J1',
      'LOST_COMMIT',
      'not so: append 1 was synced before it was acknowledged',
    ],
  ])('%s breaks %s, and its line shows it again', async (module, law, verdict, found) => {
    if (module === 'synchronous-off' && hooks.kind === 'missing') {
      // What SQLite syncs is seen by the native hooks alone.
      expect((await lawOf(module, law)).stdout).toContain('the native hooks do not see them either')
      return
    }
    const ran = await lawOf(module, law)
    const again = `npx killpoint validate examples/backends/wrong/${module}.ts --law ${law} --seed abc`
    expect(ran.stdout).toMatch(new RegExp(`^${law} +BROKEN ${verdict} +${again} *$`, 'm'))
    expect(ran.stdout).toContain(found)
    // A process that dies takes nothing along here: the law of power alone is broken.
    if (module === 'synchronous-off') expect(ran.stdout.match(/^✗ /gm)).toHaveLength(1)
    expect(lastOf(ran)).toBe(`  again   ${again}`)
    expect(ran.code).toBe(1)
  })

  it('a zombie that no law was asked about is found by its scenario, by a token that replays', async () => {
    const module = 'examples/backends/wrong/no-fencing.ts'
    const few = ['--only', 'zombie', '--cases', '1', '--no-explore', '--no-shrink', '--seed', 'abc']
    const ran = await cli(['validate', module, ...few], root)
    expect(ran.code).toBe(1)
    const pasted = / npx killpoint (replay kp1:\S+)$/.exec(lastOf(ran))?.[1] ?? ''
    expect(pasted).toContain(`kp1:zombie:${module}:`)
    const again = await cli(pasted.split(' '), root)
    expect(again.code).toBe(1)
    expect(lastOf(again)).toBe(lastOf(ran))
  })
})
