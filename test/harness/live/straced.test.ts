/** Executables that no library can be preloaded into: struck exactly by strace, or not at all; and a broken one is caught. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runCampaign } from '../../../harness/campaign/campaign.ts'
import { workloadOfSeed } from '../../../harness/campaign/group.ts'
import { Workbench } from '../../../harness/campaign/workbench.ts'
import { exploreCommand } from '../../../harness/commands/explore.ts'
import type { ConfiguredProject } from '../../../harness/commands/project.ts'
import { replayCommand } from '../../../harness/commands/replay.ts'
import { runCommand } from '../../../harness/commands/run.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import { openLive, type LiveEngine } from '../../../harness/live/engine.ts'
import type { CommandSystem } from '../../../harness/system.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { recovery } from '../../../scenarios/recovery.ts'
import { python, scratch } from '../native/run-native.ts'
import { buildStatic, whyNoStrace } from '../native/run-strace.ts'
import { marksOf, namesOf, toyCase } from './toy.ts'

function system(name: string, file: string, more: Partial<CommandSystem> = {}): CommandSystem {
  return {
    kind: 'command',
    name,
    claims: ['process', 'keyed'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file },
    ...more,
  }
}

describe.runIf(whyNoStrace === undefined)('a static program', () => {
  const file = whyNoStrace === undefined ? buildStatic('worker') : ''
  let engine: LiveEngine
  beforeAll(async () => void (engine = await openLive(system('static', file), { jobs: 2 })))
  afterAll(async () => await engine.close())

  it('has its ops in the trace of its control', async () => {
    const run = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
    expect([run.ending, run.unseen]).toEqual([{ kind: 'done' }, undefined])
    expect(run.traced).toMatch(/^$|logged and real differ|did not end well/)
    const [trace] = run.traces?.get(1) ?? []
    expect([trace?.stream, trace?.node, trace?.torn]).toEqual(['1', 'strace', 0])
    expect(trace?.ops.map(({ op }) => op.kind).join(' ')).toBe(
      `open truncate mark mark ${'mark write datasync mark '.repeat(3)}mark`,
    )
  })

  it.each<readonly [string, string]>([
    ['K1', ''],
    ['K2', ''],
    ['K6', 'begin resolved effect-a'],
    ['K6+', 'begin resolved effect-a'],
    ['K7', 'begin resolved effect-a'],
    ['K8', 'begin resolved effect-a'],
    ['K8/9', 'begin resolved effect-a'],
    ['K17+', 'begin resolved effect-a observed effect-b observed effect-c observed done'],
    ['K14,K3', 'begin resolved effect-a observed effect-b observed effect-c'],
  ])('%s strikes exactly there, is proven, and the run ends', async (schedule, marks) => {
    const run = await engine.runCase(toyCase(schedule, { lane: 'recording' }))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.lives.flatMap(({ unfired }) => unfired)).toEqual([])
    expect(run.lives.map(({ signal }) => signal)).toEqual([
      ...schedule.split(',').map(() => 'SIGKILL'),
      null,
    ])
    expect(namesOf(marksOf(run, 1))).toBe(marks)
    const [trace] = run.traces?.get(1) ?? []
    const [at = ''] = /\d+/.exec(schedule) ?? []
    expect(trace?.ops.length).toBe(Number(at))
    expect(trace?.fired).toMatchObject([{ n: Number(at) }])
  })

  it('is killed at an op that is drawn', async () => {
    const run = await engine.runCase(toyCase('-', { randomKill: { life: 1, ops: 14, draw: 1 } }))
    expect(run.ending).toEqual({ kind: 'done' })
    expect(run.landed).toMatchObject({ life: 1, precision: 'exact' })
  })

  it.each<readonly [string, RegExp]>([
    ['K99', /the life has 17 ops/],
    ['K18+', /the life has 17 ops/],
    ['K6/3', /not inside it/],
  ])('%s does not fire, and is no case', async (schedule, why) => {
    const run = await engine.runCase(toyCase(schedule))
    expect(run.ending).toMatchObject({
      kind: 'not-fired',
      why: expect.stringMatching(why) as unknown,
    })
  })

  it.each(['Z3+=done', 'E6=EIO', 'T3'])('cannot be struck by %s', async (schedule) => {
    const run = await engine.runCase(toyCase(schedule))
    expect(run.ending).toMatchObject({ kind: 'trouble', trouble: { kind: 'unsupported' } })
  })

  it('is left to its marks where strace cannot do what its claims need', async () => {
    const guarded = await openLive(system('guarded', file, { claims: ['process', 'fencing'] }))
    const run = await guarded.runCase(toyCase('-', { control: true, lane: 'recording' }))
    await guarded.close()
    expect(run.unseen).toMatch(/strace: it can only kill, and fencing is claimed$/)
    expect(run.traces?.get(1)).toEqual([])
  })

  it('holds', async () => {
    const { failures, coverage } = await runCampaign({
      seed: 'static',
      systems: [system('static', file)],
      scenarios: [recovery],
      cases: 3,
      live: { jobs: 2 },
    })
    expect(failures.map(({ verdict, token }) => `${verdict} ${token}`)).toEqual([])
    expect(coverage.map(({ traced, unseen, cases }) => [typeof traced, unseen, cases])).toEqual([
      ['string', undefined, 3],
    ])
  })

  it('that a kill tears inside a write is shown on the disk model: strace kills before a call', async () => {
    const tested = system('static', file)
    const workload = workloadOfSeed(recovery, tested, 'torn')
    const group = { scenario: recovery, system: tested, seed: 'torn', workload }
    const bench = new Workbench({ jobs: 1 })
    try {
      const schedule = parseSchedule('K6/3')
      const tried = await bench.run(group, { schedule }, { kind: 'class', name: 'explored' })
      expect(tried).toMatchObject({ kind: 'case', report: { verdict: 'HOLDS' } })
      // A life that never comes there is no case on the disk model either.
      const late = parseSchedule('K600/3')
      const missed = await bench.run(group, { schedule: late }, { kind: 'class', name: 'explored' })
      expect(missed).toMatchObject({ kind: 'not-fired' })
    } finally {
      await bench.close()
    }
  })

  it('that tells before it writes is caught, by a token that replays exactly', async () => {
    const project = projectOf(system('early', buildStatic('worker', '-DEARLY')))
    const [output, again] = [keptOutput(), keptOutput()]
    const few = { jobs: 2, seed: 'static', cases: 2, shrink: false, explore: false } as const
    expect(await runCommand(project, few, output)).toBe(1)
    const said = output.lines.join('\n')
    expect(said).toMatch(/^shown by strace: recovery × early: no native hooks: /m)
    const [token = ''] = /kp1:recovery:early:\S+/.exec(said) ?? []
    expect(await replayCommand(project, token, { times: 1 }, again)).toBe(1)
    expect(again.lines.join('\n')).toMatch(/^exact/m)
  })

  it('that never syncs loses a commit with the power, by a token that replays', async () => {
    const claims = ['process', 'keyed', 'power'] as const
    const project = projectOf(system('unsynced', buildStatic('worker', '-DUNSYNCED'), { claims }))
    const [output, again] = [keptOutput(), keptOutput()]
    const few = { jobs: 2, seed: 'static', bail: 1, shrink: false } as const
    expect(await exploreCommand(project, few, output)).toBe(1)
    const [token = ''] = /kp1:recovery:unsynced:\S+:P\S+$/.exec(output.lines.join('\n')) ?? []
    expect(await replayCommand(project, token, { times: 1 }, again)).toBe(1)
    expect(again.lines.join('\n')).toContain(`npx killpoint replay ${token}`)
  })
})

function projectOf(tested: CommandSystem): ConfiguredProject {
  const [directory, systems] = [scratch(), [tested]]
  const [corpus, records] = [join(directory, 'corpus'), join(directory, 'records')]
  return { directory, config: { systems }, scenarios: [recovery], systems, corpus, records }
}

describe.runIf(whyNoStrace === undefined && python !== '')(
  'the Python example under strace',
  () => {
    beforeAll(() => void vi.stubEnv('KILLPOINT_NATIVE', 'strace'))
    afterAll(() => void vi.unstubAllEnvs())

    it('is seen whole, and killed inside a transaction of SQLite', async () => {
      const script = fileURLToPath(new URL('../../../examples/commands/worker.py', import.meta.url))
      const program = { kind: 'executable', file: python, arguments: [script] } as const
      const engine = await openLive(system('python', python, { program }), { jobs: 2 })
      const control = await engine.runCase(toyCase('-', { control: true, lane: 'recording' }))
      const ops = control.traces?.get(1)?.[0]?.ops ?? []
      const write = ops.findLast(({ op }) => op.kind === 'write' && op.path === 'journal.db')
      const struck = await engine.runCase(toyCase(`K${write?.n ?? 0}`))
      await engine.close()
      expect([control.unseen, control.traced]).toEqual([undefined, 'KILLPOINT_NATIVE=strace'])
      expect(ops.length).toBeGreaterThan(100)
      expect(struck.ending).toEqual({ kind: 'done' })
      expect(struck.lives.map(({ signal, fired }) => [signal, fired.length])).toEqual([
        ['SIGKILL', 1],
        [null, 0],
      ])
    })
  },
)

if (whyNoStrace !== undefined) it.skip(`not judged: ${whyNoStrace}`, () => undefined)
if (python === '') it.skip('python3 is not installed on this host', () => undefined)
