/**
 * The errors for rows that are not what was committed. A table has no byte offsets that a reader could know: the number of
 * the row stands in their place.
 */
import { FormatVersionError, JournalCorruptError, NotAJournalError } from '../errors.ts'
import type { Seq } from '../journal.ts'
import { tableFormat } from './rows.ts'

/** Which database. */
export interface Place {
  /** Path of the database file, or host and name of the database. */
  readonly file: string
}

interface RowPlace extends Place {
  readonly table: string
  readonly runId: string
  readonly row: number
  /** The first record that is gone. */
  readonly seq: Seq
}

/** Committed rows are not what was committed (J7). */
export function corruptRow(at: RowPlace, came: string, cause?: unknown): JournalCorruptError {
  const { file, table, runId, row, seq } = at
  return new JournalCorruptError(
    `${file} is damaged: run ${runId}, ${table} row ${row}, expected record ${seq}: ${came}`,
    {
      hint: 'restore the database from a backup, or read what is left with salvage(); opening again will not help',
      details: { file, table, runId, offset: row, seq },
      ...(cause === undefined ? {} : { cause }),
    },
  )
}

/** Throws unless tables of this version can be read here. */
export function assertFormat(place: Place, version: unknown): void {
  if (version === tableFormat) return
  if (typeof version === 'number' && version > tableFormat)
    throw new FormatVersionError(
      `${place.file} holds a journal of format ${version}; this killpoint knows ${tableFormat}`,
      {
        hint: 'use the killpoint that wrote it, or a newer one',
        details: { file: place.file, version },
      },
    )
  throw new NotAJournalError(
    `${place.file} has tables named like the journal's and of another making`,
    { hint: 'give the journal a database or schema of its own', details: { file: place.file } },
  )
}
