/**
 * Runs a program through its lives: each dies at the op that the schedule names, the last is spared.
 */
import { createRunContext, type RunContext } from '../../../src/run-context.ts'
import type { EndRecord } from '../../../src/records.ts'
import type { JournalRecord } from '../../../src/journal.ts'
import { codeOf, driverOf, type Entry, type Stage } from './interpret.ts'
import { partsOf, type Program } from './program.ts'
import { ScriptedStore } from './scripted-journal.ts'
import { Outside, World, type Act } from './world.ts'

/** What others do to the run in the first life that is long enough, by op; what is left is done when nothing else moves. */
export interface OutsideAct {
  readonly atOp: number
  readonly what: 'stop' | { readonly cancel: string } | { readonly signal: string }
}

export interface Case {
  readonly program: Program
  /** Of every choice that the worlds make. */
  readonly seed: number
  /** Op at which life 1, 2 … dies. */
  readonly deaths: readonly number[]
  readonly acts?: readonly OutsideAct[]
  /** What the lives after the first run instead. */
  readonly later?: Program
  /** How many lives there are at most. */
  readonly livesMax?: number
  /** Whether the run is started once more after its end. */
  readonly again?: boolean
}

export interface Course {
  readonly records: readonly JournalRecord[]
  readonly ledger: readonly Entry[]
  readonly end: EndRecord | undefined
  /** How each life ended: `died`, `done`, or the code of its error. */
  readonly lives: readonly string[]
  /** What starting the ended run once more gave, wrote and did. */
  readonly again?: {
    readonly end: EndRecord | undefined
    readonly wrote: number
    readonly did: number
  }
  /** Of each life. */
  readonly ops: readonly number[]
  readonly log: readonly (readonly string[])[]
}

/** @throws HangError, and whatever ends a life that must not */
export async function runCase(setting: Case): Promise<Course> {
  const { program, seed, deaths, acts = [], later = program, livesMax = 60 } = setting
  const store = new ScriptedStore()
  const outside = new Outside()
  const ledger: Entry[] = []
  const worlds: World[] = []
  const lives: string[] = []
  const pending = [...acts, ...signalsOf(program)]
  let end: EndRecord | undefined
  while (end === undefined && lives.length < livesMax) {
    const life = lives.length + 1
    const alive: { context?: RunContext } = {}
    const live = {
      program: life === 1 ? program : later,
      store,
      outside,
      ledger,
      life,
      alive,
      pending,
    }
    const world: World = new World(
      outside,
      seed * 1000 + life,
      deaths[life - 1] ?? Number.POSITIVE_INFINITY,
      actsOf(pending, live, () => world),
    )
    worlds.push(world)
    const came = await world.live(liveOnce(live, world))
    lives.push(came === 'died' ? 'died' : came.value)
    end = alive.context?.outcome
    if (came === 'died') end = endIn(store)
    outside.nowMs += 7
  }
  const again =
    setting.again === true ? await startAgain({ program, store, outside, ledger }) : undefined
  return {
    records: store.records,
    ledger,
    end,
    lives,
    ...(again === undefined ? {} : { again }),
    ops: worlds.map(({ ops }) => ops),
    log: worlds.map(({ log }) => log),
  }
}

async function startAgain(setting: Stored): Promise<Course['again']> {
  const { store, outside, ledger } = setting
  const alive: { context?: RunContext } = {}
  const before = { records: store.stored.length, ledger: ledger.length }
  const world = new World(outside, 0, Number.POSITIVE_INFINITY)
  await world.live(liveOnce({ ...setting, life: 1000, alive, pending: [] }, world))
  return {
    end: alive.context?.outcome,
    wrote: store.stored.length - before.records,
    did: ledger.length - before.ledger,
  }
}

interface Stored {
  readonly program: Program
  readonly store: ScriptedStore
  readonly outside: Outside
  readonly ledger: Entry[]
}

interface LifeSetting extends Stored {
  readonly life: number
  readonly alive: { context?: RunContext }
  readonly pending: OutsideAct[]
}

async function liveOnce(setting: LifeSetting, world: World): Promise<string> {
  const { program, store, outside, ledger, life, alive } = setting
  const stage: Stage = { life, world, ledger, durable: () => store.stored.length }
  const { budget } = program
  const context = await createRunContext({
    dir: '/nowhere',
    runId: 'run',
    backend: store.backend(world.appends),
    inbox: outside.inbox(world),
    clock: world.clock,
    random: { nonce: () => 'nonce' },
    maxLives: 1000,
    driver: 'program',
    task: 'task',
    ...(budget === undefined ? {} : { budget: { money: budget } }),
  })
  alive.context = context
  try {
    await context.drive(driverOf(stage, program.root), 'task')
    return 'done'
  } catch (error) {
    return codeOf(error)
  } finally {
    if (!world.dead) await context.close()
  }
}

/** Every signal that the program waits for, and one that nobody does. */
function signalsOf({ root }: Program): readonly OutsideAct[] {
  const names = partsOf(root).flatMap((part) =>
    part.kind === 'signal' ? [{ name: part.name, times: 1 }] : [],
  )
  // An iteration waits again, so there must be more than waits.
  return [...names, ...names, ...names].map(({ name }, index) => ({
    atOp: 3 + index * 5,
    what: { signal: name },
  }))
}

function actsOf(
  pending: OutsideAct[],
  { outside, alive, ledger, life, store }: LifeSetting,
  world: () => World,
): readonly Act[] {
  return pending.map((act) => ({
    atOp: act.atOp,
    run: () => {
      if (world().dead) return
      pending.splice(pending.indexOf(act), 1)
      const what = perform(act.what, outside, alive.context)
      ledger.push({ mark: 'acted', life, what, durable: store.stored.length })
    },
  }))
}

function perform(
  what: OutsideAct['what'],
  outside: Outside,
  context: RunContext | undefined,
): string {
  if (what === 'stop') {
    context?.stop('the test says so')
    return 'stop'
  }
  if ('cancel' in what) {
    outside.publish({ kind: 'cancel', path: what.cancel, reason: 'the test says so' })
    return `cancel ${what.cancel}`
  }
  const payload = `${what.signal} ${outside.published}`
  const id = outside.publish({ kind: 'signal', name: what.signal, payload })
  return `signal ${id}`
}

function endIn(store: ScriptedStore): EndRecord | undefined {
  const last = store.records.at(-1)?.body as EndRecord | undefined
  return last?.type === 'end' ? last : undefined
}
