/**
 * The environment of one life: all that the harness tells a process, in environment variables and on fd 3.
 *
 * The first group is the system contract, the same for every system in any language (`docs/command-protocol.md`). The
 * second group is read by the hooks that the harness preloads into Node processes; a system never looks at it.
 */

/** The system contract: verbs, and what every verb is told. */
export const systemVariables = {
  /** `run` (start or resume, run to the end, exit 0), `signal`, `cancel`. */
  verb: 'KILLPOINT_VERB',
  runId: 'KILLPOINT_RUN_ID',
  /** The system's own source of randomness for this life, text. */
  seed: 'KILLPOINT_SEED',
  /** Path of a JSON file with the workload (`workload.ts`). */
  workload: 'KILLPOINT_WORKLOAD',
  /** The directory that survives lives; the system keeps its whole state in it. */
  directory: 'KILLPOINT_DIR',
  /** Milliseconds since the epoch at the start of this life, where the system can take its clock from outside. */
  clockMs: 'KILLPOINT_CLOCK_MS',
  /** `if-dead` or `always`. */
  takeover: 'KILLPOINT_TAKEOVER',
  /** Number of this life in the case: 1, 2, 3 …; part of every mark. */
  life: 'KILLPOINT_LIFE',
  /** Name and payload, JSON, for verb `signal`. */
  signal: 'KILLPOINT_SIGNAL',
  /** Path of the ledger, for processes that a life starts without its descriptors: open it for append. */
  ledger: 'KILLPOINT_LEDGER',
  /** Identity of this life for systems that take one: host and boot id, JSON. */
  identity: 'KILLPOINT_IDENTITY',
} as const

/** The hooks' contract. */
export const hookVariables = {
  /** `plain` (a counter), `counted` (one byte per op phase to the count file), `recording` (payloads, sites, an op log). */
  lane: 'KILLPOINT_LANE',
  /** `serial` (default) or `native`. */
  order: 'KILLPOINT_ORDER',
  /** The faults of this life, in the schedule grammar of `fault.ts`. */
  faults: 'KILLPOINT_FAULTS',
  /** Directory for op logs and count files of this life, outside the state directory. */
  traceDirectory: 'KILLPOINT_TRACE_DIR',
  /** The same for the native hooks, a line each (`native/faults.ts`). */
  nativeFaults: 'KILLPOINT_NATIVE_FAULTS',
  /** Directory for what the native hooks of one life share, and for their op log and count file. */
  nativeDirectory: 'KILLPOINT_NATIVE_DIR',
  /** `group`: the leader of its process group leads the life; absent: the first process that the native hooks are in. */
  nativeLeader: 'KILLPOINT_NATIVE_LEADER',
  /** Op stream of this process: `1`, and `1.1`, `1.2` … for threads and children, in order of start. */
  stream: 'KILLPOINT_STREAM',
} as const

/** The ledger's descriptor: write-only, opened for append, one write per line. */
export const ledgerFd = 3
