/** Power loss for a program in another language: the Python example holds, and two that promise too much are caught. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { explore, type ScenarioExplored } from '../../../harness/explorer/explore.ts'
import type { CommandSystem } from '../../../harness/system.ts'
import type { Workload } from '../../../harness/workload.ts'
import { isBreach } from '../../../harness/verdict.ts'
import { recovery } from '../../../scenarios/recovery.ts'
import { python, scratch, whyNot } from '../native/run-native.ts'
import { buildDynamic, buildStatic, whyNoStrace } from '../native/run-strace.ts'

const example = fileURLToPath(new URL('../../../examples/commands/worker.py', import.meta.url))

const workload: Workload = {
  root: {
    kind: 'sequence',
    of: [
      { kind: 'step', id: 'a', effect: 'keyed' },
      { kind: 'step', id: 'b', effect: 'once' },
    ],
  },
  inFlightMax: 1,
}

/** Explores the Python example with another setting of `PRAGMA synchronous`. */
async function explored(synchronous: string, statesMax: number): Promise<ScenarioExplored> {
  const script = join(scratch(), 'worker.py')
  const text = readFileSync(example, 'utf8')
  writeFileSync(script, text.replace('synchronous = EXTRA', `synchronous = ${synchronous}`))
  const system: CommandSystem = {
    kind: 'command',
    name: 'python',
    claims: ['process', 'power', 'journal', 'keyed', 'once', 'terminal'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file: python, arguments: [script] },
  }
  return await powerLost(system, statesMax)
}

async function powerLost(system: CommandSystem, statesMax: number): Promise<ScenarioExplored> {
  const [result] = await explore({
    seed: 'python',
    scenarios: [recovery],
    systems: [system],
    harms: ['power-loss'],
    workload,
    jobs: 2,
    processStatesMax: statesMax,
    stopAt: ['LOST_COMMIT'],
  })
  if (result === undefined) throw new Error('nothing was explored')
  return result
}

describe.runIf(whyNot === undefined)('explorer: an executable loses power', () => {
  it('SQLite that syncs everything holds, in the states that were drawn', async () => {
    const result = await explored('EXTRA', 24)
    expect(result.verdict).toBe('HOLDS')
    expect(result.drawn?.chosen).toBe(24)
    expect(result.drawn?.distinct).toBeGreaterThan(200)
    expect(result.counts.checked).toBe(24)
  })

  it.each(['OFF', 'FULL'])(
    'synchronous=%s is caught, by a token that fresh processes show',
    async (setting) => {
      const { verdict, findings } = await explored(setting, 40)
      // A database that is torn to pieces is worse than one that forgets: then the run never ends.
      expect(isBreach(verdict)).toBe(true)
      const lost = findings.filter((each) => each.verdict === 'LOST_COMMIT')
      expect(lost.map(({ isConfirmed, invariant }) => [isConfirmed, invariant])).toContainEqual([
        true,
        'S1',
      ])
      expect(lost[0]?.token).toMatch(/^kp1:recovery:python:[0-9a-f]+:posix:P\d+/)
    },
  )
})

function built(file: string): CommandSystem {
  return {
    kind: 'command',
    name: 'static',
    claims: ['process', 'power', 'keyed'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file },
  }
}

describe.runIf(whyNoStrace === undefined)('explorer: a static program loses power', () => {
  const explored = async (...flags: readonly string[]): Promise<ScenarioExplored> =>
    await powerLost(built(buildStatic('worker', ...flags)), 24)

  it('holds, in all its states, where it syncs the directory too', async () => {
    const { skipped, verdict, drawn, counts } = await explored('-DDIRECTORY')
    expect([skipped, verdict]).toEqual([undefined, 'HOLDS'])
    expect(counts.checked).toBe(drawn?.chosen)
    expect(drawn?.chosen).toBeGreaterThan(5)
  })

  it('is caught where it does not, by a token that fresh processes show', async () => {
    const { findings } = await explored()
    const lost = findings.filter(
      (each) => each.verdict === 'LOST_COMMIT' || each.verdict === 'REDONE',
    )
    expect(lost[0]).toMatchObject({ isConfirmed: true })
    expect(lost[0]?.token).toMatch(/^kp1:recovery:static:[0-9a-f]+:posix:P\d+/)
  })
})

describe.runIf((whyNot ?? whyNoStrace) === undefined)('explorer: what the hooks do not see', () => {
  afterEach(() => void vi.unstubAllEnvs())

  it('marks through stdio of the C library are seen by strace', async () => {
    const printed = built(buildDynamic('worker', '-DDIRECTORY', '-DPRINTED'))
    const { skipped, verdict, drawn } = await powerLost(printed, 24)
    expect([skipped, verdict]).toEqual([undefined, 'HOLDS'])
    expect(drawn?.chosen).toBeGreaterThan(5)
  })

  it('and are no crash points where there is none', async () => {
    vi.stubEnv('KILLPOINT_NATIVE', 'shim')
    const { skipped, verdict } = await powerLost(built(buildDynamic('worker', '-DPRINTED')), 24)
    expect(skipped).toBe('unseen: no op of its log wrote the mark begin of its ledger')
    expect(verdict).toBe('SKIPPED')
  })

  it('syncs that pass them by are seen by strace', async () => {
    const { skipped, verdict } = await powerLost(
      built(buildDynamic('worker', '-DDIRECTORY', '-DASIDE')),
      24,
    )
    expect([skipped, verdict]).toEqual([undefined, 'HOLDS'])
  })

  it('a socket in its directory is told, and nothing is explored', async () => {
    const script = join(scratch(), 'worker.py')
    const bind =
      'import os, socket\nsocket.socket(socket.AF_UNIX).bind(os.environ["KILLPOINT_DIR"] + "/s")'
    writeFileSync(script, `${bind}\n${readFileSync(example, 'utf8')}`)
    const program = { kind: 'executable', file: python, arguments: [script] } as const
    const { skipped, verdict } = await powerLost({ ...built(''), program }, 24)
    expect(skipped).toMatch(/^unseen: it keeps a socket in its directory: s(; strace: |$)/)
    expect(verdict).toBe('SKIPPED')
  })

  it('a program with a working directory of its own is there', async () => {
    const file = buildDynamic('worker', '-DDIRECTORY')
    const program = { kind: 'executable', file: '/bin/sh', arguments: ['-c', './worker'] } as const
    const system = { ...built(file), program: { ...program, cwd: dirname(file) } }
    expect((await powerLost(system, 8)).verdict).toBe('HOLDS')
  })
})

if (whyNoStrace !== undefined && whyNoStrace !== whyNot)
  it.skip(`not judged: ${whyNoStrace}`, () => undefined)

if (whyNot !== undefined) it.skip(`not judged: ${whyNot}`, () => undefined)
