/**
 * C1: bytes and syncs per commit grow by less than 2 x per decade of journal length (medians), and recovery reads in
 * proportion to it. Costs are measured, not marked: without samples at two lengths, a decade apart, nothing is judged.
 */
import type { CaseView } from './context.ts'
import type { CostSample } from './cost-sample.ts'
import type { Finding } from './finding.ts'

/** What grows with the length of the journal and should not. */
export function checkCost(view: CaseView): readonly Finding[] {
  const samples = [...(view.context.costs ?? [])].sort(
    (left, right) => left.records - right.records,
  )
  return measures.flatMap(({ name, of }) =>
    samples.slice(1).flatMap((sample, place) => {
      const before = samples[place]
      if (before === undefined) return []
      const grown = growth(of(before), of(sample), before.records, sample.records)
      if (grown === undefined) return []
      return [
        broken(
          `${name}: ${of(before)} at ${before.records} records, ${of(sample)} at ${sample.records}`,
          `${grown.toFixed(1)} x per decade; at most 2 x`,
        ),
      ]
    }),
  )
}

/** True where there is something to judge. */
export function hasCosts(costs: readonly CostSample[] | undefined): boolean {
  const lengths = (costs ?? []).map(({ records }) => records)
  return lengths.length > 1 && Math.max(...lengths) >= 10 * Math.min(...lengths)
}

const measures: readonly {
  readonly name: string
  readonly of: (sample: CostSample) => number | undefined
}[] = [
  { name: 'bytes per commit', of: ({ commitBytes }) => median(commitBytes) },
  { name: 'syncs per commit', of: ({ commitSyncs }) => median(commitSyncs) },
  {
    name: 'bytes that an open reads per record',
    of: ({ recoveryBytes, records }) =>
      recoveryBytes === undefined ? undefined : recoveryBytes / Math.max(1, records),
  },
]

/** Growth per decade where it is 2 x or more. */
function growth(
  before: number | undefined,
  after: number | undefined,
  shorter: number,
  longer: number,
): number | undefined {
  if (before === undefined || after === undefined || longer <= shorter || after <= before)
    return undefined
  if (before === 0) return Number.POSITIVE_INFINITY
  const decades = Math.log10(longer / Math.max(1, shorter))
  const perDecade = (after / before) ** (1 / decades)
  return perDecade >= 2 ? perDecade : undefined
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]
}

function broken(what: string, detail: string): Finding {
  return { invariant: 'C1', verdict: 'COST', what, life: 0, index: -1, details: [detail] }
}
