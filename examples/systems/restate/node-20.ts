/** The one thing that the SDK takes from Node 22 and that Node 20 does not have. */
interface WithResolvers {
  withResolvers?: <Value>() => {
    readonly promise: Promise<Value>
    readonly resolve: (value: Value | PromiseLike<Value>) => void
    readonly reject: (reason?: unknown) => void
  }
}

const promises = Promise as unknown as WithResolvers

promises.withResolvers ??= <Value>() => {
  let resolve = (_: Value | PromiseLike<Value>): void => undefined
  let reject = (_?: unknown): void => undefined
  const promise = new Promise<Value>((take, refuse) => {
    resolve = take
    reject = refuse
  })
  return { promise, resolve, reject }
}
