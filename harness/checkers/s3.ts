/**
 * S3: no effect of a committed step runs again; a `keyed` step runs at most once per life before its commit, under the same
 * key; a `once` step at most once over all lives. The rules stand in `redone.ts`.
 */
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import type { Redone } from './redone.ts'
import { describeCommit } from './words.ts'

/** Effects that ran again. */
export function checkNotRedone(view: CaseView): readonly Finding[] {
  return view.redone.map((redone) => ({
    invariant: 'S3',
    verdict: 'REDONE',
    what: describeRedone(redone),
    life: redone.effect.life,
    index: redone.effect.index,
    since: redone.commit?.index ?? redone.first.index,
    step: redone.effect.step,
    details: redone.commit === undefined ? [] : [describeCommit(redone.commit)],
  }))
}

/** One clause on what ran again and why it should not have. */
function describeRedone({ effect, first, rule }: Redone): string {
  const { step } = effect
  switch (rule) {
    case 'committed':
      return `step ${step} was committed, and its effect runs again`
    case 'attempt':
      return `attempt ${effect.attempt} of step ${step} runs again after attempt ${first.attempt}`
    case 'same-life':
      return `the effect of step ${step} runs twice in one life`
    case 'once':
      return `the effect of step ${step}, which must run once, runs again in life ${effect.life}`
    case 'other-key':
      return `the effect of step ${step} runs again under another key (${first.key}, then ${effect.key})`
  }
}
