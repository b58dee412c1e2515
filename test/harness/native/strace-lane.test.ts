/** Static programs under strace: what it shows is what is on the disk, and a kill falls before exactly the op that was asked for. */
import { describe, expect, it } from 'vitest'
import { compareImages, readImage, rebuildDirectory } from '../../../harness/directory-image.ts'
import { whyUnseen } from '../../../harness/native/sight.ts'
import { aimBefore, whyNotKilled } from '../../../harness/native/strace-lane.ts'
import { describeOp } from '../../../harness/op.ts'
import { buildStatic, runStraced, whyNoStrace } from './run-strace.ts'

describe.runIf(whyNoStrace === undefined)('the strace lane', () => {
  const forms = whyNoStrace === undefined ? buildStatic('forms') : ''
  const whole = whyNoStrace === undefined ? runStraced(forms) : undefined
  if (whole === undefined) return

  it('sees every form as its op', () => {
    const told = whole.trace.ops.map(({ op, result }) =>
      [describeOp(op), result.code].filter((each) => each !== undefined).join(' '),
    )
    expect(told).toMatchSnapshot()
    expect(whole.trace.ops.every(({ done }) => done !== undefined)).toBe(true)
  })

  it('rebuilds the directory from what it saw, byte for byte', async () => {
    expect(await whyUnseen([[whole.trace]], whole.state)).toBeUndefined()
    expect((await readImage(whole.state)).size).toBeGreaterThan(3)
  })

  it('kills before every op of the process that leads, and shows it', async () => {
    for (const { n, isLeaders } of whole.log.ops) {
      const aim = aimBefore(whole.log, n)
      expect('why' in aim).toBe(!isLeaders)
      if ('why' in aim) continue
      const run = runStraced(forms, aim)
      expect([n, run.signal, whyNotKilled(run.log, n)]).toEqual([n, 'SIGKILL', undefined])
      const before = rebuildDirectory(whole.trace, n - 1)
      expect(compareImages(before, await readImage(run.state))).toEqual([])
    }
  })

  it('knows a kill that did not fall, and one that fell elsewhere', () => {
    const [n, at] = [9, aimBefore(whole.log, 9)]
    if ('why' in at) throw new Error(at.why)
    const never = runStraced(forms, { ...at, nth: 99 })
    expect([never.signal, whyNotKilled(never.log, n)]).toEqual([
      null,
      `the life went on to op ${whole.log.ops.length}`,
    ])
    const early = runStraced(forms, { name: 'write', nth: 1 })
    expect([early.signal, whyNotKilled(early.log, n)]).toEqual(['SIGKILL', 'the life made 1 ops'])
    expect(whyNotKilled({ ...early.log, killed: new Set() }, 1)).toMatch(/^nothing killed/)
  })
})

if (whyNoStrace !== undefined) it.skip(`not judged: ${whyNoStrace}`, () => undefined)
