/** What a program would like of a journal in one document, with one process at a time: no fencing, no other owner. */
import type { Claim } from 'killpoint'

export const claims: readonly Claim[] = [
  ...([
    'process',
    'power',
    'takeover',
    'journal',
    'keyed',
    'once',
    'retry',
    'loop',
    'terminal',
  ] as const),
  ...(['clock', 'identity', 'serial'] as const),
]
