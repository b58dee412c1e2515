/** Mutants of tool calls: what a model is told of calls that a crash interrupted. */
import type { Mutant } from '../../harness/mutate/mutant.ts'

export const toolMutants: readonly Mutant[] = [
  {
    id: 'B01-tools-without-intent',
    class: 'B01',
    title: "the intents of tool calls are not committed with the model's answer",
    file: 'src/attempt.ts',
    find: "if (outcome.status === 'done') following = also?.(outcome.value) ?? []",
    replace: "if (outcome.status === 'done') also?.(outcome.value)",
    verdicts: ['REDONE'],
    scenarios: ['tool-batch'],
    needs: 'kill',
    cites: ['crewAIInc/crewAI#5802'],
  },
  {
    id: 'B20-repaired-and-run',
    class: 'B20',
    title: 'a call in doubt is answered as unknown, and then it is run all the same',
    file: 'src/attempt.ts',
    find: 'return settle(scope, unit, place, unknownOutcome(unit, inDoubt.at(-1)?.reserve))',
    replace: 'await settle(scope, unit, place, unknownOutcome(unit, inDoubt.at(-1)?.reserve))',
    verdicts: ['REDONE', 'BROKEN_TRANSCRIPT'],
    scenarios: ['tool-batch'],
    needs: 'kill',
    cites: ['strands-agents/harness-sdk#2025'],
  },
  {
    id: 'B20-no-error-flag',
    class: 'B20',
    title: 'the answer to a call in doubt has no error flag',
    file: 'src/turn.ts',
    find: "return { state: 'unknown', reason: error.message }",
    replace: "return { state: 'recorded', result: { nonce: 'unknown' } }",
    verdicts: ['BROKEN_TRANSCRIPT', 'DIVERGED'],
    scenarios: ['tool-batch'],
    needs: 'kill',
    cites: ['OpenHands/software-agent-sdk#2298'],
  },
  {
    id: 'B20-dangling',
    class: 'B20',
    title: 'the model is asked with a transcript in which calls in doubt have no answer',
    file: 'src/turn.ts',
    find: 'return step(scope, name, async (call) => [...(await ask(messages, call))], {',
    replace: `const asked = messages.map((message) =>
    typeof message === 'object' && JSON.stringify(message).includes('"is_error":true')
      ? { ...message, content: message.content.filter((block) => block.is_error !== true) }
      : message,
  )
  return step(scope, name, async (call) => [...(await ask(asked, call))], {`,
    verdicts: ['BROKEN_TRANSCRIPT'],
    scenarios: ['tool-batch'],
    needs: 'kill',
    cites: ['letta-ai/letta#3250'],
  },
  {
    id: 'B20-ids-over-transcript',
    class: 'B20',
    title:
      'the model is asked with calls in doubt answered by the first result that their id has in the transcript',
    file: 'src/turn.ts',
    find: 'return step(scope, name, async (call) => [...(await ask(messages, call))], {',
    replace: `const blocks = messages.flatMap((message) => message.content ?? [])
  const resultOf = (id) => blocks.find((block) => block.tool_use_id === id)
  const asked = messages.map((message) =>
    Array.isArray(message.content)
      ? { ...message, content: message.content.map((block) => (block.is_error ? resultOf(block.tool_use_id) : block)) }
      : message,
  )
  return step(scope, name, async (call) => [...(await ask(asked, call))], {`,
    verdicts: ['BROKEN_TRANSCRIPT'],
    scenarios: ['tool-batch'],
    needs: 'kill',
    cites: ['strands-agents/harness-sdk#2025'],
  },
  {
    id: 'B20-half-batch-forgotten',
    class: 'B20',
    title: 'where one call of a batch is in doubt, the results of the others are dropped',
    file: 'src/turn.ts',
    find: '(call) => outcomes.get(call.position) ?? {',
    replace: `(call) =>
      ([...outcomes.values()].every((each) => each.state === 'recorded')
        ? outcomes.get(call.position)
        : undefined) ?? {`,
    verdicts: ['BROKEN_TRANSCRIPT', 'DIVERGED'],
    scenarios: ['tool-batch'],
    needs: 'kill',
    cites: ['anomalyco/opencode#10616'],
  },
]
