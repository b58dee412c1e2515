/**
 * Several lives at once on one disk, which stop and go on at every op as drawn: zombies between write, sync and check,
 * openers that overtake each other, and in the end perhaps a power loss.
 */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { FencedError, RunOwnedError } from '../../../src/errors.ts'
import type { JsonValue } from '../../../src/json.ts'
import { assertEqual, assertTrue, bodiesOf } from '../../../harness/conformance/law-asserts.ts'
import type { Fate, Op } from '../../support/sim-disk.ts'
import { emptySimDisk, type SimLife, SimMachine } from '../../support/sim-journal.ts'

const runId = 'run'

interface Plan {
  readonly lives: number
  readonly appends: number
  /** Which life goes on next, and for how many ops: most bugs need few changes of life, at the right places. */
  readonly turns: readonly { readonly life: number; readonly ops: number }[]
  /** After so many ops the machine stops, and keeps these unsynced changes; undefined: it goes on to the end. */
  readonly powerLoss: { readonly after: number; readonly keep: number } | undefined
}

const planArbitrary: fc.Arbitrary<Plan> = fc.record({
  lives: fc.integer({ min: 2, max: 3 }),
  appends: fc.integer({ min: 1, max: 8 }),
  turns: fc.array(fc.record({ life: fc.nat({ max: 3 }), ops: fc.integer({ min: 1, max: 40 }) }), {
    minLength: 1,
    maxLength: 25,
  }),
  powerLoss: fc.option(fc.record({ after: fc.nat({ max: 150 }), keep: fc.nat() }), {
    nil: undefined,
  }),
})

describe('lives that run at once', () => {
  test('no open that resolved lacks what an earlier life acknowledged (J5), and all opens agree (J4)', async () => {
    const seen = { fenced: 0, resolved: 0, lost: 0 }
    await fc.assert(
      fc.asyncProperty(planArbitrary, async (plan) => {
        const play = new Interleaving(plan)
        await play.run(await emptySimDisk())
        await play.check()
        seen.fenced += play.fenced
        seen.resolved += play.resolved.length
        seen.lost += play.lost
      }),
      { numRuns: 800 },
    )
    assertTrue(seen.fenced > 20, `some lives are fenced: ${seen.fenced}`)
    assertTrue(seen.resolved > 800, `many opens resolve: ${seen.resolved}`)
    assertTrue(seen.lost > 20, `some opens lose the race: ${seen.lost}`)
  })
})

describe('directed', () => {
  test('an opener that was overtaken while it read gives up, whatever it read', async () => {
    const machine = new SimMachine(await emptySimDisk())
    const zombie = await machine.start().backend.open(runId)
    await zombie.append(['acknowledged'])
    const gate = new Gate()
    const late = machine.start(({ kind, path }) =>
      kind === 'open' && path.endsWith('000001.log') ? gate.fate() : { kind: 'go' },
    )
    const overtaken = late.backend
      .open(runId, { takeover: 'always' })
      .catch((error: unknown) => error)
    await gate.reached
    const owner = await machine.start().backend.open(runId, { takeover: 'always' })
    assertEqual(bodiesOf(owner.recovered), ['acknowledged'], 'what the owner has')
    const lost = await zombie.append(['too late']).catch((error: unknown) => error)
    assertTrue(lost instanceof FencedError, 'the old owner is fenced')
    gate.open()
    // It has read the late append, and the owner has decided against it.
    assertTrue((await overtaken) instanceof RunOwnedError, 'the overtaken opener gives up')
    await owner.append(['on'])
    const last = await machine.start().backend.open(runId, { takeover: 'always' })
    assertEqual(bodiesOf(last.recovered), ['acknowledged', 'on'], 'what the next owner has')
  })
})

/** Holds up the first op that comes to it. */
class Gate {
  readonly reached: Promise<void>
  readonly #until: Promise<void>
  #onReached: () => void = () => undefined
  #onOpen: () => void = () => undefined
  #used = false

  constructor() {
    this.reached = new Promise((resolve) => (this.#onReached = resolve))
    this.#until = new Promise((resolve) => (this.#onOpen = resolve))
  }

  fate(): Fate {
    if (this.#used) return { kind: 'go' }
    this.#used = true
    this.#onReached()
    return { kind: 'pause', until: this.#until }
  }

  open(): void {
    this.#onOpen()
  }
}

interface Resolved {
  readonly epoch: number
  readonly bodies: readonly JsonValue[]
}

class Interleaving {
  readonly resolved: Resolved[] = []
  readonly acked: { readonly epoch: number; readonly body: JsonValue }[] = []
  readonly appended = new Map<number, JsonValue[]>()
  fenced = 0
  lost = 0
  readonly #plan: Plan
  readonly #certain: (readonly JsonValue[])[] = []
  #machine: SimMachine | undefined
  #waiting: { readonly life: number; readonly release: () => void }[] = []

  constructor(plan: Plan) {
    this.#plan = plan
  }

  async run(disk: SimMachine['disk']): Promise<void> {
    const machine = new SimMachine(disk)
    this.#machine = machine
    const lives = Array.from({ length: this.#plan.lives }, (_, life) =>
      this.#live(
        life,
        machine.start((op) => this.#gate(life, op), { presizeBytesMax: 64 }),
      ),
    )
    const reader = this.#plan.lives
    lives.push(this.#readOften(machine.start((op) => this.#gate(reader, op))))
    let running = lives.length
    const ended = lives.map((life) => life.finally(() => running--))
    await this.#drive(machine, () => running > 0)
    if (running === 0) await Promise.all(ended)
    else for (const life of ended) life.catch(() => undefined)
  }

  /** Lets one waiting op go on at a time, each once nothing else moves. */
  async #drive(machine: SimMachine, more: () => boolean): Promise<void> {
    const { powerLoss } = this.#plan
    for (let step = 0; ; step++) {
      await quiet()
      if (!more()) return
      if (step === powerLoss?.after) {
        machine.losePower(({ index }) => ((powerLoss.keep >> (index % 30)) & 1) === 1)
        return
      }
      const preferred = this.#waiting.findIndex(({ life }) => life === this.#turnAt(step))
      const [next] = this.#waiting.splice(Math.max(0, preferred), 1)
      next?.release()
    }
  }

  #turnAt(step: number): number {
    let end = 0
    for (const { life, ops } of this.#plan.turns) {
      end += ops
      if (step < end) return life
    }
    return 0
  }

  #gate(life: number, op: Op): Fate {
    if (op.kind === 'write' || op.kind === 'exists' || op.kind === 'is-visible')
      return { kind: 'go' }
    const wait = (): Promise<void> => this.#wait(life)
    // What is synced is heard of later: between the two another life may begin and end.
    return op.kind === 'sync'
      ? { kind: 'pause', until: wait(), andThen: wait }
      : { kind: 'pause', until: wait() }
  }

  #wait(life: number): Promise<void> {
    return new Promise<void>((release) => this.#waiting.push({ life, release }))
  }

  async #live(life: number, { backend, process }: SimLife): Promise<void> {
    try {
      const journal = await backend.open(runId, { takeover: 'always' })
      const { epoch } = journal
      this.resolved.push({ epoch, bodies: bodiesOf(journal.recovered) })
      const bodies: JsonValue[] = []
      this.appended.set(epoch, bodies)
      for (let index = 0; index < this.#plan.appends; index++) {
        await this.#wait(life)
        const body = `${epoch}.${index}`
        bodies.push(body)
        await journal.append([body])
        this.acked.push({ epoch, body })
      }
      await journal.close()
    } catch (error) {
      if (!process.alive) return
      if (error instanceof FencedError) this.fenced++
      else if (error instanceof RunOwnedError) this.lost++
      else throw error
    }
  }

  /** A reader beside them: it hears no false alarm, and sees at least what was acknowledged before it looked. */
  async #readOften({ backend }: SimLife): Promise<void> {
    for (let look = 0; look < 3; look++) {
      const acked = this.acked.map(({ body }) => body)
      const image = await backend.read(runId)
      const bodies = bodiesOf(image?.records)
      for (const body of acked) {
        assertTrue(bodies.includes(body), `a reader sees ${JSON.stringify(body)}`)
      }
      this.#certain.push(bodies.slice(0, bodies.length - (image?.undecided ?? 0)))
    }
  }

  async check(): Promise<void> {
    const machine = this.#machine
    if (machine === undefined) return
    machine.killAll()
    const last = await machine.start().backend.open(runId, { takeover: 'always' })
    for (const certain of this.#certain) {
      const kept = bodiesOf(last.recovered).slice(0, certain.length)
      assertEqual(kept, certain, 'what a reader was told is decided')
    }
    const opens = [...this.resolved, { epoch: last.epoch, bodies: bodiesOf(last.recovered) }]
    opens.sort((left, right) => left.epoch - right.epoch)
    for (const [index, open] of opens.entries()) {
      for (const { epoch, body } of this.acked) {
        if (epoch >= open.epoch) continue
        assertTrue(
          open.bodies.includes(body),
          `epoch ${open.epoch} recovered ${JSON.stringify(body)}`,
        )
      }
      const later = opens[index + 1]
      if (later !== undefined) {
        const prefix = later.bodies.slice(0, open.bodies.length)
        assertEqual(prefix, open.bodies, `what epoch ${later.epoch} has of epoch ${open.epoch}'s`)
      }
      this.#checkOrder(open)
    }
  }

  /** What is there of each life is a prefix of what it appended. */
  #checkOrder({ epoch, bodies }: Resolved): void {
    for (const [of, appended] of this.appended) {
      const present = bodies.filter((body) => JSON.stringify(body).startsWith(`"${of}.`))
      assertEqual(present, appended.slice(0, present.length), `life ${of} in epoch ${epoch}`)
    }
  }
}

/** Until nothing moves that does not wait at the gate: the writer starts a batch in the next turn of the event loop. */
async function quiet(): Promise<void> {
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}
