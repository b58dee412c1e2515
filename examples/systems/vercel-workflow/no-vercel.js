/** In place of `@workflow/world-vercel`, which the runtime imports and a local world never calls: it brings native code, and the start of a life is what a kill costs. */
export function createVercelWorld() {
  throw new Error('this worker runs over a local world')
}
