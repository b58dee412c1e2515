/**
 * Reads what `strace -f -y -xx -o FILE` wrote: one entry when a call begins, one when it ends, in the order in which they did.
 *
 *  T1  Strings and paths are hexadecimal there (`-xx`), so no text of a program can look like syntax.
 *  T2  A call that another thread's line interrupts stands on two lines; its end carries all its arguments.
 *  T3  A line that is none of these forms says nothing (signals, personalities, a last line that a kill tore).
 */

/** What a call came to. `unknown`: its process was killed before it, or in it. */
export type CallResult =
  | { readonly kind: 'value'; readonly value: number; readonly path?: string }
  | { readonly kind: 'error'; readonly code: string }
  | { readonly kind: 'unknown' }

/** One thing that strace told; `tid` is the thread. */
export type StraceEntry =
  | { readonly kind: 'call'; readonly tid: number; readonly name: string; readonly text: string }
  | {
      readonly kind: 'return'
      readonly tid: number
      readonly name: string
      /** All arguments, as strace writes them. */
      readonly text: string
      readonly result: CallResult
    }
  | { readonly kind: 'killed'; readonly tid: number; readonly signal: string }

/** The entries of an output, in order. */
export function parseStrace(output: string): readonly StraceEntry[] {
  const begun = new Map<number, string>()
  return output.split('\n').flatMap((line) => entriesOf(line, begun))
}

function entriesOf(line: string, begun: Map<number, string>): readonly StraceEntry[] {
  const [, id, rest] = /^(\d+) +(.*)$/.exec(line) ?? []
  if (id === undefined || rest === undefined) return []
  const tid = Number(id)
  const [, signal] = /^\+\+\+ killed by (\w+)/.exec(rest) ?? []
  if (signal !== undefined) return [{ kind: 'killed', tid, signal }]
  const [, unfinished, start] = /^(\w+)\((.*?) ?<unfinished \.\.\.>$/.exec(rest) ?? []
  if (unfinished !== undefined && start !== undefined) {
    begun.set(tid, start)
    return [{ kind: 'call', tid, name: unfinished, text: start }]
  }
  const [, resumed, end, late] = /^<\.\.\. (\w+) resumed>(.*)\) += (.*)$/.exec(rest) ?? []
  if (resumed !== undefined && end !== undefined && late !== undefined) {
    const text = `${begun.get(tid) ?? ''}${end}`
    return [{ kind: 'return', tid, name: resumed, text, result: resultOf(late) }]
  }
  const [, name, text, result] = /^(\w+)\((.*)\) += (.*)$/.exec(rest) ?? []
  if (name === undefined || text === undefined || result === undefined) return []
  const call = { tid, name, text }
  return [
    { kind: 'call', ...call },
    { kind: 'return', ...call, result: resultOf(result) },
  ]
}

function resultOf(text: string): CallResult {
  const [, code] = /^-1 (\w+)/.exec(text) ?? []
  if (code !== undefined) return { kind: 'error', code }
  // Interrupted, and begun again by the kernel: the next line is that call.
  if (/^\? E\w+/.test(text)) return { kind: 'error', code: 'EINTR' }
  const [, value] = /^(0x[0-9a-f]+|-?\d+)/.exec(text) ?? []
  if (value === undefined) return { kind: 'unknown' }
  const path = pathOf(text)
  return { kind: 'value', value: Number(value), ...(path === undefined ? {} : { path }) }
}

/** Splits arguments at the commas between them. */
export function splitArguments(text: string): readonly string[] {
  const found: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]
    if (letter === '{' || letter === '[' || letter === '(') depth += 1
    else if (letter === '}' || letter === ']' || letter === ')') depth -= 1
    else if (letter === ',' && depth === 0) {
      found.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  found.push(text.slice(from).trim())
  return found
}

/** The number of a descriptor; `undefined` where the argument is none. */
export function descriptorOf(argument: string): number | undefined {
  const [, number] = /^(0x[0-9a-f]+|\d+)/.exec(argument) ?? []
  return number === undefined ? undefined : Number(number)
}

/** The path that strace knows a descriptor by (`-y`), as the kernel has it. */
export function pathOf(argument: string): string | undefined {
  const [, hex] = /<((?:\\x[0-9a-f]{2})*)>/.exec(argument) ?? []
  return hex === undefined ? undefined : unhex(hex).toString('utf8')
}

/** The bytes of all strings in an argument, one after the other; `undefined` where strace left some out. */
export function bytesOf(argument: string): Uint8Array | undefined {
  if (argument.includes('...')) return undefined
  return Buffer.concat(Array.from(argument.matchAll(/"([^"]*)"/g), ([, hex]) => unhex(hex ?? '')))
}

/** The text of a string argument; `undefined` where it is a bare address. */
export function textOf(argument: string | undefined): string | undefined {
  const isText = argument?.startsWith('"') === true
  return isText ? Buffer.from(bytesOf(argument) ?? []).toString('utf8') : undefined
}

function unhex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex')
}
