/**
 * The strace lane: executables whose calls no preloaded library sees (static programs, Go, a host without a C compiler) run under
 * `strace`, which shows their ops (`strace-log.ts`) and kills before one of them.
 *
 *  L1  strace can only kill, and only before a call: a point after op n is the one before op n + 1, for nothing that survives happens
 *      between them; behind the last op it is the one before the process ends itself. Inside a write there is none.
 *  L2  It counts calls by name and thread. So the life is *rehearsed*: run once from the same state, without the fault, to learn
 *      which call of which thread op n is; then everything is put back as it was, and the life runs.
 *  L3  A kill counts only when the killed life's own output shows it: the ops before n complete, op n begun and not done, and its
 *      thread ended by SIGKILL. Anything else did not fire, and is no case.
 *  L4  `--seccomp-bpf` is never used: with it an injection silently never fires. Neither is `-P`: it misses relative paths.
 *  L5  Copies inside the kernel and io_uring are answered "not supported here", so that programs read and write.
 */
import type { HookFault } from '../hooks/fault.ts'
import { followedCalls } from './strace-follow.ts'
import { exitCall, type StracedLog } from './strace-log.ts'
import { opCalls } from './strace-calls.ts'

/** The call before which a process is killed: the `nth` of its name in its thread, from 1. */
export interface StraceAim {
  readonly name: string
  readonly nth: number
}

/** A fault, and where strace carries it out. */
export interface StraceStrike {
  readonly fault: HookFault
  /** Number of the op that the fault names. */
  readonly n: number
  /** Number of the op that the life is killed before. */
  readonly before: number
  readonly aim: StraceAim
}

/** Why strace cannot carry out a fault, whatever the life does; `undefined` where it may. */
export function whyNotTraced({ at, act }: HookFault): string | undefined {
  if (act.kind !== 'kill' && act.kind !== 'kill-inside') return 'strace can only kill'
  if (at.kind !== 'op' || at.stream !== '1') return 'under strace a life has one stream of ops, 1'
  return undefined
}

/** The fault that comes first in a life like this one, as strace carries it out; or why there is none. */
export function strikeOf(
  log: Pick<StracedLog, 'ops' | 'exit'>,
  faults: readonly HookFault[],
): StraceStrike | { readonly why: string } {
  let [first, why]: [StraceStrike | undefined, string] = [undefined, 'there is no fault']
  for (const fault of faults) {
    const strike = strikeBy(log, fault)
    if ('why' in strike) why = strike.why
    else if (first === undefined || strike.before < first.before) first = strike
  }
  return first ?? { why }
}

function strikeBy(
  log: Pick<StracedLog, 'ops' | 'exit'>,
  fault: HookFault,
): StraceStrike | { readonly why: string } {
  const { at, act } = fault
  if (at.kind !== 'op') return { why: 'strace strikes at ops only' }
  const { n } = at
  const isTorn = act.kind === 'kill-inside' && act.bytes > 0 && log.ops[n - 1]?.kind === 'write'
  if (isTorn) return { why: 'strace kills before a call, not inside it' }
  const before = act.kind === 'kill' && act.phase === 'after' ? n + 1 : n
  const aim = aimBefore(log, before)
  return 'why' in aim ? aim : { fault, n, before, aim }
}

/** Bytes of one write that strace shows. A longer one is not guessed at. */
const bytesShown = 8 * 1024 * 1024

/** Calls that nobody can follow: they are refused as on a kernel without them. */
const refused = ['copy_file_range', 'io_uring_setup']

/** Arguments of `strace` in front of a program and its own; the output goes to the file `output`. */
export function straceArguments(output: string, aim?: StraceAim): readonly string[] {
  return [
    '-f',
    '-qq',
    '-y',
    '-xx',
    '-s',
    String(bytesShown),
    '-o',
    output,
    '--abbrev=!writev,pwritev,pwritev2',
    // What was read is of no interest, only how much.
    '--raw=read,readv',
    `--trace=${[...opCalls, ...followedCalls, exitCall].map((name) => `?${name}`).join(',')}`,
    ...refused.map((name) => `--inject=?${name}:error=ENOSYS`),
    ...(aim === undefined ? [] : [`--inject=${aim.name}:signal=SIGKILL:when=${aim.nth}`]),
    '--',
  ]
}

/** Where strace has to strike so that a life that is like this one dies before op `n`, or why it cannot. */
export function aimBefore(
  { ops, exit }: Pick<StracedLog, 'ops' | 'exit'>,
  n: number,
): StraceAim | { readonly why: string } {
  const op = ops[n - 1] ?? (n === ops.length + 1 ? exit : undefined)
  if (op === undefined) return { why: `the life has ${ops.length} ops` }
  if (!op.isLeaders) return { why: `op ${n} is made by a child: its death is not that of the life` }
  if (op.firstAtNth !== op.tid)
    return { why: `another thread is the first to make its ${op.nth}th call of ${op.name}` }
  return { name: op.name, nth: op.nth }
}

/** Why a life was not killed before op `n`; `undefined` where its own output shows that it was. */
export function whyNotKilled({ ops, killed, exit }: StracedLog, n: number): string | undefined {
  const last = ops[n - 1]
  const open = ops.filter(({ result }) => result === undefined)
  if (last === undefined) {
    if (exit === undefined || ops.length !== n - 1 || open.length > 0)
      return `the life made ${ops.length} ops`
    return killed.has(exit.tid) ? undefined : `the life ended by itself after op ${ops.length}`
  }
  if (ops.length > n) return `the life went on to op ${ops.length}`
  if (open.length === 0) return `the life went on to op ${n} (${last.name}) and was not killed`
  if (open.length > 1 || open[0] !== last)
    return `${open.map(({ n: each, name }) => `op ${each} (${name})`).join(' and ')} was under way`
  if (!killed.has(last.tid)) return `nothing killed the thread of op ${n}`
  return undefined
}
