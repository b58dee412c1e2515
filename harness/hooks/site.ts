/**
 * Sites: which lines of the program issued an op, as raw positions. Source maps are applied offline (`trace-sites.ts`).
 *
 * The stack is read as call sites, without formatting. V8 lists the frames behind `await` too, so an op that an `async`
 * function of Node issues after its first await still shows who awaits it. Where no program frame is left (a stream, a chain
 * of internal callbacks), the op inherits the site of the op whose completion issued it.
 *
 * Frames of the hooks are left out. The hooks are one contiguous part, the first, of the file that they are bundled into,
 * which may hold the program as well; not bundled, they are the files of this directory.
 */

/** The hooked function that was called last: what lies above it on the stack is of no interest. */
export const stack: { entry?: Below } = {}

/** A function on the stack; it and what it called are left out. */
export type Below = (...args: never[]) => unknown

/** Program frames, innermost first, at most `framesMax`: `file:line:column`. Empty where there are none. */
export function captureFrames(): string[] {
  // Every frame has its price, and the nearest ones above the hooks nearly always hold what is wanted.
  const near = programFrames(callSites(stack.entry, nearDepth))
  return near.length > 0 ? near : programFrames(callSites(captureFrames, farDepth))
}

/** To be called by the last statement of the hooks: what lies behind it in the same file is program. */
export function endHooks(): void {
  const [site] = callSites(endHooks, 1)
  if (site?.getFileName() !== ownPlace().file) return
  end = { line: site?.getLineNumber() ?? 0, column: site?.getColumnNumber() ?? 0 }
}

const framesMax = 8
const nearDepth = 16
const farDepth = 64

/** Found out when it is first needed: only the recording lane needs it. */
let own: { readonly file: string; readonly directory: string | undefined } | undefined
let end: { readonly line: number; readonly column: number } | undefined

function ownPlace(): { readonly file: string; readonly directory: string | undefined } {
  if (own === undefined) {
    const file = callSites(undefined, 1)[0]?.getFileName() ?? ''
    own = { file, directory: /^(.*\/)site\.[jt]s$/.exec(file)?.[1] }
  }
  return own
}

function programFrames(sites: readonly NodeJS.CallSite[]): string[] {
  const frames: string[] = []
  for (const site of sites) {
    const file = site.getFileName()
    if (file === null || file === undefined || file.startsWith('node:')) continue
    const line = site.getLineNumber() ?? 0
    const column = site.getColumnNumber() ?? 0
    if (isOwn(file, line, column)) continue
    frames.push(`${file}:${line}:${column}`)
    if (frames.length === framesMax) break
  }
  return frames
}

function isOwn(file: string, line: number, column: number): boolean {
  const { file: ownFile, directory } = ownPlace()
  if (directory !== undefined) return file.startsWith(directory)
  if (file !== ownFile) return false
  return end === undefined || line < end.line || (line === end.line && column <= end.column)
}

/** The nearest `depth` frames of the stack above `below`. Programs may format stacks in their own way: theirs is put back. */
function callSites(below: Below | undefined, depth: number): readonly NodeJS.CallSite[] {
  const holder = Error as { prepareStackTrace: unknown; stackTraceLimit: number }
  const { prepareStackTrace, stackTraceLimit } = holder
  // Assigned, and put back by assignment: to define and delete it again would cost as much as the stack.
  holder.prepareStackTrace = asTheyAre
  holder.stackTraceLimit = depth
  const trace: { stack?: unknown } = {}
  Error.captureStackTrace(trace, below)
  const sites = trace.stack as NodeJS.CallSite[]
  holder.stackTraceLimit = stackTraceLimit
  holder.prepareStackTrace = prepareStackTrace
  return sites
}

function asTheyAre(_error: Error, sites: NodeJS.CallSite[]): NodeJS.CallSite[] {
  return sites
}
