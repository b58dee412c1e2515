/**
 * `fs.readFile` with a callback: at its first call Node takes `read` and `close` out of the binding, and keeps them as long as the
 * process lasts. Hooks that come later it would never call, and those that have gone it still would.
 */
import { readFile } from 'node:fs'
import { replace, type FsBinding, type Native } from './binding.ts'

/** Has it look the two up at each call. To be done once in a process, before anybody's first `readFile`. */
export function looseReadFile(binding: FsBinding): void {
  const holder: Record<string, unknown> = binding
  const undos = ['read', 'close'].map((name) =>
    replace(holder, name, () => {
      return function (this: unknown, ...args: unknown[]): unknown {
        return Reflect.apply(holder[name] as Native, this, args)
      }
    }),
  )
  // A first call that has ended before it asks the disk for anything.
  readFile('.', { signal: AbortSignal.abort() }, () => undefined)
  for (const undo of undos) undo()
}
