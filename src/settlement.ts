/**
 * Settlements: the record that ends a unit of work, and what its driver is told of it.
 */
import { assert } from './assert.ts'
import { OutcomeUnknownError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { cancelledError, rebuildError } from './recorded-error.ts'
import type { IterateRecord, SettleRecord } from './records.ts'

/** How a unit ended, and where the journal says so. */
export interface Settlement {
  readonly key: string
  readonly seq: number
  /** Of a loop that came to its end, its last iteration. */
  readonly record: SettleRecord | IterateRecord
}

/** The unit's result; throws what it failed with, as the same class in every life. */
export function resultOf({ key, record }: Settlement): JsonValue | undefined {
  if (record.type === 'iterate') return record.state
  switch (record.status) {
    case 'done':
      return record.value
    case 'unknown':
      throw new OutcomeUnknownError(
        record.error?.message ?? `the outcome of ${record.kind} ${key} is unknown`,
        { details: { key } },
      )
    case 'failed':
    case 'cancelled': {
      const { error, kind, status } = record
      assert(error !== undefined, `${status} settlement of ${key} without an error`)
      const rebuild = status === 'failed' ? rebuildError : cancelledError
      throw rebuild(error, `${kind} ${key}`)
    }
  }
}
