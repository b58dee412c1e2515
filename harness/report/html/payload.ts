/**
 * What the page is given: the result, without what only merging needs. Plain data, so the page shares types with the harness and no
 * code.
 */
import { pointsByKind, pointsKilled, pointsSeen } from '../result/coverage.ts'
import type { Coverage, Result } from '../result/result.ts'

/** Coverage in numbers; the points one by one stand in the cases. */
export interface PagePoints {
  readonly seen: number
  readonly killed: number
  readonly byKind: Readonly<Record<string, { readonly seen: number; readonly killed: number }>>
}

/** What stands in the page. */
export interface Payload extends Omit<Result, 'coverage'> {
  readonly coverage: readonly (Omit<Coverage, 'workloads' | 'randomKills'> & {
    readonly points: PagePoints
    readonly randomKills: number
    readonly workloads: number
  })[]
  /** What the profile assumes, one sentence. */
  readonly model: string
  /** Titles of invariants by their number. */
  readonly invariants: Readonly<Record<string, string>>
}

/** The payload of a result. */
export function payloadOf(
  result: Result,
  { model, invariants }: Pick<Payload, 'model' | 'invariants'>,
): Payload {
  return {
    ...result,
    model,
    invariants,
    coverage: result.coverage.map(({ workloads, randomKills, ...rest }) => ({
      ...rest,
      randomKills: randomKills.length,
      workloads: workloads.length,
      points: {
        seen: pointsSeen({ workloads, randomKills, ...rest }),
        killed: pointsKilled({ workloads, randomKills, ...rest }),
        byKind: Object.fromEntries(pointsByKind({ workloads })),
      },
    })),
  }
}
