/** Asks the engine what the lives of a case do, for whoever places faults in them. */
import type { OpsOfSlot } from '../corpus/place.ts'
import { stringifySchedule } from '../fault-text.ts'
import type { LiveEngine } from '../live/engine.ts'
import type { TracedOp } from '../trace.ts'
import type { Group } from './group.ts'
import { askedCase, type ControlRun } from './trial.ts'

/** The ops of the lives of a group: the first life's are those of its control, later ones are run and recorded. */
export function opsOfSlots(
  engine: LiveEngine,
  group: Group,
  control: ControlRun,
  name: string,
): OpsOfSlot {
  const known = new Map<string, readonly TracedOp[] | undefined>()
  return async (before, slot) => {
    if (slot === 1) return ofLife(control, 1)
    const key = `${slot} ${stringifySchedule(before)}`
    if (known.has(key)) return known.get(key)
    const asked = askedCase(group, `${name}-${known.size}`, { schedule: before }, 'recording')
    const run = await engine.runCase(asked)
    const life = run.lives.find((each) => each.slot === slot)?.life
    const ops = life === undefined ? undefined : ofLife({ report: { run } }, life)
    known.set(key, ops)
    return ops
  }
}

function ofLife(
  { report }: { readonly report: Pick<ControlRun['report'], 'run'> },
  life: number,
): readonly TracedOp[] | undefined {
  return report.run.traces?.get(life)?.flatMap(({ ops }) => ops)
}
