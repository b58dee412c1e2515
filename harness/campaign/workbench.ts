/**
 * Runs single cases at will: the engines of the systems that were asked for, the controls of the groups that were tried. What
 * replay, shrink and the corpus are made of.
 */
import { openLive, type LiveEngine } from '../live/engine.ts'
import type { LiveOptions } from '../live/options.ts'
import type { OpsOfSlot } from '../corpus/place.ts'
import { isTornUnderStrace, needsDiskModel, OfflineEngine } from '../explorer/offline-engine.ts'
import type { CasePlan } from '../scenario.ts'
import type { System } from '../system.ts'
import type { Group, Origin } from './group.ts'
import { opsOfSlots } from './slot-ops.ts'
import { runControl, runTrial, type ControlRun, type Tried, type TrialOptions } from './trial.ts'

export class Workbench {
  readonly #engines = new Map<System, Promise<LiveEngine>>()
  readonly #controls = new WeakMap<Group, Promise<ControlRun>>()
  readonly #ops = new WeakMap<Group, OpsOfSlot>()
  readonly #live: LiveOptions
  readonly #profile: string | undefined
  readonly #isAudit: boolean
  #cases = 0

  /** `isAudit`: nothing is excused in its cases. */
  constructor(live: LiveOptions = {}, profile?: string, isAudit = false) {
    this.#live = live
    this.#profile = profile
    this.#isAudit = isAudit
  }

  /** Cases that were run here so far, controls not counted. */
  get cases(): number {
    return this.#cases
  }

  /** The control of a group; it runs once. Throws TroubleError where the system cannot be started at all. */
  async control(group: Group): Promise<ControlRun> {
    const known = this.#controls.get(group)
    if (known !== undefined) return await known
    const run = this.#engine(group.system).then((engine) =>
      runControl(engine, group, this.#name('control'), this.#profile),
    )
    this.#controls.set(group, run)
    return await run
  }

  /** Runs a case of a group. A case without a fault is its control. */
  async run(
    group: Group,
    plan: CasePlan,
    origin: Origin,
    options: TrialOptions = {},
  ): Promise<Tried> {
    const engine = await this.#engine(group.system)
    const control = await this.control(group)
    this.#cases += 1
    const asked = { ...plan, origin, name: this.#name('case') }
    const profile = this.#profile === undefined ? {} : { profile: this.#profile }
    return await runTrial(engine, group, asked, control, {
      ...profile,
      isAudit: this.#isAudit,
      ...options,
    })
  }

  /** What the lives of a group's cases do. */
  async opsOfSlot(group: Group): Promise<OpsOfSlot> {
    const known = this.#ops.get(group)
    if (known !== undefined) return known
    const [engine, control] = await Promise.all([this.#engine(group.system), this.control(group)])
    const ops = opsOfSlots(engine, group, control, this.#name('ops'))
    this.#ops.set(group, ops)
    return ops
  }

  /** Ends all engines. */
  async close(): Promise<void> {
    for (const opening of this.#engines.values()) {
      const engine = await opening.catch(() => undefined)
      await engine?.close()
    }
  }

  #engine(system: System): Promise<LiveEngine> {
    const known = this.#engines.get(system)
    if (known !== undefined) return known
    const opening = this.#open(system)
    this.#engines.set(system, opening)
    return opening
  }

  /** One engine for all cases: those that no live process can show are carried out on the disk model. */
  async #open(system: System): Promise<LiveEngine> {
    const live = await openLive(system, this.#live)
    const offline = new OfflineEngine(system, this.#live, this.#profile)
    return {
      ...live,
      runCase: async (asked) => {
        if (needsDiskModel(asked.schedule)) return await offline.runCase(asked)
        const run = await live.runCase(asked)
        return isTornUnderStrace(run) ? await offline.runCase(asked) : run
      },
      close: async () => {
        await offline.close()
        await live.close()
      },
    }
  }

  #names = 0

  #name(what: string): string {
    this.#names += 1
    return `${what}-${this.#names}`
  }
}
