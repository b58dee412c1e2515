/**
 * `killpoint`: what a project's configuration, scenarios and systems are written with.
 */
export { defineConfig, type Config } from './config.ts'
export {
  actFromOutside,
  clockJump,
  concurrentResumers,
  killAtMark,
  killAtOp,
  killAtRandom,
  killAtRandomInRecovery,
  killInRecovery,
  terminate,
  zombieBeside,
  zombieTakeover,
} from './fault-classes.ts'
export { position, type Fault, type LifeFaults, type Position, type Schedule } from './fault.ts'
export {
  cutMessage,
  cutThenKill,
  killAtMessage,
  lateAnswer,
  refuseConnection,
} from './message-fault-classes.ts'
export { killService, killServiceAndProcess } from './service-fault-classes.ts'
export { killServiceAtMessage, killServiceThenProcess } from './service-message-fault-classes.ts'
export type { History } from './history.ts'
export type {
  CasePlan,
  Control,
  ControlMessage,
  ControlOp,
  FaultClass,
  Scenario,
  Sometimes,
} from './scenario.ts'
export type { Random } from './seed.ts'
export {
  allClaims,
  claimNames,
  type BackendSystem,
  claimMeanings,
  type Claim,
  type CommandSystem,
  type RunningService,
  type RuntimeSystem,
  type Service,
  type System,
} from './system.ts'
export {
  postgresSystem,
  type PostgresSystemOptions,
  sqliteSystem,
  type SqliteSystemOptions,
} from './systems/databases.ts'
export { postgresService, type PostgresServiceOptions } from './systems/postgres-service.ts'
export { backendSystem, fileSystemUnderTest, type BackendOptions } from './systems/reference.ts'
export type { BackendContext, CreateBackend } from './systems/reference/backend.ts'
export type { EffectKind, OutsideAct, StepTask, Task, Workload } from './workload.ts'
