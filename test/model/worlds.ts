/** The worlds in which the protocol must be clean. */
import { FULL, type Bounds } from './protocol.ts'

export interface World {
  readonly name: string
  readonly what: string
  readonly bounds: Bounds
  /** Small enough for the test suite; the others are walked by `run.ts --wide`. */
  readonly inTests: boolean
}

export const WORLDS: readonly World[] = [
  {
    name: 'full',
    what: '3 lives, 2 appends each, 2 power losses, 2 directories to make, every opener takes over',
    bounds: FULL,
    inTests: true,
  },
  {
    name: 'if-dead',
    what: 'the same, every opener takes over the dead only; lives die one by one, too',
    bounds: { ...FULL, takeover: 'if-dead' },
    inTests: true,
  },
  {
    name: 'reader',
    what: '2 lives, 2 appends each, 2 power losses, a reader that reads batch by batch meanwhile',
    bounds: { ...FULL, lives: 2, readers: 1 },
    inTests: true,
  },
  {
    name: 'undisturbed',
    what: 'as full; opens that nobody disturbs are watched (J9)',
    bounds: { ...FULL, watchesRecovery: true },
    inTests: true,
  },
  {
    name: 'reader, 3 lives',
    what: '3 lives, 1 append each, 1 power loss, a reader',
    bounds: { ...FULL, appends: 1, powerLosses: 1, readers: 1 },
    inTests: false,
  },
  {
    name: '4 lives',
    what: '4 lives, 1 append each, 1 power loss',
    bounds: { ...FULL, lives: 4, appends: 1, powerLosses: 1 },
    inTests: false,
  },
]
