/**
 * `killpoint/runtime`: the reference runtime. Durable by default: `createRunContext({ dir, runId })` and
 * `createSupervisor({ dir })` keep their runs in files under `dir`.
 */
export { ChildGroup, type Settled } from './child-group.ts'
export { spawn, type Child, type Driver, type SpawnOptions } from './children.ts'
export { systemClock, type Clock } from './clock.ts'
export { runCommand, type CommandOptions, type CommandResult } from './command.ts'
export type { RunContract } from './contract.ts'
export {
  BudgetExceededError,
  CancelledError,
  ClosedError,
  DeadlineError,
  DriverDivergedError,
  FencedError,
  FormatVersionError,
  InvalidArgumentError,
  JournalCorruptError,
  JournalPoisonedError,
  JournalUnreadableError,
  KillpointError,
  MaxLivesError,
  NotAJournalError,
  NotJsonError,
  OutcomeUnknownError,
  RecordTooLargeError,
  RunMismatchError,
  RunNotFoundError,
  RunOwnedError,
  StepFailedError,
  StoppedError,
  StorageError,
} from './errors.ts'
export { fileInbox, type FileInboxOptions } from './file-inbox.ts'
export type { CancelMessage, Inbox, InboxMessage, NewMessage, SignalMessage } from './inbox.ts'
export type { JsonObject, JsonValue } from './json.ts'
export { loop, type Iteration, type LoopOptions } from './loop.ts'
export type { Amounts } from './amounts.ts'
export type { Orphan } from './orphans.ts'
export type { Random } from './random.ts'
export type { Effect, EndRecord, RecordedError, SettleStatus, UnitKind } from './records.ts'
export {
  createRunContext,
  type Resumed,
  type RunContext,
  type RunContextOptions,
} from './run-context.ts'
export type { Scope } from './scope.ts'
export { step, type StepCall, type StepOptions } from './steps.ts'
export {
  createSupervisor,
  type CancelReply,
  type Reply,
  type SuperviseOptions,
  type Supervisor,
  type SupervisorOptions,
} from './supervisor.ts'
export {
  materializeTree,
  replayTree,
  type NodeStatus,
  type SettledNode,
  type TreeNode,
} from './tree.ts'
export { turn, type Tool, type Turn, type TurnOptions } from './turn.ts'
export { receive, sleep, sleepUntil } from './waits.ts'
