import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringifySchedule } from '../../../harness/fault-text.ts'
import type { CaseRun, LiveCase } from '../../../harness/live/case.ts'
import { openLive } from '../../../harness/live/engine.ts'
import type { LiveEngine } from '../../../harness/live/engine.ts'
import { essence, marksOf, namesOf, runToy, toy, toyCase, toyOps, withToy } from './toy.ts'

let engine: LiveEngine
beforeAll(async () => void (engine = await openLive(toy(), { jobs: 2, graceMs: 60_000 })))
afterAll(async () => await engine.close())

async function runAll(cases: Iterable<LiveCase>): Promise<readonly CaseRun[]> {
  const runs: CaseRun[] = []
  for await (const run of engine.runCases(cases)) runs.push(run)
  return runs
}

const wholeLife = [
  'begin resolved recovered',
  'effect-a appending ack observed',
  'effect-b appending ack observed',
  'effect-c appending ack observed',
  'done',
].join(' ')

describe('live engine: kills at exact ops', () => {
  it('runs a control to its end', async () => {
    const run = await engine.runCase(toyCase('-', { control: true }))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives).toMatchObject([
      { life: 1, slot: 1, code: 0, signal: null, done: true, fired: [], stderr: '' },
    ])
    expect(namesOf(marksOf(run, 1))).toBe(wholeLife)
  })

  it('kills before and after each op of a run, exactly there, and the next life ends it', async () => {
    const points = Array.from({ length: toyOps }, (_, index) => index + 1)
    const schedules = points.flatMap((op) => [`K${op}`, `K${op}+`])
    const runs = await runAll(schedules.map((schedule) => toyCase(schedule)))
    const prefixes = runs.map((run, index) => {
      const name = schedules[index]
      expect({ name, ending: run.ending }).toEqual({ name, ending: { kind: 'done' } })
      expect(run.lives).toMatchObject([
        { signal: 'SIGKILL', putDown: false, unfired: [] },
        { code: 0, done: true },
      ])
      expect(stringifySchedule([run.lives[0]?.fired ?? []])).toBe(name)
      return namesOf(marksOf(run, 1))
    })
    for (const prefix of prefixes) expect(wholeLife.startsWith(prefix)).toBe(true)
    const timed = runs.flatMap(({ lives }) => lives.filter(({ recovery }) => recovery))
    expect(new Set(timed.map(({ slot }) => slot))).toEqual(new Set([2]))
    // After op n is before op n + 1, and between them nothing happens.
    points.slice(1).forEach((_, index) => {
      expect(prefixes[2 * index + 1]).toBe(prefixes[2 * index + 2])
    })
    expect(new Set(prefixes).size).toBe(wholeLife.split(' ').length + 1)
  })

  it('kills inside a write: a prefix reaches the file, and the next life cuts it', async () => {
    const runs = await runAll(['K7/1', 'K7/20', 'K7/37'].map((schedule) => toyCase(schedule)))
    for (const run of runs) {
      expect(run.ending).toEqual({ kind: 'done' })
      expect(namesOf(marksOf(run, 2))).toBe(wholeLife)
    }
  })

  it('kills in several lives, inside recovery too', async () => {
    const run = await engine.runCase(toyCase('K9+,K2,K4+,K11'))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives.map(({ signal, slot }) => [slot, signal])).toEqual([
      [1, 'SIGKILL'],
      [2, 'SIGKILL'],
      [3, 'SIGKILL'],
      [4, 'SIGKILL'],
      [5, null],
    ])
  })

  it('writes a life mark before and an exit mark behind all that a life tells', async () => {
    const run = await engine.runCase(toyCase('K9,K3'))
    for (const { life, pid, signal, code } of run.lives) {
      const own = run.entries.map(({ mark }) => mark).filter((mark) => mark.life === life)
      expect(own[0]).toMatchObject({ mark: 'life', pid, verb: 'run', takeover: 'if-dead' })
      expect(own.at(-1)).toMatchObject({ mark: 'exit', code, signal })
    }
  })

  it('starts a finished run again as often as it is asked to', async () => {
    const run = await engine.runCase(toyCase('-', { livesAfterDone: 2 }))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives.map(({ done }) => done)).toEqual([true, true, true])
  })
})

describe('live engine: faults that do not fire', () => {
  it('calls a case none whose op is never reached', async () => {
    const run = await engine.runCase(toyCase(`K${toyOps + 1}`))
    expect(run.ending).toMatchObject({
      kind: 'not-fired',
      life: 1,
      why: 'the life ended before it',
    })
    expect(run.lives[0]?.unfired).toHaveLength(1)
  })

  it('believes no line that says that a kill fell where nobody died of it', async () => {
    const run = await runToy('liar', 'K99')
    expect(run.ending).toMatchObject({ kind: 'not-fired', life: 1 })
    expect(run.lives[0]).toMatchObject({ code: 0, fired: [] })
  })

  it('calls a case none whose rot finds nothing', async () => {
    const run = await engine.runCase(toyCase('K3,R1=gone'))
    expect(run.ending).toMatchObject({
      kind: 'not-fired',
      why: 'there was nothing that it could be done to',
    })
  })

  it('does not hide a life that gives up behind the fault that it never came to', async () => {
    const run = await runToy('refuse-recovery', 'K12,K20')
    expect(run.ending).toEqual({ kind: 'unfinished' })
    expect(run.lives.map(({ code }) => code)).toEqual([null, 6, 6, 6])
  })
})

describe('live engine: what others do to a life', () => {
  it('starts a rival beside a held owner, waits for its end, and lets the owner go on', async () => {
    const run = await engine.runCase(toyCase('A9'))
    expect(run.ending).toEqual({ kind: 'done' })
    const order = run.entries
      .map(({ mark }) => `${mark.mark} ${mark.life}`)
      .filter((text) => /^(life|stopped|continued|exit)/.test(text))
    // The toy lets itself be robbed: a third life ends what the first one lost.
    expect(order.slice(0, 6)).toEqual([
      'life 1',
      'stopped 1',
      'life 2',
      'exit 2',
      'continued 1',
      'exit 1',
    ])
    expect(run.lives.map(({ takeover }) => takeover)).toEqual(['if-dead', 'if-dead', 'if-dead'])
    expect(run.lives[0]?.fired).toHaveLength(1)
  })

  it('gives the pids of the dead away, once there are dead', async () => {
    const run = await engine.runCase(toyCase('K9,I'))
    expect(run.ending).toEqual({ kind: 'done' })
    const fault = run.entries.find(({ mark }) => mark.mark === 'fault' && mark.fault === 'I')
    expect(fault?.mark).toMatchObject({ life: 2, op: 0 })
    const early = await engine.runCase(toyCase('I'))
    expect(early.ending).toMatchObject({ kind: 'not-fired', life: 1 })
  })

  it('leaves a zombie, lets its successor end the run, lets the zombie go on, and looks once more', async () => {
    const run = await engine.runCase(toyCase('Z9=done'))
    expect(run.ending).toEqual({ kind: 'done' })
    const order = run.entries
      .map(({ mark }) => `${mark.mark} ${mark.life}`)
      .filter((text) => /^(life|stopped|continued|exit)/.test(text))
    expect(order).toEqual([
      'life 1',
      'stopped 1',
      'life 2',
      'exit 2',
      'continued 1',
      'exit 1',
      'life 3',
      'exit 3',
    ])
    expect(run.lives.map(({ takeover }) => takeover)).toEqual(['if-dead', 'always', 'if-dead'])
    expect(stringifySchedule([run.lives[0]?.fired ?? []])).toBe('Z9=done')
    expect(namesOf(marksOf(run, 1))).toBe(wholeLife)
  })

  it('wakes a zombie at an op of its successor, which stands still meanwhile', async () => {
    const run = await engine.runCase(toyCase('Z9=11'))
    expect(run.ending).toEqual({ kind: 'done' })
    const lives = run.entries.map(({ mark }) => mark.life)
    const stopped = run.entries.findIndex(({ mark }) => mark.mark === 'stopped' && mark.life === 2)
    const woken = run.entries.findIndex(({ mark }) => mark.mark === 'continued' && mark.life === 2)
    expect(stopped).toBeGreaterThan(0)
    expect(new Set(lives.slice(stopped + 1, woken))).toEqual(new Set([1]))
  })

  it('calls a case none whose zombie would wake where its successor never comes', async () => {
    const run = await engine.runCase(toyCase('Z9=99'))
    expect(run.ending).toMatchObject({ kind: 'not-fired', why: 'its successor ended before it' })
  })

  it('puts a zombie down that does not end by itself', async () => {
    const run = await runToy('stuck-once', 'Z9=done', {}, { zombieMs: 50 })
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives.map(({ putDown }) => putDown)).toEqual([true, false, false])
  })

  it('gives up where the successor of a zombie is wedged', async () => {
    const run = await runToy('stuck', 'Z9=done', {}, { quietMs: 50 })
    expect(run.ending).toMatchObject({ kind: 'wedged', life: 2 })
  })

  it('lets resumers go at once when all of them stand before their first op', async () => {
    const run = await engine.runCase(toyCase('K9+,N3'))
    const order = run.entries.map(({ mark }) => `${mark.mark} ${mark.life}`)
    const lastStopped = Math.max(...[2, 3, 4].map((life) => order.indexOf(`stopped ${life}`)))
    const firstMark = order.findIndex((text) => /^begin [234]/.test(text))
    expect(lastStopped).toBeGreaterThan(0)
    expect(firstMark).toBeGreaterThan(lastStopped)
    expect(run.lives.filter(({ slot }) => slot === 2).map(({ life }) => life)).toEqual([2, 3, 4])
    expect(
      run.lives.filter(({ slot }) => slot === 2).every(({ fired }) => fired.length === 1),
    ).toBe(true)
  })

  it('sends SIGTERM at an op, and the worker takes it at its next turn', async () => {
    const run = await runToy('awaits-once', 'T9')
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives[0]).toMatchObject({ code: 143, signal: null, putDown: false, unfired: [] })
    expect(namesOf(marksOf(run, 1))).toBe(
      'begin resolved recovered effect-a appending ack observed',
    )
  })

  it('kills after the grace time who does not take it', async () => {
    const run = await runToy('stuck-once', 'T15', {}, { graceMs: 50 })
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives[0]).toMatchObject({ signal: 'SIGKILL', putDown: true, unfired: [] })
  })

  it('runs a verb at an op, with the worker held', async () => {
    const workload = { ...toyCase('-').workload, outside: [{ kind: 'cancel' }] } as const
    const run = await engine.runCase(toyCase('V9=cancel', { workload }))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.acts).toMatchObject([{ verb: 'cancel', life: 2, code: 0, act: 0 }])
    const order = run.entries.map(({ mark }) => `${mark.mark} ${mark.life}`)
    const held = order.slice(order.indexOf('stopped 1') + 1, order.indexOf('continued 1'))
    expect(held).toEqual(['life 2', 'cancel-acked 2', 'exit 2'])
  })

  it('sends a signal as soon as the effect that it waits for is in the ledger', async () => {
    const signal = { kind: 'signal', name: 'go', payload: '1', after: 'a' } as const
    const workload = { ...toyCase('-').workload, outside: [signal] }
    const run = await runToy('wait-for-signal', '-', { workload })
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.acts).toMatchObject([{ verb: 'signal', code: 0 }])
    const names = run.entries.map(({ mark }) => mark.mark)
    expect(names.indexOf('signal-acked')).toBeGreaterThan(names.indexOf('effect'))
  })

  it('sends it in a later life where the first died before it, and once only', async () => {
    const signal = { kind: 'signal', name: 'go', payload: '1', after: 'b' } as const
    const workload = { ...toyCase('-').workload, outside: [signal] }
    const run = await runToy('wait-for-signal', 'K5,K3', { workload })
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.acts).toHaveLength(1)
  })

  it('sends it where that step ends as unknown without its effect: nobody may wait for that', async () => {
    const signal = { kind: 'signal', name: 'go', payload: '1', after: 'a' } as const
    const workload = { ...toyCase('-').workload, outside: [signal] }
    const run = await runToy('in-doubt', 'K5', { workload })
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.acts).toHaveLength(1)
  })

  it('lets the clock jump and a file rot before the life, and says so in the ledger', async () => {
    const run = await engine.runCase(toyCase('K14,C+3600000~R1=cut.5'))
    expect(run.ending).toEqual({ kind: 'done' })
    const marks = run.entries.map(({ mark }) => mark)
    const clocks = marks.flatMap((mark) => (mark.mark === 'life' ? [mark.clockMs] : []))
    expect((clocks[1] ?? 0) - (clocks[0] ?? 0)).toBe(3_600_000 + 1_000)
    expect(marks.filter((mark) => mark.mark === 'fault' && mark.op === 0)).toMatchObject([
      { fault: 'C+3600000', life: 2 },
      { fault: 'R1=cut.5', life: 2 },
    ])
    expect(namesOf(marksOf(run, 2))).toBe(wholeLife)
  })
})

describe('live engine: one case, one result', () => {
  it.each([
    ['', ['K9', 'K3+,K5', 'Z9=done', 'K7/9', 'K99', '-']],
    // When a process sees a SIGTERM the kernel says: who is to be ended by it waits for it.
    ['awaits-once', ['T9', 'T9']],
  ])(
    'gives the same results in the same order for one job and for several %s',
    async (bug, schedules) => {
      const cases = schedules.map((schedule, index) => toyCase(schedule, { id: `same-${index}` }))
      const runs = (jobs: number): Promise<readonly CaseRun[]> =>
        withToy(bug, { jobs, graceMs: 60_000, codeCache: false }, async (each) => {
          const all: CaseRun[] = []
          for await (const run of each.runCases(cases)) all.push(run)
          return all
        })
      const [one, several] = [await runs(1), await runs(3)]
      expect(one.map(essence)).toEqual(several.map(essence))
    },
  )

  it('lands every kill at a random time inside the run, and its exact token leaves the same', async () => {
    const kills = Array.from({ length: 12 }, (_, draw) =>
      toyCase('-', { randomKill: { life: 1, ops: toyOps, draw } }),
    )
    const runs = await runAll(kills)
    for (const { ending, lives, landed } of runs) {
      expect(ending).toEqual({ kind: 'done' })
      expect(lives[0]).toMatchObject({ signal: 'SIGKILL', putDown: false })
      expect(landed).toMatchObject({ life: 1, precision: 'exact' })
    }
    const again = await runAll(
      runs.map(({ landed }) => toyCase('-', { schedule: landed?.schedule ?? [] })),
    )
    again.forEach((run, index) => {
      const original = runs[index]
      if (original === undefined) throw new Error('a replay without an original')
      for (const life of [1, 2]) expect(marksOf(run, life)).toEqual(marksOf(original, life))
    })
  })

  it('lands a random kill in a later life', async () => {
    const run = await engine.runCase(
      toyCase('K12', { randomKill: { life: 2, ops: toyOps - 5, draw: 3 } }),
    )
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL', null])
    expect(run.landed?.schedule).toHaveLength(2)
  })
})
