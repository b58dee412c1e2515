import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/json.ts'
import { step } from '../../src/steps.ts'
import { turn, type Tool, type TurnOptions } from '../../src/turn.ts'
import { Bench, rest, type Code } from './runtime/bench-run.ts'

/** A turn in which the model calls `look` with each of these texts. */
function asking(texts: readonly string[], tool: Tool): TurnOptions<JsonObject> {
  return {
    format: 'openai-chat',
    messages: [{ role: 'user', content: 'hi' }],
    tools: { look: tool },
    ask: async () => [
      {
        role: 'assistant',
        content: null,
        tool_calls: texts.map((text, index) => ({
          id: `c${index}`,
          type: 'function',
          function: { name: 'look', arguments: text },
        })),
      },
    ],
  }
}

function asks(texts: readonly string[], tool: Tool, name = 't'): Code<readonly JsonObject[]> {
  return async (scope) => (await turn(scope, name, asking(texts, tool))).messages
}

describe('a turn', () => {
  it.each([
    ['half a character', '{"q":"\\ud83d"}'],
    ['-0', '{"offset":-0}'],
    ['a member __proto__', '{"__proto__":1}'],
  ])('a call whose arguments hold %s is answered, not run, and resumed', async (_, text) => {
    const bench = new Bench()
    let ran = 0
    const code = asks([text], { run: () => ++ran })
    await bench.dieAt(rest(), async (scope) => {
      await code(scope)
      await step(scope, 'after', () => new Promise<never>(() => {}))
    })
    const messages = await bench.live(async (scope) => {
      const said = await code(scope)
      await step(scope, 'after', () => 1)
      return said
    })
    expect(ran).toBe(0)
    expect(messages.at(-1)).toMatchObject({ role: 'tool', tool_call_id: 'c0' })
    expect(JSON.stringify(messages.at(-1))).toContain('look was not run: expected a JSON value')
  })

  it('under the longest name runs every call of its answer', async () => {
    let ran = 0
    const code = asks(['{}', '{"b":1}'], { run: () => ++ran }, 'x'.repeat(200))
    const messages = await new Bench().live(code)
    expect(ran).toBe(2)
    expect(messages).toHaveLength(4)
  })

  it('that nobody awaits ends no process when its run is cancelled', async () => {
    const bench = new Bench()
    const life = bench.live(async (scope) => {
      const held = turn(scope, 't', asking(['{}'], { run: () => new Promise<never>(() => {}) }))
      await step(scope, 'other', () => new Promise<never>(() => {}))
      await held
    })
    await rest()
    bench.inbox.put({ kind: 'cancel', path: '', reason: 'enough' })
    await expect(life).rejects.toThrow('enough')
    await rest()
  })
})
