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

/** Program frames, innermost first, at most `framesMax`: `file:line:column`. Empty where there are none. */
export function captureFrames(): string[] {
  const frames: string[] = []
  for (const site of callSites(captureFrames)) {
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

/** To be called by the last statement of the hooks: what lies behind it in the same file is program. */
export function endHooks(): void {
  const [site] = callSites(endHooks)
  if (site?.getFileName() !== ownFile) return
  end = { line: site?.getLineNumber() ?? 0, column: site?.getColumnNumber() ?? 0 }
}

const framesMax = 5
const depthMax = 64

const ownFile = callSites()[0]?.getFileName() ?? ''
const ownDirectory = /^(.*\/)site\.[jt]s$/.exec(ownFile)?.[1]
let end: { readonly line: number; readonly column: number } | undefined

function isOwn(file: string, line: number, column: number): boolean {
  if (ownDirectory !== undefined) return file.startsWith(ownDirectory)
  if (file !== ownFile) return false
  return end === undefined || line < end.line || (line === end.line && column <= end.column)
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
