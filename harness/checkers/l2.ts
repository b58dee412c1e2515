/**
 * L2: an orphaned run is taken over; under `if-dead` a live owner is not robbed.
 *
 * Robbed means shown to be alive: after another life resolved, an owner that nothing had happened to (no fault, no stop) still
 * acknowledged an append or began a step. That its `exit` line comes late proves nothing: the harness writes it. An owner that
 * was held while a rival ran is alive by what the rival was told (claim `identity`), however long that took: so it is
 * robbed also where it is refused when it goes on.
 */
import type { LifeHistory, Open } from '../history.ts'
import { betweenLives } from '../fault.ts'
import { endOf, runLives } from '../history.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { calmLives, hasEnded, livesAllowed, ownedRun, wasRival } from './l1.ts'

/** Runs that nobody could take over, and runs that were taken from a live owner. */
export function checkTakeover(view: CaseView): readonly Finding[] {
  return [
    ...(view.claims('takeover') ? orphaned(view) : []),
    ...(view.claims('guarded') ? robbed(view) : []),
  ]
}

function orphaned(view: CaseView): readonly Finding[] {
  if (hasEnded(view) || !view.gives('resolved')) return []
  const lives = calmLives(view)
  const last = lives.at(-1)
  if (last?.exit === undefined || lives.length < livesAllowed(view)) return []
  if (lives.some((life) => ownedRun(view, life))) return []
  // It looked after it was started; that it ended late may be the machine's doing.
  const waitedMs = last.realMs - ownerEndMs(view, last)
  if (waitedMs < view.context.system.takeoverMsMax) return []
  return [
    {
      invariant: 'L2',
      verdict: 'WEDGED',
      what: `nobody could take the run over in ${lives.length} lives after its owner had died`,
      life: last.life,
      index: last.exit.index,
      // How much later is the machine's doing, and another in each run.
      details: [
        `the system claims to need at most ${view.context.system.takeoverMsMax} ms, and the last of them began later`,
      ],
    },
  ]
}

/** When the last owner, or whoever may have been it, ended, in real milliseconds. */
function ownerEndMs(view: CaseView, before: LifeHistory): number {
  const owners = runLives(view.history).filter(
    (life) => ownedRun(view, life) && endOf(life) < before.startedIndex,
  )
  return Math.max(0, ...owners.map(({ exit }) => exit?.realMs ?? 0))
}

function robbed(view: CaseView): readonly Finding[] {
  return view.history.opens.flatMap((open) => {
    const robber = view.history.lives.get(open.life)
    if (robber?.verb !== 'run' || robber.takeover !== 'if-dead') return []
    // Of two that open at once either may win.
    const victim = view.history.opens.find(
      (other) => other.index < robber.startedIndex && isRobbedBy(view, other, open),
    )
    if (victim === undefined) return []
    return [
      {
        invariant: 'L2' as const,
        verdict: 'ZOMBIE_WRITE' as const,
        what: `life ${open.life} took the run from life ${victim.life}, which was alive`,
        life: open.life,
        index: open.index,
        since: victim.index,
        details: ['takeover was if-dead, and nothing had happened to its owner'],
      },
    ]
  })
}

function isRobbedBy(view: CaseView, owner: Open, robber: Open): boolean {
  if (owner.life === robber.life || owner.index > robber.index) return false
  const life = view.history.lives.get(owner.life)
  if (life === undefined || life.verb !== 'run') return false
  const isHeld = isHeldFor(view, life, robber)
  if (!isHeld && (life.stopped.length > 0 || hadFault(view, owner.life))) return false
  // An append that it was refused before means that it had lost or given up the run.
  const refused = view.history.of('refused').find((mark) => mark.life === owner.life)
  if (refused !== undefined && refused.index < robber.index) return false
  // A command may outlive the life that started it.
  const own = view.history
    .of('effect')
    .filter(({ step }) => view.model.units.get(step)?.kind !== 'command')
  const refusals = isHeld ? view.history.of('refused') : []
  const signs = [...own, ...view.history.of('ack'), ...refusals]
  return signs.some((mark) => mark.life === owner.life && mark.index > robber.index)
}

/** True where nothing but rivals happened to an owner, and the other life is one of them. */
function isHeldFor(view: CaseView, owner: LifeHistory, robber: Open): boolean {
  const rival = view.history.lives.get(robber.life)
  const own = view.fired.filter(
    ({ life, fault }) => life === owner.life && !betweenLives.has(fault.kind),
  )
  return (
    rival !== undefined &&
    view.claims('identity') &&
    own.length === owner.stopped.length &&
    own.every(({ fault }) => fault.kind === 'rival') &&
    wasRival(view, rival)
  )
}

/** Faults before a life, or in place of one, do nothing to it. */
function hadFault(view: CaseView, life: number): boolean {
  return view.fired.some((fired) => fired.life === life && !betweenLives.has(fired.fault.kind))
}
