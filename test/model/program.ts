/** A protocol and the bounds of its world, made into the lists of steps that the explorer walks. */
import type { Bounds, OpenStep, Protocol, StepName } from './protocol.ts'

export interface Program {
  readonly steps: readonly StepName[]
  /** For each step, how many of the same name come before it: which batch a `write` or an `ack` is about. */
  readonly nth: readonly number[]
}

export interface Model {
  readonly protocol: Protocol
  readonly bounds: Bounds
  readonly owner: Program
  readonly reader: Program
  /** Slots of a row: lives first, readers behind them. */
  readonly slots: number
  /** `pc` of a life that is about to list. */
  readonly listing: number
  /** `pc` of a life whose open is about to resolve. */
  readonly resolving: number
}

export function modelOf(protocol: Protocol, bounds: Bounds): Model {
  const owner = programOf([...openSteps(protocol, bounds), ...appendSteps(protocol, bounds)])
  return {
    protocol,
    bounds,
    owner,
    reader: programOf(['look', 'read', ...batchReads(bounds), 'read-promised', 'tell']),
    slots: bounds.lives + bounds.readers,
    listing: owner.steps.indexOf('list'),
    resolving: owner.steps.indexOf('resolve'),
  }
}

/** The program of a slot. */
export function programFor(model: Model, slot: number): Program {
  return slot < model.bounds.lives ? model.owner : model.reader
}

function programOf(steps: readonly StepName[]): Program {
  const nth = steps.map((step, index) => steps.slice(0, index).filter((s) => s === step).length)
  return { steps, nth }
}

function openSteps(protocol: Protocol, bounds: Bounds): StepName[] {
  return protocol.open.flatMap((step): StepName[] => {
    if (step === 'make-base' || step === 'sync-grandparent') return bounds.parents > 0 ? [step] : []
    if (step === 'examine') return bounds.takeover === 'if-dead' ? [step] : []
    if (step === 'read' && bounds.readsBatches) return [step, ...batchReads(bounds)]
    return [step]
  })
}

function batchReads(bounds: Bounds): OpenStep[] {
  return Array.from({ length: bounds.appends }, () => 'read-batch')
}

function appendSteps(protocol: Protocol, bounds: Bounds): StepName[] {
  const { append, inFlight } = protocol
  const steps: StepName[] = []
  for (let left = bounds.appends; left > 0; left -= inFlight) {
    const together = Math.min(left, inFlight)
    for (const step of append) {
      const perBatch = step === 'write' || step === 'ack'
      steps.push(...Array.from({ length: perBatch ? together : 1 }, () => step))
    }
  }
  return bounds.closes ? [...steps, 'close'] : steps
}
