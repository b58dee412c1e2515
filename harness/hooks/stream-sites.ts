/**
 * Sites of write streams: a stream opens and writes in a later turn, with no program frame on the stack. So the lines that made
 * it and that wrote to it last are noted at its public methods, in the recording lane only.
 */
import { replace } from './binding.ts'
import { mutableFs, syncExports } from './builtin.ts'
import type { Native, Undo } from './binding.ts'
import { captureFrames } from './site.ts'

/** Runs `call` so that ops without a program frame of their own get the site of `frames`. */
export type RunFrom = (frames: readonly string[], call: () => unknown) => unknown

type Sites = WeakMap<object, readonly string[]>

/** Hooks the making and the use of write streams; the result undoes it. */
export function hookStreamSites(runFrom: RunFrom): Undo[] {
  const made: Sites = new WeakMap()
  const written: Sites = new WeakMap()
  const fs = mutableFs()
  const prototype = fs.WriteStream.prototype as unknown as Record<string, unknown>

  /** Notes who calls the method with something to write. */
  const noting = (name: string): Undo =>
    override(prototype, name, (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const writes = args.length > 0 && typeof args[0] !== 'function'
        if (writes) note(written, this as object)
        return Reflect.apply(original, this, args)
      }
    })
  /** Runs the method, which issues ops, on behalf of who was noted. */
  const issuing = (name: string, sites: Sites): Undo =>
    override(prototype, name, (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const stream = this as object
        const frames = sites.get(stream) ?? made.get(stream) ?? []
        return runFrom(frames, () => Reflect.apply(original, this, args))
      }
    })

  const undos = [
    noting('write'),
    noting('end'),
    issuing('_construct', made),
    issuing('_write', written),
    issuing('_writev', written),
    issuing('_destroy', written),
    replace(fs, 'createWriteStream', (original) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        const stream = Reflect.apply(original, this, args)
        note(made, stream as object)
        return stream
      }
    }),
  ]
  syncExports()
  return undos
}

function note(sites: Sites, stream: object): void {
  const frames = captureFrames()
  if (frames.length > 0) sites.set(stream, frames)
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
