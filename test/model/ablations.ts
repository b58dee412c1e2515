/**
 * The protocol with one thing left out or changed, each with the law that breaks and why. An entry is a claim: "this is there
 * because"; the explorer gives the shortest way in which it goes wrong.
 */
import type { Chapter } from './ablation.ts'
import { ALARMS, APPENDING, CLOSING, LOOKING } from './append-ablations.ts'
import { CHECKING, MAKING, PUBLISHING, READING, SEALING, SYNCING } from './open-ablations.ts'

export const CHAPTERS: readonly Chapter[] = [
  MAKING,
  PUBLISHING,
  SYNCING,
  READING,
  SEALING,
  CHECKING,
  APPENDING,
  CLOSING,
  LOOKING,
  ALARMS,
]
