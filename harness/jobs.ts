/**
 * How much may run at once. Every job is processes that hold memory: so many that they no longer fit bring the machine down, and
 * the harness with it, long before any of them is judged.
 */
import { availableParallelism } from 'node:os'

/** Jobs for each processor, at most: cases mostly wait, but a processor that many share gets nothing done. */
const jobsPerProcessor = 16

/** The most that may run at once on this machine. */
export function jobsMax(): number {
  return jobsPerProcessor * availableParallelism()
}

/** Why so many cannot run at once here; `undefined` where they can. */
export function whyNotSoMany(jobs: number): string | undefined {
  if (!Number.isSafeInteger(jobs) || jobs < 1) return 'expected a whole number from 1'
  if (jobs <= jobsMax()) return undefined
  return `expected at most ${jobsMax()} on this machine, ${jobsPerProcessor} for each of its processors; more only take memory`
}
