/** Everything that the model says, as plain values: what the tests judge, `run.ts` prints and the page tells. */
import { CHAPTERS } from './ablations.ts'
import { ASSUMPTIONS } from './assumptions.ts'
import { explore } from './explorer.ts'
import { CHOOSING, FREE_CHOICES } from './free-choices.ts'
import type { Law } from './laws.ts'
import { destroyEach, ROTTING } from './limits.ts'
import { modelOf } from './program.ts'
import { PROTOCOL, type Bounds, type Protocol } from './protocol.ts'
import { byteAt, World } from './state.ts'
import { traceText } from './trace-text.ts'
import { WORLDS } from './worlds.ts'

export interface Finding {
  readonly name: string
  readonly states: number
  readonly moves: number
  /** Moves on the way to the broken law; without one, on the longest way. */
  readonly depth: number
  readonly law: Law | undefined
  /** The shortest way to the broken law, in words. */
  readonly trace: string
  /** States in which a reader was told of something that nobody has acknowledged or recovered. */
  readonly told: number
}

export interface Limit {
  readonly piece: string
  readonly loud: boolean
  readonly harmless: boolean
  /** Laws that were broken and nobody said so. */
  readonly silent: readonly Law[]
}

export interface Findings {
  readonly worlds: readonly Finding[]
  readonly ablations: readonly Finding[]
  readonly choices: readonly Finding[]
  readonly assumptions: readonly Finding[]
  readonly limits: readonly Limit[]
  /** The same where something whole behind something bad proves nothing. */
  readonly credulous: readonly Limit[]
}

/** Walks everything that the test suite walks: about half a minute. `report` hears of each finding as it is made. */
export function findAll(report: (finding: Finding) => void = () => undefined): Findings {
  const findIn = (name: string, protocol: Protocol, bounds: Bounds): Finding => {
    const finding = find(name, protocol, bounds)
    report(finding)
    return finding
  }
  return {
    worlds: WORLDS.filter(({ inTests }) => inTests).map(({ name, bounds }) =>
      findIn(name, PROTOCOL, bounds),
    ),
    ablations: CHAPTERS.flatMap(({ ablations }) => ablations).map(({ name, protocol, bounds }) =>
      findIn(name, protocol, bounds),
    ),
    choices: FREE_CHOICES.map(({ name, protocol }) => findIn(name, protocol, CHOOSING)),
    assumptions: ASSUMPTIONS.map(({ name, bounds }) => findIn(name, PROTOCOL, bounds)),
    limits: findLimits(PROTOCOL, ROTTING),
    credulous: findLimits({ ...PROTOCOL, wholeBehindBad: 'ignored' }, ROTTING),
  }
}

/** Walks one world. */
export function find(name: string, protocol: Protocol, bounds: Bounds): Finding {
  const model = modelOf(protocol, bounds)
  let told = 0
  const explored = explore(model, (row) => {
    if (byteAt(row, World.told) !== 0) told += 1
  })
  const { states, moves, depth, broken } = explored
  const trace = broken === undefined ? '' : traceText(broken, model)
  return { name, states, moves, depth, law: broken?.law, trace, told }
}

function findLimits(protocol: Protocol, bounds: Bounds): readonly Limit[] {
  const limits = [...destroyEach(protocol, bounds)].map(([piece, verdicts]): Limit => {
    const { loud, harmless, laws } = verdicts
    return { piece, loud: loud > 0, harmless: harmless > 0, silent: [...laws].sort() }
  })
  return limits.sort((left, right) => (left.piece < right.piece ? -1 : 1))
}
