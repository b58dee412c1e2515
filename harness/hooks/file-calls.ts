/** All calls of the fs binding that the hooks decode, put behind one door. */
import type { FsBinding, Undo } from './binding.ts'
import { hookCompositeCalls } from './composite-calls.ts'
import { hookDescriptorCalls } from './descriptor-calls.ts'
import type { Door } from './door.ts'
import { hookJobCalls } from './job-calls.ts'
import { hookOpenCalls } from './open-calls.ts'
import { hookPathCalls } from './path-calls.ts'
import { hookReadCalls } from './read-calls.ts'
import { hookTreeCalls } from './tree-calls.ts'

/** Hooks them; what is returned undoes it, last one first. */
export function hookFileCalls(binding: FsBinding, door: Door): Undo[] {
  return [
    ...hookDescriptorCalls(binding, door),
    ...hookOpenCalls(binding, door),
    ...hookReadCalls(binding, door),
    ...hookPathCalls(binding, door),
    ...hookCompositeCalls(binding, door),
    ...hookTreeCalls(binding, door),
    ...hookJobCalls(binding, door),
  ]
}
