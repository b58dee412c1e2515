/** `killpoint/journal`: the journal contract, the backends that ship, and the readers of what a run recorded. */
export { fileJournal } from './file-journal.ts'
export type { FileJournalOptions } from './file-journal/settings.ts'
export type {
  Damage,
  Durability,
  Journal,
  JournalBackend,
  JournalRecord,
  LifeSummary,
  OpenOptions,
  RecordBody,
  RunImage,
  RunSummary,
  SalvagedImage,
  Seq,
  TailRepair,
  Takeover,
} from './journal.ts'
export { bytesMaxDefault, encodeBodies, type EncodedBody } from './encode-body.ts'
export { memoryJournal, type MemoryJournalOptions } from './memory-journal.ts'
export { runDirectoryName, runIdOfDirectoryName } from './run-id.ts'
export { type CheckedOpenOptions, checkOpenOptions } from './open-options.ts'
export {
  type PgClient,
  type PostgresClient,
  type PostgresConnection,
  postgresJournal,
  type PostgresJournalOptions,
  type PostgresJsClient,
  type PostgresRow,
  type PostgresValue,
} from './postgres-journal.ts'
export { assertRunId } from './run-id.ts'
export {
  sqliteJournal,
  type SqliteHandle,
  type SqliteJournalOptions,
  type SqliteStatement,
  type SqliteValue,
} from './sqlite-journal.ts'
export { materializeTree, replayTree, type SettledNode, type TreeNode } from './tree.ts'
