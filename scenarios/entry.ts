/**
 * `killpoint/scenarios`: the scenarios that ship, and what they are made of, for scenarios of one's own.
 */
export { scenarios } from './index.ts'
export { effectWithoutCommit, outcomeUnknown, resumedAfterCommit } from './sometimes/commits.ts'
export { tornAppend } from './sometimes/tears.ts'
export { anyStep, atOnce, inOrder, workloadOf } from './workloads.ts'
