/**
 * What came of a case as plain data, and back. What the engine was asked is not in it: whoever reads it back asks the same.
 *
 * Of a control's trace only what a campaign reads of it is kept: its ops, and what a reader is told of them. Their sites are
 * resolved before that, because the bundle that they are of is gone when its process is.
 */
import type { SiteOf } from '../corpus/op-fingerprint.ts'
import { readLedger } from '../ledger.ts'
import type { CaseRun, KeptTrace, LiveCase } from '../live/case.ts'
import { traceOfOps } from '../report/result/told-trace.ts'
import { controlOf } from './group.ts'
import { mainStream } from './trial.ts'

type Told = Pick<
  CaseRun,
  'ending' | 'lives' | 'acts' | 'orphans' | 'landed' | 'unseen' | 'traced' | 'kept'
>

/** A run as it is kept. */
interface KeptRun extends Told {
  /** As text where it is text, or else in base 64. */
  readonly ledger: string | { readonly base64: string }
}

/** The plain data of a run. */
export function encodeRun(run: CaseRun, siteOf: SiteOf): unknown {
  const { ending, lives, acts, orphans, landed, unseen, traced } = run
  const kept = run.kept ?? keptTrace(run, siteOf)
  return {
    ending,
    lives,
    acts,
    orphans,
    ...(landed === undefined ? {} : { landed }),
    ...(unseen === undefined ? {} : { unseen }),
    ...(traced === undefined ? {} : { traced }),
    ...(kept === undefined ? {} : { kept }),
    ledger: textOf(run.ledger),
  } satisfies KeptRun
}

/** The run of which `data` is the plain data; `asked` as it was asked then. */
export function decodeRun(data: unknown, asked: LiveCase): CaseRun {
  const { ledger: text, ...told } = data as KeptRun
  const ledger = Buffer.from(
    typeof text === 'string' ? text : text.base64,
    typeof text === 'string' ? 'utf8' : 'base64',
  )
  return { ...told, case: asked, ledger, entries: readLedger(ledger).entries }
}

function keptTrace({ case: asked, traces }: CaseRun, siteOf: SiteOf): KeptTrace | undefined {
  const trace = mainStream(traces)
  if (trace === undefined) return undefined
  const { ops, messages, isNative = false, killsOnly } = controlOf(asked.workload, trace)
  const { kind, text, site, sites } = traceOfOps(nobody, trace.ops, siteOf)
  const told = { kind, text, site, sites }
  return {
    ops,
    ...(messages === undefined ? {} : { messages }),
    isNative,
    ...(killsOnly === true ? { killsOnly } : {}),
    told,
  }
}

/** The names stand in the group. */
const nobody = { scenario: '', system: '', seed: '' }

/** A worker may have written anything. */
function textOf(bytes: Uint8Array): KeptRun['ledger'] {
  const buffer = Buffer.from(bytes)
  const text = buffer.toString('utf8')
  return Buffer.from(text).equals(buffer) ? text : { base64: buffer.toString('base64') }
}
