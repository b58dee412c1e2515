/** Every mutant that ships, in the order in which they run: by class, then by name. */
import type { Mutant } from '../../harness/mutate/mutant.ts'
import { diskMutants } from './disk.ts'
import { journalMutants } from './journal.ts'
import { loopMutants } from './loop.ts'
import { moneyMutants } from './money.ts'
import { stepMutants } from './steps.ts'
import { toolMutants } from './tools.ts'
import { treeMutants } from './tree.ts'
import { waitMutants } from './waits.ts'

export const mutants: readonly Mutant[] = [
  ...stepMutants,
  ...loopMutants,
  ...journalMutants,
  ...treeMutants,
  ...waitMutants,
  ...moneyMutants,
  ...toolMutants,
  ...diskMutants,
].sort((left, right) => (left.id < right.id ? -1 : 1))

/** A few that are caught at once, one per kind of bug: what every run of the tests hunts. */
export const sampleMutants: readonly string[] = [
  'B01-doubt-ignored',
  'B06-acked-before-write',
  'B13-no-look-before-ack',
  'B18-cursor-in-memory',
  'B22-rewritten',
]
