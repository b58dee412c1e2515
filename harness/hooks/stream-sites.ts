/**
 * Sites of write streams: a stream opens and writes in a later turn, with no program frame on the stack. So the lines that made
 * it and that wrote to it last are noted at its public methods, in the recording lane only.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { replace } from './binding.ts'
import type { Native, Undo } from './binding.ts'
import { captureFrames } from './site.ts'

/** Runs `call` so that ops without a program frame of their own get the site of `frames`. */
export type RunFrom = (frames: readonly string[], call: () => unknown) => unknown

/** Hooks the making and the use of write streams; the result undoes it. */
export function hookStreamSites(runFrom: RunFrom): Undo[] {
  const frames = new WeakMap<object, readonly string[]>()
  const prototype = fs.WriteStream.prototype as unknown as Record<string, unknown>

  /** Notes who calls the method. */
  const noting = (name: string): Undo =>
    override(prototype, name, (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const found = captureFrames()
        if (found.length > 0) frames.set(this as object, found)
        return Reflect.apply(original, this, args)
      }
    })
  /** Runs the method, which issues ops, on behalf of who was noted. */
  const issuing = (name: string): Undo =>
    override(prototype, name, (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        return runFrom(frames.get(this as object) ?? [], () => Reflect.apply(original, this, args))
      }
    })

  const undos = [
    ...['write', 'end'].map(noting),
    ...['_construct', '_write', '_writev', '_destroy'].map(issuing),
    replace(fs as unknown as Record<string, unknown>, 'createWriteStream', (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const stream = Reflect.apply(original, this, args) as object
        frames.set(stream, captureFrames())
        return stream
      }
    }),
  ]
  syncBuiltinESMExports()
  return undos
}

/** Puts a method of its own on a prototype; undone, the inherited one shows again. */
function override(
  prototype: Record<string, unknown>,
  name: string,
  make: (original: Native) => Native,
): Undo {
  const own = Object.hasOwn(prototype, name)
  const undo = replace(prototype, name, make)
  return own ? undo : () => delete prototype[name]
}
