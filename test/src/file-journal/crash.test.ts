/**
 * Every op of `open`, `append` and `close`, stopping there or failing there, on a simulated disk; then every image that
 * the crash may leave; then the same again for the life that recovers it.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KillpointError, systemCode } from '../../../src/errors.ts'
import type { Journal } from '../../../src/journal.ts'
import type { JsonValue } from '../../../src/json.ts'
import { RunHistory } from '../../../harness/conformance/run-history.ts'
import {
  type Fate,
  type Keep,
  loseAll,
  type Op,
  type OpKind,
  type SimDisk,
} from '../../support/sim-disk.ts'
import { emptySimDisk, type SimLife, SimMachine } from '../../support/sim-journal.ts'

const runId = 'run'
const options = { inlineBytesMax: 40, presizeBytesMax: 64 }

interface Scene {
  readonly disk: SimDisk
  readonly history: RunHistory
  /** How many lives came before: equal histories give equal disks, so that each image is explored once. */
  readonly boot: number
}

interface Tally {
  images: number
  crashes: number
  torn: number
}

describe('crashes', () => {
  test('a life stops at any op, and so does the one that recovers it', async () => {
    const tally = await exploreAll([
      { life: firstLife, images: imagesOf },
      { life: shortLife, images: plainImagesOf },
      { life: shortLife, images: noImages },
    ])
    expect(tally.images).toBeGreaterThan(100)
    expect(tally.torn).toBeGreaterThan(0)
  })

  test('six lives in a row stop at some op, with some image of each crash', async () => {
    const stop = fc.record({ op: fc.nat(), fate: fc.nat(), image: fc.nat() })
    const lives = fc.array(stop, { minLength: 6, maxLength: 6 })
    await fc.assert(fc.asyncProperty(lives, walk), { numRuns: 150 })
  })
})

describe('storage errors', () => {
  test.each(['EIO', 'ENOSPC', 'EMFILE', 'EACCES'])(
    '%s at any op is a typed error, and nothing acknowledged is lost',
    async (code) => {
      await exploreFailures(code)
    },
  )
})

describe('pages that a failed sync dropped', () => {
  test('are forgotten at any op of the next open, or never, and each open agrees with the one before', async () => {
    let forgetful = 0
    const empty = { disk: await emptySimDisk(), history: new RunHistory(), boot: 1 }
    const syncs = (await runWhole(empty, shortLife, { images: 0, crashes: 0, torn: 0 })).filter(
      ({ kind }) => kind === 'sync',
    )
    for (const failing of syncs) {
      for (let forgetAt = 1; forgetAt < 60; forgetAt++) {
        for (const sealToo of [false, true]) {
          if (await failThenForget(empty, failing.number, forgetAt, sealToo)) forgetful++
        }
      }
    }
    expect(forgetful).toBeGreaterThan(80)
  })
})

/** A life whose sync fails, one that reads while the pages vanish, one that comes last; whether the second got so far. */
async function failThenForget(
  scene: Scene,
  failing: number,
  forgetAt: number,
  sealToo: boolean,
): Promise<boolean> {
  const { machine, history } = fork(scene)
  const first = machine.start(
    ({ number }) => (number === failing ? { kind: 'fail', code: 'EIO' } : { kind: 'go' }),
    options,
  )
  await liveWithFailure(first, history, 'EIO')
  first.process.kill()
  if (sealToo) await failToSeal(machine)
  let forgot = false
  const second = machine.start(({ number }) => {
    if (number === forgetAt) {
      machine.disk.forget()
      forgot = true
    }
    return { kind: 'go' }
  }, options)
  const journal = await second.backend.open(runId)
  assertNothing(history.recovered(bodiesOf(journal.recovered)))
  second.process.kill()
  machine.disk.forget()
  const last = await machine.start(undefined, options).backend.open(runId)
  assertNothing(history.recovered(bodiesOf(last.recovered)))
  return forgot
}

/** A life whose seal can be read for a while, and is not stored. */
async function failToSeal(machine: SimMachine): Promise<void> {
  const life = machine.start(
    ({ kind }) => (kind === 'sync' ? { kind: 'fail', code: 'EIO' } : { kind: 'go' }),
    options,
  )
  await expect(life.backend.open(runId)).rejects.toMatchObject({ code: 'STORAGE' })
  life.process.kill()
}

/** Appends of each kind: one record, several, overlapping ones, and one with its payload in the blob store. */
async function firstLife(journal: Journal, history: RunHistory): Promise<void> {
  const tag = `e${journal.epoch}`
  await append(journal, history, [`${tag}a`])
  await append(journal, history, [`${tag}b`, { c: 'é' }])
  await Promise.all([
    append(journal, history, [`${tag}d`]),
    append(journal, history, [`${tag}e`, `${tag}f`]),
    append(journal, history, [`${tag} large ${'x'.repeat(40)}`]),
  ])
  await journal.close()
}

async function shortLife(journal: Journal, history: RunHistory): Promise<void> {
  await append(journal, history, [`e${journal.epoch}`])
}

async function append(
  journal: Journal,
  history: RunHistory,
  bodies: readonly JsonValue[],
): Promise<void> {
  history.appending(bodies)
  await journal.append(bodies)
  history.acknowledged()
}

type Life = (journal: Journal, history: RunHistory) => Promise<void>

/** What one life does, and which images of its crashes are explored. */
interface Level {
  readonly life: Life
  readonly images: (disk: SimDisk) => Iterable<SimDisk>
}

async function exploreAll(levels: readonly Level[]): Promise<Tally> {
  const tally: Tally = { images: 0, crashes: 0, torn: 0 }
  const scene = { disk: await emptySimDisk(), history: new RunHistory(), boot: 1 }
  await explore(scene, levels, new Set<string>(), tally)
  return tally
}

/** One way through the same space, deeper than all of it can be searched. */
async function walk(stops: readonly { op: number; fate: number; image: number }[]): Promise<void> {
  const tally: Tally = { images: 0, crashes: 0, torn: 0 }
  let scene: Scene = { disk: await emptySimDisk(), history: new RunHistory(), boot: 1 }
  for (const stop of stops) {
    const ops = (await runWhole(scene, shortLife, tally)).filter(({ kind }) => changing.has(kind))
    const op = pick(ops, stop.op)
    const crashed = await runUntil(scene, shortLife, op.number, pick(deathsAt(op), stop.fate))
    scene = { ...crashed, disk: pick([...imagesOf(crashed.disk)], stop.image) }
  }
  await runWhole(scene, shortLife, tally)
}

function pick<T>(choices: readonly T[], drawn: number): T {
  return choices[drawn % choices.length] as T
}

async function explore(
  scene: Scene,
  [level, ...deeper]: readonly Level[],
  seen: Set<string>,
  tally: Tally,
): Promise<void> {
  if (level === undefined) return
  const ops = await runWhole(scene, level.life, tally)
  if (deeper.length === 0) return
  for (const op of ops) {
    for (const fate of deathsAt(op)) {
      tally.crashes++
      const crashed = await runUntil(scene, level.life, op.number, fate)
      for (const image of level.images(crashed.disk)) {
        const key = `${deeper.length}${crashed.history.key()}${image.fingerprint()}`
        if (seen.has(key)) continue
        seen.add(key)
        tally.images++
        const next = { disk: image, history: crashed.history.clone(), boot: crashed.boot }
        await explore(next, deeper, seen, tally)
      }
    }
  }
}

/** One life without a fault, all laws checked; its ops. */
async function runWhole(scene: Scene, life: Life, tally: Tally): Promise<readonly Op[]> {
  const { machine, history } = fork(scene)
  const reader = machine.start(undefined, options).backend
  const before = await reader.read(runId)
  const started = machine.start(undefined, options)
  const journal = await started.backend.open(runId)
  const bodies = bodiesOf(journal.recovered)
  const seen = bodiesOf(before?.records ?? [])
  const certain = seen.slice(0, seen.length - (before?.undecided ?? 0))
  assertSame(bodies.slice(0, certain.length), certain, 'what a reader saw as decided')
  assertNothing(history.recovered(bodies))
  if (journal.repaired !== undefined) tally.torn++
  await life(journal, history)
  const after = await reader.read(runId)
  assertSame(bodiesOf(after?.records ?? []), history.decided, 'what a reader sees at the end')
  machine.losePower(loseAll)
  const durable = await machine.start(undefined, options).backend.read(runId)
  assertSame(bodiesOf(durable?.records ?? []), history.decided, 'what a power loss leaves')
  return started.process.ops
}

function assertNothing(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(problem)
}

function assertSame(came: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(came), JSON.stringify(expected)]
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`)
}

async function runUntil(scene: Scene, life: Life, number: number, fate: Fate): Promise<Scene> {
  const { machine, history } = fork(scene)
  const started = machine.start((op) => (op.number === number ? fate : { kind: 'go' }), options)
  await Promise.race([started.process.death, live(started, life, history)])
  expect(started.process.alive).toBe(false)
  return { disk: machine.disk, history: history.clone(), boot: scene.boot + 1 }
}

async function live(started: SimLife, life: Life, history: RunHistory): Promise<void> {
  try {
    const journal = await started.backend.open(runId)
    assertNothing(history.recovered(bodiesOf(journal.recovered)))
    await life(journal, history)
  } catch (error) {
    // What a dead process still computes is seen by nobody.
    if (started.process.alive) throw error
    await new Promise(() => undefined)
  }
}

/** Before it, after it, and for a write in the middle of it. */
function deathsAt(op: Op): readonly Fate[] {
  if (!changing.has(op.kind)) return []
  const deaths: Fate[] = [
    { kind: 'die', when: 'before' },
    { kind: 'die', when: 'after' },
  ]
  if (op.kind !== 'write') return deaths
  const parts = [1, Math.floor(op.bytes / 2), op.bytes - 1]
  return [...deaths, ...parts.map((written): Fate => ({ kind: 'die', when: 'after', written }))]
}

/** Ops that change the disk. A death at any other leaves what the death before the next one of these leaves. */
const changing: ReadonlySet<OpKind> = new Set<OpKind>([
  'make-directory',
  'create',
  'link',
  'rename',
  'unlink',
  'sync-directory',
  'write',
  'sync',
  'truncate',
])

/** What a killed process leaves, and what power loss may leave: every subset of a few unsynced changes, torn writes too. */
function* imagesOf(disk: SimDisk): Generator<SimDisk> {
  yield disk.clone()
  const count = disk.pendingCount()
  for (const keep of keeps(count)) {
    const image = disk.clone()
    image.losePower(keep)
    yield image
  }
}

/** What a killed process leaves, and what power loss leaves at worst and half done. */
function* plainImagesOf(disk: SimDisk): Generator<SimDisk> {
  yield disk.clone()
  const tear: Keep = ({ kind, bytes }) => (kind === 'write' ? Math.floor(bytes / 2) : true)
  for (const keep of [loseAll, tear]) {
    const image = disk.clone()
    image.losePower(keep)
    yield image
  }
}

function noImages(): readonly SimDisk[] {
  return []
}

function* keeps(count: number): Generator<Keep> {
  if (count <= 4) {
    for (let mask = 0; mask < 1 << count; mask++) yield ({ index }) => (mask & (1 << index)) !== 0
  } else {
    for (let one = 0; one < count; one++) {
      yield ({ index }) => index === one
      yield ({ index }) => index !== one
      yield ({ index }) => index < one
    }
    yield () => true
  }
  for (const part of [0.3, 0.7, 0.99]) {
    yield ({ kind, bytes }) => (kind === 'write' ? Math.floor(bytes * part) : true)
  }
}

/** Every op fails once; the process closes and opens again, or dies, or loses power. */
async function exploreFailures(code: string): Promise<void> {
  const empty = { disk: await emptySimDisk(), history: new RunHistory(), boot: 1 }
  const tally: Tally = { images: 0, crashes: 0, torn: 0 }
  const ops = await runWhole(empty, firstLife, tally)
  for (const op of ops) {
    if (op.kind === 'is-visible') continue
    const { machine, history } = fork(empty)
    const fate = failureAt(op, code)
    const started = machine.start(
      ({ number }) => (number === op.number ? fate : { kind: 'go' }),
      options,
    )
    await liveWithFailure(started, history, code)
    const seen = new Set<string>()
    for (const image of imagesOf(machine.disk)) {
      await explore(
        { disk: image, history: history.clone(), boot: 2 },
        [{ life: shortLife, images: noImages }],
        seen,
        tally,
      )
    }
    // The same process opens again, under `if-dead`: a life that failed does not own the run.
    const journal = await started.backend.open(runId)
    assertNothing(history.recovered(bodiesOf(journal.recovered)))
  }
}

function failureAt(op: Op, code: string): Fate {
  return op.kind === 'write' && code === 'ENOSPC'
    ? { kind: 'fail', code, writtenFirst: Math.floor(op.bytes / 2) }
    : { kind: 'fail', code }
}

async function liveWithFailure(started: SimLife, history: RunHistory, code: string): Promise<void> {
  let journal: Journal | undefined
  const errors: unknown[] = []
  try {
    journal = await started.backend.open(runId)
    await firstLife(journal, history)
  } catch (error) {
    errors.push(error)
  }
  if (journal === undefined) {
    expectTyped(errors[0], code)
    return
  }
  if (errors.length > 0) {
    expectTyped(errors[0], code)
    const later = await journal.append(['never']).catch((error: unknown) => error)
    expect(later).toMatchObject({
      code: expect.stringMatching(/JOURNAL_POISONED|CLOSED/) as string,
    })
  }
  await journal.close().catch((error: unknown) => expectTyped(error, code))
}

function expectTyped(error: unknown, code: string): void {
  expect(error).toBeInstanceOf(KillpointError)
  const { hint, cause } = error as KillpointError
  expect(hint).toBeTypeOf('string')
  expect(systemCode(cause)).toBe(code)
}

function fork(scene: Scene): { readonly machine: SimMachine; readonly history: RunHistory } {
  return { machine: new SimMachine(scene.disk.clone(), scene.boot), history: scene.history.clone() }
}

function bodiesOf(records: readonly { readonly body: JsonValue }[]): readonly JsonValue[] {
  return records.map(({ body }) => body)
}
