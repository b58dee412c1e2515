/**
 * Sites: which lines of the program issued an op, as raw positions. Source maps are applied offline (`trace.ts`).
 *
 * The stack is read as call sites, without formatting. V8 lists the frames behind `await` too, so an op that an `async`
 * function of Node issues after its first await still shows who awaits it. Where no program frame is left (a stream, a chain
 * of internal callbacks), the op inherits the site of the op whose completion issued it.
 */

/** Program frames, innermost first, at most `framesMax`: `file:line:column`. Empty where there are none. */
export function captureFrames(): string[] {
  return programFrames(callSites(captureFrames))
}

const framesMax = 5
const depthMax = 64

/** Frames of this file are the hooks' own: all of them are bundled into one. */
const ownFile = captureOwnFile()

function programFrames(sites: readonly NodeJS.CallSite[]): string[] {
  const frames: string[] = []
  for (const site of sites) {
    const file = site.getFileName()
    if (file === null || file === undefined || file === ownFile || file.startsWith('node:'))
      continue
    frames.push(`${file}:${site.getLineNumber() ?? 0}:${site.getColumnNumber() ?? 0}`)
    if (frames.length === framesMax) break
  }
  return frames
}

function captureOwnFile(): string | undefined {
  return callSites()[0]?.getFileName() ?? undefined
}

/** The stack above `below`. Programs may format stacks in their own way: theirs is put back. */
function callSites(below?: () => unknown): readonly NodeJS.CallSite[] {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  const { stackTraceLimit } = Error
  Error.prepareStackTrace = (_error, sites) => sites
  Error.stackTraceLimit = depthMax
  const holder: { stack?: unknown } = {}
  Error.captureStackTrace(holder, below)
  const sites = holder.stack as NodeJS.CallSite[]
  Error.stackTraceLimit = stackTraceLimit
  if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
  else Object.defineProperty(Error, 'prepareStackTrace', before)
  return sites
}
