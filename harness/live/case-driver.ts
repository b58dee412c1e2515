/**
 * Drives one case: its lives in order, each with its faults, until the run has ended or there is nothing left to judge.
 *
 *  1  Every fault of the schedule fired, or the case says that it is none.
 *  2  After the last life with a fault come lives without one, until `done` with exit code 0 or until their stated number.
 *  3  A zombie ends before the case does, and at least one life without a fault comes after it.
 *  4  Nothing here judges the system: what is odd but possible for a system is a fact of the life; what can only be the
 *     harness's, the host's or the adapter's doing is trouble.
 */
import { readImage, SpecialFileError, type DirectoryImage } from '../directory-image.ts'
import type { Fault, LifeFaults, Position } from '../fault.ts'
import { stringifyFault } from '../fault-text.ts'
import { encodeHookFaults, isDiskFault, type HookFault, type WireFault } from '../hooks/fault.ts'
import { encodeNativeFaults, whyNotNative } from '../native/faults.ts'
import { whyNotTraced } from '../native/strace-lane.ts'
import { assess, notFired, unsupported } from './assess.ts'
import type { Ending, LifeFacts, LiveCase } from './case.ts'
import { betweenLivesMs } from './case-context.ts'
import type { CaseContext, Started } from './case-context.ts'
import type { StartCommand } from './host.ts'
import { imageOf } from './image.ts'
import type { Image } from './image.ts'
import { OutsideActs } from './outside.ts'
import { hookFaultsOf, planLife } from './plan.ts'
import type { BeforeLife, LifePlan } from './plan.ts'
import { rot } from './rot.ts'
import { killAtOp, killFromOutside, shotAt, Shooting } from './shot.ts'
import { isGate, strike, whyNotFromOutside } from './strikes.ts'
import { conclude, run } from './tenure.ts'
import type { Tenure, TenureEnd } from './tenure.ts'
import { isTimed, TimedRecovery } from './timed-recovery.ts'

/** Lives without a fault that a case may take unless it says otherwise. */
export const livesMaxDefault = 3

/** A process that stands still while its successor runs. */
interface Zombie {
  readonly tenure: Tenure
  readonly fault: Fault
  readonly until: 'done' | Position
}

export class CaseDriver {
  readonly lives: LifeFacts[] = []
  readonly acts: OutsideActs
  /** What the shot at a random time hit, once it fell. */
  shooting: Shooting | undefined
  /** The process that a kill at a random time is meant for. */
  target: Started | undefined
  /** What each entry of the schedule left, where the case asks for it. */
  readonly images: Map<number, DirectoryImage> = new Map()
  /** What that shot left. */
  shot: Image | undefined
  readonly #context: CaseContext
  readonly #asked: LiveCase
  readonly #running = new Set<Started>()
  #zombie: Zombie | undefined
  /** How the case ended by the end of a zombie, where it did. */
  #zombieEnding: Ending | undefined
  /** How the case ended by the end of a rival, where it did. */
  #rivalEnding: Ending | undefined
  /** The entry during or after which a zombie last ended. */
  #zombieEndedIn = 0
  #slotNow = 0
  /** Set where a life gave up before its fault: what is scheduled after it does not happen any more. */
  #faultsOff = false

  constructor(context: CaseContext) {
    this.#context = context
    this.#asked = context.asked
    this.acts = new OutsideActs(context)
  }

  /** Runs the case to its end. Throws TroubleError; {@link killAll} is then to be called. */
  async drive(): Promise<Ending> {
    const { schedule, randomKill, livesMax = livesMaxDefault, livesAfterDone = 0 } = this.#asked
    const lastFault = Math.max(
      schedule.findLastIndex((faults) => faults.length > 0) + 1,
      randomKill?.life ?? 0,
    )
    let quietLives = 0
    let extraLives = 0
    for (let slot = 1; ; slot++) {
      if (slot > 1) this.#context.passTime(betweenLivesMs)
      const faults = this.#faultsOff ? [] : (schedule[slot - 1] ?? [])
      const ending = await this.#slot(slot, faults)
      if (this.#asked.images === true) await this.#keepImage(slot)
      if (ending !== undefined) return ending
      if (slot <= lastFault && !this.#faultsOff) continue
      if (this.#zombie !== undefined || this.#zombieEndedIn === slot) continue
      const last = this.lives.findLast((life) => life.slot === slot)
      if (last?.done === true && last.code === 0) {
        if (extraLives >= livesAfterDone) return this.#atEnd()
        extraLives += 1
      } else if ((quietLives += 1) >= livesMax) return this.#atEnd('unfinished')
    }
  }

  /** What a slot left. A directory that no image can hold has none. */
  async #keepImage(slot: number): Promise<void> {
    try {
      this.images.set(slot, await readImage(this.#context.directories.state))
    } catch (error) {
      if (!(error instanceof SpecialFileError)) throw error
    }
  }

  /** Runs the first entries of the schedule and no further, whatever comes of them. */
  async driveTo(slots: number): Promise<void> {
    for (let slot = 1; slot <= slots; slot++) {
      if (slot > 1) this.#context.passTime(betweenLivesMs)
      await this.#slot(slot, this.#asked.schedule[slot - 1] ?? [])
    }
  }

  /** Kills what still runs, for a case that is given up. */
  async killAll(): Promise<void> {
    for (const started of this.#running) this.#context.putDown(started)
    await Promise.all([...this.#running].map((started) => started.reaped))
    for (const started of this.#running) this.#context.host.tracker.ended(started.pid)
  }

  #atEnd(kind: 'done' | 'unfinished' = 'done'): Ending {
    const gaveUp = this.lives.find((life) => life.unfired.length > 0)
    if (kind === 'unfinished' || gaveUp === undefined) return { kind }
    // The run did end, only not with what the schedule asked for.
    return notFired(gaveUp.life, gaveUp.unfired, 'the life ended by itself before it')
  }

  /** One entry of the schedule. Returns how the case ended, where it did. */
  async #slot(slot: number, faults: LifeFaults): Promise<Ending | undefined> {
    const zombie = this.#zombie
    this.#slotNow = slot
    const plan = this.#plan(slot, faults, zombie)
    const undone = this.#before(plan)
    if (undone !== undefined)
      return notFired(
        this.#context.nextLife(),
        [undone],
        'there was nothing that it could be done to',
      )
    const takeover = zombie === undefined ? 'if-dead' : 'always'
    const outcomes =
      plan.count === 1
        ? [await this.#single(slot, plan, takeover)]
        : await this.#resumers(slot, plan, takeover)
    for (const outcome of outcomes) {
      const ending = await this.#assess(outcome, slot)
      if (ending !== undefined) return ending
    }
    if (this.#rivalEnding !== undefined) return this.#rivalEnding
    if (zombie === undefined) return undefined
    if (this.#zombieEnding !== undefined) return this.#zombieEnding
    if (zombie.until === 'done') return await this.#wake(zombie)
    if (this.#zombie !== zombie) return undefined
    await this.killAll()
    return notFired(zombie.tenure.started.life, [zombie.fault], 'its successor ended before it')
  }

  #plan(slot: number, faults: LifeFaults, zombie: Zombie | undefined): LifePlan {
    const { randomKill } = this.#asked
    const { system, command } = this.#context.host
    const shot = randomKill?.life === slot ? randomKill : undefined
    if (shot !== undefined && !command.hooked) return planLife([killFromOutside(this.#asked, shot)])
    // Nothing holds it until a shot is aimed: it dies at the op that was drawn.
    const exact = shot !== undefined && command.strace !== undefined
    const plan = planLife(exact ? [killAtOp(this.#asked, shot)] : faults, {
      ...(zombie === undefined || zombie.until === 'done'
        ? {}
        : { zombie: { fault: zombie.fault, wakeAt: zombie.until } }),
      ...(shot === undefined || exact
        ? {}
        : { shot: { aimAt: shotAt(this.#asked, shot), last: shot.ops } }),
    })
    const [first] = plan.impossible
    if (first !== undefined) throw unsupported(`${stringifyFault(first.fault)}: ${first.why}`)
    const why = plan.hooks.map(whyNotOf(command)).find((each) => each)
    if (why !== undefined) throw unsupported(`${system.name}: ${why}`)
    return plan
  }

  /** What happens before the life. Returns what could not be done. */
  #before(plan: LifePlan): Fault | undefined {
    const life = this.#context.nextLife()
    for (const fault of plan.before) {
      if (!this.#happens(fault)) return fault
      const text = stringifyFault(fault)
      this.#context.ledger.append({ mark: 'fault', life, fault: text, stream: '1', op: 0 })
    }
    return undefined
  }

  /** False where there was nothing that it could be done to. */
  #happens(fault: BeforeLife): boolean {
    switch (fault.kind) {
      case 'clock':
        this.#context.passTime(fault.ms)
        return true
      case 'rot':
        return rot(this.#context.directories.state, fault.file, fault.damage)
      case 'pid-recycled':
        return this.#context.recyclePids()
    }
  }

  async #single(slot: number, plan: LifePlan, takeover: 'if-dead' | 'always'): Promise<TenureEnd> {
    const tenure = await this.#start(slot, plan, takeover)
    const end = await this.#run(tenure)
    // Before anything else touches it: what the kill left is looked at later.
    if (tenure.shooting !== undefined) this.shot = imageOf(this.#context)
    return end
  }

  /** Starts all, waits until each is at the barrier or has ended, and lets them go at once. */
  async #resumers(
    slot: number,
    plan: LifePlan,
    takeover: 'if-dead' | 'always',
  ): Promise<readonly TenureEnd[]> {
    const first = this.#context.nextLife()
    const fellows = Array.from({ length: plan.count }, (_, index) => first + index)
    const tenures: Tenure[] = []
    for (let resumer = 0; resumer < plan.count; resumer++)
      tenures.push(await this.#start(slot, plan, takeover, resumer, fellows))
    const met = await Promise.all(tenures.map((tenure) => this.#run(tenure)))
    const waiting = tenures.filter((_, index) => met[index]?.kind === 'at-barrier')
    // All of them stand before any goes on: only that is a meeting.
    const together = waiting.length === tenures.length
    for (const tenure of waiting) {
      const barrier = met[tenures.indexOf(tenure)]
      if (together && barrier?.kind === 'at-barrier' && barrier.hold.fault !== undefined)
        tenure.acted.push(barrier.hold.fault)
      this.#context.letGo(tenure.started)
    }
    return await Promise.all(
      tenures.map(async (tenure, index) => {
        const end = met[index]
        return end === undefined || end.kind === 'at-barrier' ? await this.#run(tenure) : end
      }),
    )
  }

  async #start(
    slot: number,
    plan: LifePlan,
    takeover: 'if-dead' | 'always',
    resumer = 0,
    fellows: readonly number[] = [],
  ): Promise<Tenure> {
    const { randomKill } = this.#asked
    const shot = randomKill?.life === slot
    const { hooked, native, strace } = this.#context.host.command
    const all = hookFaultsOf(plan, resumer)
    const faults = all.filter(isDiskFault)
    const encoded = native === undefined ? encodeHookFaults(all) : encodeNativeFaults(faults)
    const recovery = this.#timed(slot, plan, resumer)
    const started = await this.#context.start({
      verb: 'run',
      seedPath: resumer === 0 ? [slot] : [slot, resumer],
      takeover,
      lane: shot && strace === undefined ? 'counted' : (this.#asked.lane ?? 'plain'),
      faults: hooked && strace === undefined && all.length > 0 ? encoded : '',
      ...(strace === undefined || faults.length === 0 ? {} : { strikes: faults }),
      isGated: !hooked && faults.some(isGate),
      fellows,
    })
    this.#running.add(started)
    if (shot) this.target = started
    if (shot && hooked && strace === undefined)
      this.shooting = new Shooting(this.#context, started, randomKill)
    const own = resumer === 0 ? plan : onlyBarrier(plan)
    const zombie = this.#zombie
    return {
      context: this.#context,
      acts: this.acts,
      meanwhile: [
        this.acts.during(started, slot),
        ...(hooked ? [] : [strike(this.#context, started, faults)]),
        ...(recovery === undefined ? [] : [recovery.watch(started)]),
      ],
      started,
      slot,
      takeover,
      plan: own,
      ahead: [...own.holds],
      acted: [],
      recovery,
      withinMs: Infinity,
      wakeZombie: async () => {
        if (zombie !== undefined) this.#zombieEnding = await this.#wake(zombie)
      },
      runRival: async () => {
        this.#rivalEnding = await this.#rival(slot)
      },
      ...(shot && this.shooting !== undefined ? { shooting: this.shooting } : {}),
    }
  }

  /** Lives behind another that nothing is done to. */
  #timed(slot: number, plan: LifePlan, resumer: number): TimedRecovery | undefined {
    const { inside, holds, count } = plan
    const isQuiet = inside.length === 0 && holds.length === 0 && count === 1 && resumer === 0
    if (slot === 1 || !isQuiet || this.#zombie !== undefined || !isTimed(this.#asked))
      return undefined
    return new TimedRecovery(this.#context.directories.state)
  }

  /** Another worker of the run, which finds its owner alive. */
  async #rival(slot: number): Promise<Ending | undefined> {
    const end = await this.#run(await this.#start(slot, planLife([]), 'if-dead', 1))
    return await this.#assess(end, slot)
  }

  async #run(tenure: Tenure): Promise<TenureEnd> {
    const end = await run(tenure)
    if (end.kind === 'left') this.#leave(tenure, end)
    if (end.kind === 'ended' || end.kind === 'wedged') this.#ended(tenure, end.facts)
    return end
  }

  #leave(tenure: Tenure, { hold }: Extract<TenureEnd, { kind: 'left' }>): void {
    if (hold.act.kind !== 'leave' || hold.fault === undefined) return
    tenure.acted.push(hold.fault)
    this.#zombie = { tenure, fault: hold.fault, until: hold.act.until }
  }

  #ended(tenure: Tenure, facts: LifeFacts): void {
    this.#running.delete(tenure.started)
    this.lives.push(facts)
  }

  /** Lets a zombie go on, and waits for its end: by itself, or by ours when it takes too long. */
  async #wake(zombie: Zombie): Promise<Ending | undefined> {
    const { tenure } = zombie
    this.#zombie = undefined
    this.#zombieEndedIn = this.#slotNow
    this.#context.letGo(tenure.started)
    tenure.withinMs = this.#context.host.options.zombieMs
    const end = await run(tenure)
    if (end.kind === 'ended' || end.kind === 'wedged') {
      this.#ended(tenure, end.facts)
      return await this.#assess(end, tenure.slot)
    }
    // It stopped once more, for a fault that has no successor to wait for.
    this.#context.putDown(tenure.started)
    this.#ended(tenure, await conclude(tenure))
    return undefined
  }

  async #assess(end: TenureEnd, slot: number): Promise<Ending | undefined> {
    const assessed = await assess(this.#context, end, {
      first: slot === 1,
      shooting: this.shooting,
    })
    if (assessed !== 'gave-up') return assessed
    // A life that fails to recover must not hide behind the fault that it never came to: the case goes on without faults.
    this.#faultsOff = true
    return undefined
  }
}

/** Why a fault of the hooks cannot strike a process that is started so. */
function whyNotOf({
  hooked,
  native,
  strace,
}: StartCommand): (fault: HookFault | WireFault) => string | undefined {
  if (hooked && native === undefined && strace === undefined) return () => undefined
  const below = strace === undefined ? whyNotNative : whyNotTraced
  const whyNot = hooked ? below : whyNotFromOutside
  return (fault) =>
    isDiskFault(fault) ? whyNot(fault) : 'messages are numbered inside a Node process only'
}

function onlyBarrier(plan: LifePlan): LifePlan {
  return { ...plan, inside: [], holds: plan.holds.filter(({ act }) => act.kind === 'barrier') }
}
