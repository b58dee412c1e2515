/**
 * The preload: hooks the disk door of a Node process before any program code runs.
 *
 * Usage, for whoever starts a worker:
 *
 *   const preload = await buildPreload()                       // build.ts: path of ONE plain CommonJS file
 *   spawn('node', ['worker.mjs'], {
 *     env: { ...process.env,
 *       NODE_OPTIONS: `--require "${preload}"`,                // children and threads inherit it by themselves
 *       KILLPOINT_DIR: stateDirectory,                         // without it the preload does nothing at all
 *       KILLPOINT_LIFE: '1',
 *       KILLPOINT_LANE: 'plain' | 'counted' | 'recording',     // default plain
 *       KILLPOINT_ORDER: 'serial' | 'native',                  // default serial
 *       KILLPOINT_FAULTS: encodeHookFaults([…]),               // fault.ts; JSON, absent = no fault
 *       KILLPOINT_TRACE_DIR: traceDirectory,                   // must exist; a fresh one for every life
 *     },
 *     stdio: ['ignore', 'pipe', 'pipe', ledgerFd],             // fd 3: a regular file, opened for append
 *   })
 *
 * In the trace directory then are, for each op stream S (`1` is the first process, `1.2` its second child process, `1.0.3`
 * the third thread of process `1`):
 *
 *   S.pid     the process, in every lane
 *   S.count   lane counted: how far it came (`readCountFile` in trace.ts)
 *   S.ops     lane recording: the op log (`parseTrace` in trace.ts)
 *
 * Each fault that fires appends `{"mark":"fault","life":1,"fault":TEXT,"stream":"1","op":37}` to the ledger before it acts.
 * A write to the ledger is an op of kind `mark`, so killing at a mark is killing at an op.
 */
import type { FsBinding } from './binding.ts'
import { internalBinding } from './binding.ts'
import { endHooks } from './site.ts'
import { start } from './start.ts'

const records = start({ binding: () => internalBinding('fs') as FsBinding }, __filename)
if (records) endHooks()
