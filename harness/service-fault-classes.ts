/**
 * The fault classes of services: what stands behind a system is killed and started again over its own data, while the process that uses
 * it is stopped between two ops. Only a service that is the case's own can be killed: one of the campaign has other cases in it.
 */
import { position, type Fault } from './fault.ts'
import type { CasePlan, Control, ControlOp, FaultClass } from './scenario.ts'

/** The first service dies and comes back at an op: before it, and after it. */
export const killService: FaultClass = atOps('kill-service', (op, control) =>
  control.afterOnly === true
    ? [[serviceKill(op, 'after')]]
    : [[serviceKill(op, 'before')], [serviceKill(op, 'after')]],
)

/** The first service dies and comes back before an op, and the process dies after it. */
export const killServiceAndProcess: FaultClass = atOps('kill-service-and-process', (op, control) =>
  control.afterOnly === true
    ? []
    : [[serviceKill(op, 'before'), { kind: 'kill', at: position(op.n, 'after'), lost: [] }]],
)

function serviceKill({ n }: ControlOp, phase: 'before' | 'after'): Fault {
  return { kind: 'server-kill', at: position(n, phase), nth: 1 }
}

function atOps(
  name: string,
  livesOf: (op: ControlOp, control: Control) => readonly (readonly Fault[])[],
): FaultClass {
  const plansAt = (op: ControlOp, control: Control): readonly CasePlan[] =>
    livesOf(op, control).map((life) => ({ schedule: [life] }))
  return {
    name,
    needsService: true,
    all: (control) => control.ops.flatMap((op) => plansAt(op, control)),
    draw: (control, random) => {
      if (control.ops.length === 0) return undefined
      const plans = plansAt(random.pick(control.ops), control)
      return plans.length === 0 ? undefined : random.pick(plans)
    },
  }
}
