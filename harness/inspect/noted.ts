/**
 * Records as an inspector reads them: each member is looked at before it is believed, because a damaged run, or one that
 * something else wrote, is shown too.
 */
import type { JournalRecord } from '../../src/journal-entry.ts'

/** What a record says, as far as it says it. */
export interface Noted {
  readonly seq: number
  readonly epoch: number
  /** `begin`, `intent`, `spawn`, `settle`, `iterate`, `end`; `other` for what the run loop never wrote. */
  readonly type: string
  readonly key: string
  readonly kind: string
  readonly status: string
  readonly effect: string
  /** Of an iteration: 0, 1, 2 … */
  readonly index: number
  readonly body: Readonly<Record<string, unknown>>
}

const types = new Set(['begin', 'intent', 'spawn', 'settle', 'iterate', 'end'])

/** Reads records one by one. */
export function noted(records: readonly JournalRecord[]): readonly Noted[] {
  return records.map(({ seq, epoch, body: value }) => {
    const body = isObject(value) ? value : { value }
    const type = text(body, 'type')
    return {
      seq,
      epoch,
      type: types.has(type) ? type : 'other',
      key: text(body, 'key'),
      kind: text(body, 'kind'),
      status: text(body, 'status'),
      effect: text(body, 'effect') || 'none',
      index: typeof body['index'] === 'number' ? body['index'] : 0,
      body,
    }
  })
}

/** A recorded error in one line; empty where there is none. */
export function errorText(body: Readonly<Record<string, unknown>>): string {
  const { error } = body
  if (!isObject(error)) return ''
  return `${text(error, 'name') || 'Error'}: ${text(error, 'message')}`
}

function text(object: Readonly<Record<string, unknown>>, member: string): string {
  const value = object[member]
  return typeof value === 'string' ? value : ''
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
