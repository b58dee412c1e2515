import { describe, expect, it } from 'vitest'
import { position } from '../../../harness/fault.ts'
import { parseFaults } from '../../../harness/fault-parse.ts'
import { hookFaultsOf, planLife } from '../../../harness/live/plan.ts'

describe('plan', () => {
  it.each(['K37', 'K37+', 'K37/17', 'E37=ENOSPC', 'E37/4=EIO', 'W37/17', 'L37', 'Q4096', 'S3=2'])(
    'gives %s to the hooks under its own text',
    (text) => {
      const plan = planLife(parseFaults(text))
      expect(hookFaultsOf(plan)).toHaveLength(1)
      expect(hookFaultsOf(plan)[0]?.text).toBe(text)
      expect(plan).toMatchObject({ holds: [], impossible: [], count: 1 })
    },
  )

  it.each([
    ['Z37=done', 'leave'],
    ['T37', 'terminate'],
    ['V37=cancel', 'act'],
    ['X37', 'kill-service'],
    ['N3', 'barrier'],
  ])('holds the process for %s', (text, kind) => {
    const plan = planLife(parseFaults(text))
    expect(plan.holds).toMatchObject([{ text, act: { kind } }])
    expect(hookFaultsOf(plan)).toMatchObject([{ text, act: { kind: 'stop' } }])
  })

  it('does clocks and rot before the life', () => {
    const plan = planLife(parseFaults('C+1000~R1=gone~K3'))
    expect(plan.before.map(({ kind }) => kind)).toEqual(['clock', 'rot'])
    expect(plan.inside.map(({ kind }) => kind)).toEqual(['kill'])
  })

  it.each(['M3=server-kill', 'M3+=server-kill'])('kills a service while %s holds it', (text) => {
    const plan = planLife(parseFaults(text))
    expect(plan.holds).toMatchObject([{ text, op: 3, act: { kind: 'kill-service', nth: 1 } }])
    expect(plan.inside).toEqual([])
    const at = { kind: 'message', stream: '1', n: 3 }
    expect(hookFaultsOf(plan)).toMatchObject([{ text, at, act: 'stop' }])
  })

  it.each(['M3=cut', 'M1=refuse', 'M3+=kill', 'M3+=kill-answered', 'M3+=delay.9'])(
    'leaves %s to the wire door inside',
    (text) => {
      const plan = planLife(parseFaults(text))
      expect(plan.inside).toHaveLength(1)
      expect(hookFaultsOf(plan)).toMatchObject([{ text, at: { kind: 'message', stream: '1' } }])
    },
  )

  const messages = ['M3/2=cut', 'M3+=refuse', 'M3=delay.2', 'M3=kill-answered']
  it.each(['P37', 'T1.1@3', 'H3', ...messages, 'L3=sticky', 'K3=l2'])(
    'says why %s cannot happen live',
    (text) => {
      const plan = planLife(parseFaults(text))
      expect(plan.impossible).toHaveLength(1)
      expect(plan.impossible[0]?.why).not.toBe('')
      expect(plan.hooks).toEqual([])
    },
  )

  it('refuses zombies that would stop or wake inside a write', () => {
    const inside = position(3, { kind: 'inside', bytes: 2 })
    expect(planLife([{ kind: 'zombie', at: inside, until: 'done' }]).impossible).toHaveLength(1)
    const waking = planLife([{ kind: 'zombie', at: position(3), until: inside }])
    expect(waking.impossible).toHaveLength(1)
    expect(waking.holds).toEqual([])
  })

  it('gives resumers after the first the barrier and nothing else', () => {
    const plan = planLife(parseFaults('N3=2~K9'))
    expect(plan.count).toBe(3)
    expect(hookFaultsOf(plan, 0)).toHaveLength(2)
    expect(hookFaultsOf(plan, 1)).toMatchObject([{ text: 'N3=2' }])
  })

  it('holds a successor where the zombie before it wakes, under the text of that fault', () => {
    const [fault] = parseFaults('Z9=11')
    if (fault?.kind !== 'zombie') throw new Error('expected a zombie')
    const plan = planLife([], { zombie: { fault, wakeAt: position(11) } })
    expect(plan.holds).toMatchObject([{ text: 'Z9=11', op: 11, act: { kind: 'wake-zombie' } }])
  })

  it('holds a life that is shot at where the shot is aimed, and before its last op', () => {
    const plan = planLife([], { shot: { aimAt: 7, last: 20 } })
    expect(plan.holds).toMatchObject([
      { text: '', op: 7, act: { kind: 'aim' } },
      { text: 'K20', op: 20, act: { kind: 'await-shot' } },
    ])
  })

  it('puts every fault into exactly one part', () => {
    const faults = parseFaults('C+5~R1=cut.3~N2~E4=EIO~V5=signal~Z6=done~K9')
    const { before, inside, holds, impossible } = planLife(faults)
    const parts = [
      ...before,
      ...inside,
      ...holds.flatMap(({ fault }) => fault ?? []),
      ...impossible.map(({ fault }) => fault),
    ]
    expect(new Set(parts)).toEqual(new Set(faults))
    expect(parts).toHaveLength(faults.length)
  })
})
