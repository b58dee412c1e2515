/** Traces written by hand: a line per op, each synchronous, each done. */
import { TraceReader, type Trace } from '../../../harness/trace.ts'
import type { LogEntry, Op } from '../../../harness/op.ts'

type OpEntry = Extract<LogEntry, { e: 'call' }>

/** `create a`, `write a TEXT`, `write-synced a TEXT`, `truncate a LENGTH`, `sync a`, `sync-dir .`, `rename a b`, `mark ack`, in their order; offsets follow each other. */
export function handTrace(lines: readonly string[], life = 1): Trace {
  const reader = new TraceReader()
  const head = { version: 1, stream: '1', pid: 1, order: 'serial', node: 'v20', directory: '/d' }
  reader.take({ e: 'log', life, ...head } as LogEntry, undefined)
  const nodes = new Map<string, number>([['.', 1]])
  const sizes = new Map<number, number>()
  lines.forEach((line, index) => {
    const n = index + 1
    const { op, bytes } = opOf(line, nodes, sizes)
    const call: OpEntry = {
      e: 'call',
      n,
      op,
      form: 'sync',
      site: 0,
      at: n,
      ...(bytes === undefined ? {} : { bytes: bytes.byteLength }),
    }
    reader.take(call, bytes)
    const created = op.kind === 'open' || op.kind === 'mkdir'
    const written = bytes === undefined ? {} : { written: bytes.byteLength }
    reader.take({ e: 'done', n, at: n, ...written, ...(created ? { created } : {}) }, undefined)
  })
  const trace = reader.finish(0)
  if (trace === undefined) throw new Error('no trace')
  return trace
}

function opOf(
  line: string,
  nodes: Map<string, number>,
  sizes: Map<number, number>,
): { readonly op: Op; readonly bytes?: Uint8Array } {
  const [verb = '', path = '', rest = ''] = line.split(' ')
  const node = nodes.get(path) ?? nodes.size + 1
  if (verb !== 'mark') nodes.set(path, node)
  switch (verb) {
    case 'create':
      return { op: { kind: 'open', path, node, create: true, truncate: false, exclusive: true } }
    case 'write':
    case 'write-synced': {
      const bytes = Buffer.from(rest)
      const offset = sizes.get(node) ?? 0
      sizes.set(node, offset + bytes.byteLength)
      const write = { kind: 'write', path, node, offset, length: bytes.byteLength } as const
      return { op: verb === 'write' ? write : { ...write, synced: true }, bytes }
    }
    case 'truncate':
      sizes.set(node, Number(rest))
      return { op: { kind: 'truncate', path, node, length: Number(rest) } }
    case 'sync':
      return { op: { kind: 'datasync', path, node } }
    case 'sync-dir':
      return { op: { kind: 'sync-directory', path, node } }
    case 'rename':
      nodes.set(rest, node)
      return { op: { kind: 'rename', from: path, to: rest, node } }
    case 'mkdir':
      return { op: { kind: 'mkdir', path, node } }
    case 'mark': {
      const bytes = Buffer.from(`${JSON.stringify({ mark: path, life: 1 })}\n`)
      return { op: { kind: 'mark', length: bytes.byteLength }, bytes }
    }
    default:
      throw new Error(`no such op: ${line}`)
  }
}
