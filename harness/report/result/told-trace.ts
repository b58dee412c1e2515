/** The ops of a control as a reader is told them: where its cases crash, in order. */
import { mainStream, type CaseReport } from '../../campaign/trial.ts'
import { tellOp } from '../../campaign/told.ts'
import { pointKind } from '../../campaign/coverage.ts'
import type { SiteOf } from '../../corpus/op-fingerprint.ts'
import { markTold, tracedMark } from '../../corpus/traced-mark.ts'
import { isWorkerMark } from '../../ledger.ts'
import type { TracedOp } from '../../trace.ts'
import type { TraceColumns } from './result.ts'

/** Who the trace is of. */
type Named = Pick<TraceColumns, 'scenario' | 'system' | 'seed'>

/** The trace of a control that ran live; without hooks, its marks. */
export function traceOfControl({ group, run }: CaseReport, siteOf: SiteOf): TraceColumns {
  const named = { scenario: group.scenario.name, system: group.system.name, seed: group.seed }
  if (run.kept !== undefined) return { ...named, ...run.kept.told }
  const stream = mainStream(run.traces)
  if (stream !== undefined) return traceOfOps(named, stream.ops, siteOf)
  const marks = run.entries.filter(({ mark }) => mark.life === 1 && isWorkerMark(mark))
  const told = marks.map(({ mark }) => markTold({ ...mark }))
  return {
    ...named,
    sites: [],
    kind: told.map(({ mark }) => `mark ${mark}`),
    text: told.map(({ mark, about }) => `mark ${mark}${about === undefined ? '' : ` of ${about}`}`),
    site: told.map(() => -1),
  }
}

/** The trace of recorded ops. */
export function traceOfOps(named: Named, ops: readonly TracedOp[], siteOf: SiteOf): TraceColumns {
  const sites = new Map<string, number>()
  const numberOf = (frames: readonly string[]): number => {
    const site = siteOf(frames)
    if (site === undefined) return -1
    const number = sites.get(site) ?? sites.size
    sites.set(site, number)
    return number
  }
  const site = ops.map(({ frames }) => numberOf(frames))
  return {
    ...named,
    sites: [...sites.keys()],
    kind: ops.map((traced) => pointKind({ op: traced.op, ...tracedMark(traced) })),
    text: ops.map(tellOp),
    site,
  }
}
