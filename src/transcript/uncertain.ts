/**
 * Calls without ids (Gemini) or with one id for several, some of them answered: which ones? The transcript cannot tell. A result
 * given to the wrong call would pass one call's success for another's, so what is known of the calls must settle it.
 */
import type { JsonObject } from '../json.ts'
import { TranscriptError } from './error.ts'
import type { ToolOutcome } from './model.ts'
import type { UncertainGroup } from './pairing.ts'
import type { CallSlot, FormatRules, ResultSlot } from './reading.ts'
import type { Says } from './says.ts'

/**
 * Gives each result of the group to a call that it can be of: one whose recorded result it says, else the only ones left
 * of which nothing is known.
 *
 * @throws TranscriptError where that leaves a choice, or no call
 */
export function settleGroup(
  group: UncertainGroup,
  outcomeOf: (call: CallSlot) => ToolOutcome,
  given: Given,
): ReadonlyMap<CallSlot, ResultSlot> {
  const outcomes = group.calls.map((call) => ({ call, outcome: outcomeOf(call) }))
  const settled = new Map<CallSlot, ResultSlot>()
  let open = group.results
  for (const way of ['as-built', 'otherwise']) {
    let after = -1
    open = open.filter((result) => {
      const known = outcomes.filter(
        ({ call, outcome }) => !settled.has(call) && says(result, call, outcome, given) === way,
      )
      // Of calls with equal results the one that leaves the results in the order of their calls.
      const chosen = known.find(({ call }) => call.position > after) ?? known[0]
      if (chosen === undefined) return true
      settled.set(chosen.call, result)
      after = chosen.call.position
      return false
    })
  }
  const candidates = outcomes.filter(
    ({ call, outcome }) => !settled.has(call) && outcome.state === 'unknown',
  )
  if (candidates.length !== open.length && open.length > 0)
    throw undecided(group, candidates.length)
  open.forEach((result, index) => {
    const candidate = candidates[index]
    if (candidate !== undefined) settled.set(candidate.call, result)
  })
  return settled
}

interface Given {
  readonly rules: FormatRules
  readonly messages: readonly JsonObject[]
}

function says(
  result: ResultSlot,
  call: CallSlot,
  outcome: ToolOutcome,
  { rules, messages }: Given,
): Says {
  if (outcome.state !== 'recorded') return 'no'
  return rules.says(result.value, rules.result(call, outcome, messages), outcome.result)
}

function undecided(group: UncertainGroup, candidates: number): TranscriptError {
  const [first] = group.calls
  return new TranscriptError(
    `${group.results.length} of ${group.calls.length} calls of ${JSON.stringify(first?.name)} with no id of their own are answered, and ` +
      `it cannot be told which: expected exactly one way to give the results to the calls, got ${candidates} calls that they could be of`,
    {
      hint: 'let outcomeOf give the recorded result of every answered call of the batch, or give the calls ids of their own',
      details: { path: first?.path, calls: group.calls.length, results: group.results.length },
    },
  )
}
