/** The `FileHandle`s of `fs.promises` behind the public door: wrapped at their prototype, which the first open shows. */
import { replace } from './binding.ts'
import type { FsBinding, Native, Undo } from './binding.ts'
import { compose } from './composite-calls.ts'
import type { Door } from './door.ts'
import { failure } from './errors.ts'
import { changes, forget, openPrimitive } from './open-calls.ts'
import {
  bytesOf,
  callBinding,
  concerned,
  enter,
  flagsOf,
  isContent,
  promised,
  unconcerned,
} from './public-call.ts'
import type { Translated } from './public-call.ts'

interface Handle {
  readonly fd: number
}

/** Methods that are one call of the binding. */
const methods: Readonly<Record<string, (fd: number, args: readonly unknown[]) => Translated>> = {
  writev: (fd, [parts, position]) => ({
    name: 'writeBuffers',
    args: [fd, parts, typeof position === 'number' ? position : null],
  }),
  truncate: (fd, [length]) => ({ name: 'ftruncate', args: [fd, length ?? 0] }),
  sync: (fd) => ({ name: 'fsync', args: [fd] }),
  datasync: (fd) => ({ name: 'fdatasync', args: [fd] }),
  chmod: (fd, [mode]) => ({ name: 'fchmod', args: [fd, mode] }),
  utimes: (fd, [at, modified]) => ({ name: 'futimes', args: [fd, at, modified] }),
  write: (fd, [data, first, second, third]) => writeOf(fd, data, first, second, third),
}

/** Wraps `promises.open` and, at its first handle, the methods of all handles. */
export function wrapHandles(
  binding: FsBinding,
  door: Door,
  promises: Record<string, unknown>,
): Undo[] {
  const undos: Undo[] = []
  let wrapped = false
  const wrapPrototype = (handle: object): void => {
    if (wrapped) return
    wrapped = true
    undos.push(
      ...wrapMethods(binding, door, Object.getPrototypeOf(handle) as Record<string, unknown>),
    )
  }
  undos.push(
    replace(promises, 'open', (original) => {
      return async function (this: unknown, ...args: unknown[]): Promise<unknown> {
        const [name, flags] = args
        const numeric = flagsOf(flags ?? 'r')
        const relative = door.options.directory.relative(name)
        const open = (): Promise<Handle> => Reflect.apply(original, this, args) as Promise<Handle>
        if (relative === undefined) return await open()
        const handle = changes(numeric)
          ? await openNumbered(door, open, name as string, relative, numeric)
          : await open()
        enter(door, handle.fd, name, numeric)
        wrapPrototype(handle)
        return handle
      }
    }),
  )
  return undos
}

/** A handle can only be made by Node's own asynchronous open: the one op behind this door that runs in native order. */
async function openNumbered(
  door: Door,
  open: () => Promise<Handle>,
  name: string,
  relative: string,
  flags: number,
): Promise<Handle> {
  const launch = door.launch(openPrimitive(door, name, relative, flags, 0o666), 'promise')
  if (launch.decided?.error !== undefined) throw launch.decided.error
  try {
    const handle = await open()
    launch.finish({ value: handle.fd })
    door.observer?.told(launch.n)
    return handle
  } catch (error) {
    launch.finish({ error })
    throw error
  }
}

function wrapMethods(binding: FsBinding, door: Door, prototype: Record<string, unknown>): Undo[] {
  const undos = Object.entries(methods).map(([name, translate]) =>
    replace(prototype, name, (original) => {
      return async function (this: unknown, ...args: unknown[]): Promise<unknown> {
        const translated = translate((this as Handle).fd, args)
        const result = callBinding(binding, door, translated, promised)
        if (result === unconcerned) return await Reflect.apply(original, this, args)
        const value = await result
        if (name === 'write') return { bytesWritten: value, buffer: args[0] }
        return name === 'writev' ? { bytesWritten: value, buffers: args[0] } : undefined
      }
    }),
  )
  const whole = (name: string): Undo =>
    replace(prototype, name, (original): Native => {
      return async function (this: unknown, ...args: unknown[]): Promise<unknown> {
        const { fd } = this as Handle
        const [data, options] = args
        if (!isContent(data) || !concerned(door, [fd])) {
          return await Reflect.apply(original, this, args)
        }
        const encoding = typeof options === 'object' ? undefined : options
        const call = {
          name,
          original,
          self: this,
          args,
          form: 'promise',
          request: promised,
          context: undefined,
        } as const
        return await compose(door, call, (steps) =>
          steps.writeAll(fd, bytesOf(data, encoding), null, failure('write')),
        )
      }
    })
  const close = replace(prototype, 'close', (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      forget(door, (this as Handle).fd)
      return Reflect.apply(original, this, args)
    }
  })
  return [...undos, whole('writeFile'), whole('appendFile'), close]
}

function writeOf(
  fd: number,
  data: unknown,
  first: unknown,
  second: unknown,
  third: unknown,
): Translated {
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)
  if (typeof data === 'string') {
    return { name: 'writeString', args: [fd, data, number(first), second ?? 'utf8'] }
  }
  const { byteLength } = data as NodeJS.ArrayBufferView
  const offset = number(first) ?? 0
  const length = number(second) ?? byteLength - offset
  return { name: 'writeBuffer', args: [fd, data, offset, length, number(third)] }
}
