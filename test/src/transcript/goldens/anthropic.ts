import type { JsonObject, JsonValue } from '../../../../src/json.ts'
import type { Golden } from './golden.ts'

const user: JsonObject = { role: 'user', content: 'hi' }
const text = (words: string): JsonObject => ({ type: 'text', text: words })
const use = (id: string, input: JsonValue = {}): JsonObject => ({
  type: 'tool_use',
  id,
  name: 'read',
  input,
})
const result = (id: string, more: JsonObject = {}): JsonObject => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'ok',
  ...more,
})
const thinking: JsonObject = { type: 'thinking', thinking: 'hm', signature: 'c2ln' }
const search: JsonObject = {
  type: 'server_tool_use',
  id: 'srvtoolu_1',
  name: 'web_search',
  input: {},
}
const found: JsonObject = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }
const model = (...content: JsonObject[]): JsonObject => ({ role: 'assistant', content })
const results = (...content: JsonObject[]): JsonObject => ({ role: 'user', content })

export const anthropicGoldens: readonly Golden[] = [
  {
    title: 'thinking, text, a batch, its results, the same ids again',
    messages: [
      user,
      model(thinking, text('so'), use('a'), use('b')),
      results(result('b'), result('a')),
      model(use('a')),
      results(result('a')),
      model(text('done')),
    ],
    problems: [],
  },
  {
    title: 'turns split over messages, which the API combines (it took these very ones)',
    messages: [
      model(text('I will check.')),
      model(use('a')),
      results(result('a')),
      results(text('Answer briefly.')),
    ],
    problems: [],
  },
  {
    title: 'results of one batch in two messages, and text behind them',
    messages: [
      user,
      model(use('a')),
      model(use('b')),
      results(result('a')),
      results(result('b'), text('go on')),
    ],
    problems: [],
  },
  {
    title: 'an error, an empty result, and a last message that is empty',
    messages: [
      user,
      model(use('a'), use('b')),
      results(result('a', { is_error: true, content: 'no' }), {
        type: 'tool_result',
        tool_use_id: 'b',
      }),
      { role: 'assistant', content: [] },
    ],
    problems: [],
  },
  {
    title: "the provider's own call, answered and paused",
    messages: [user, model(search, found, text('x')), user, model(search)],
    problems: [],
  },
  {
    title: "a system message behind the user's",
    messages: [user, { role: 'system', content: 'be brief' }, model(text('ok'))],
    problems: [],
  },
  {
    title: 'a call at the very end',
    messages: [user, model(use('a'))],
    problems: [['call-unanswered', 'messages[1].content[0]']],
  },
  {
    title: 'half a batch, then the user in the same message',
    messages: [user, model(use('a'), use('b')), results(result('a'), text('and?'))],
    problems: [['call-unanswered', 'messages[1].content[1]']],
  },
  {
    title: 'an id answered in an earlier turn only',
    messages: [user, model(use('a')), results(result('a')), model(use('a')), user],
    problems: [['call-unanswered', 'messages[3].content[0]']],
  },
  {
    title: 'an id answered in a later turn only',
    messages: [user, model(use('a')), user, model(use('a')), results(result('a'))],
    problems: [['call-unanswered', 'messages[1].content[0]']],
  },
  {
    title: 'two results of one call',
    messages: [user, model(use('a')), results(result('a'), result('a'))],
    problems: [['result-duplicate', 'messages[2].content[1]']],
  },
  {
    title: 'a result without its call',
    messages: [results(result('a')), model(text('x'))],
    problems: [['result-orphan', 'messages[0].content[0]']],
  },
  {
    title: 'a result two turns behind its call',
    messages: [user, model(use('a')), user, model(text('x')), results(result('a'))],
    problems: [
      ['call-unanswered', 'messages[1].content[0]'],
      ['result-orphan', 'messages[4].content[0]'],
    ],
  },
  {
    title: 'text before a result, in one message or two',
    messages: [
      user,
      model(use('a')),
      results(text('here:'), result('a')),
      model(use('b')),
      user,
      results(result('b')),
    ],
    problems: [
      ['result-displaced', 'messages[2].content[1]'],
      ['result-displaced', 'messages[5].content[0]'],
    ],
  },
  {
    title: 'the model going on in a message of its own before the result',
    messages: [user, model(use('a')), model(text('meanwhile')), results(result('a'))],
    problems: [['result-displaced', 'messages[3].content[0]']],
  },
  {
    title: 'text behind a call in its message (the API refused these very ones)',
    messages: [
      model(use('call_1'), text('I will check.')),
      results(result('call_1')),
      results(text('Answer briefly.')),
    ],
    problems: [['call-not-last', 'messages[0].content[1]']],
  },
  {
    title: 'two calls of one turn with one id',
    messages: [user, model(use('a'), use('a')), results(result('a'), result('a'))],
    problems: [['call-id-duplicate', 'messages[1].content[1]']],
  },
  {
    title: 'an id with a character that is not allowed',
    messages: [user, model(use('functions.read:0')), results(result('functions.read:0'))],
    problems: [['call-id-invalid', 'messages[1].content[0].id']],
  },
  {
    title: 'input that is no object',
    messages: [user, model(use('a', '{"pa')), results(result('a'))],
    problems: [['arguments-invalid', 'messages[1].content[0].input']],
  },
  {
    title: 'results that say nothing right',
    messages: [
      user,
      model(use('a'), use('b'), use('c')),
      results(
        result('a', { is_error: 'yes' }),
        result('b', { is_error: true, content: ' ' }),
        result('c', { content: 7 }),
      ),
    ],
    problems: [
      ['result-invalid', 'messages[2].content[0].is_error'],
      ['result-invalid', 'messages[2].content[1].content'],
      ['result-invalid', 'messages[2].content[2].content'],
    ],
  },
  {
    title: "a call of the user's and a result of the model's",
    messages: [results(use('a')), model(result('a'))],
    problems: [
      ['role-mismatch', 'messages[0].content[0]'],
      ['role-mismatch', 'messages[1].content[0]'],
    ],
  },
  {
    title: 'messages and texts that are empty',
    messages: [
      { role: 'user', content: '' },
      { role: 'assistant', content: '' },
      results(text('')),
      model(text(' '), text('x')),
    ],
    problems: [
      ['empty-message', 'messages[0].content'],
      ['empty-message', 'messages[1]'],
      ['empty-text', 'messages[2].content[0]'],
      ['empty-text', 'messages[3].content[0]'],
    ],
  },
  {
    title: 'what a cut stream left: an empty text behind thinking, a call without name',
    messages: [user, model(thinking, text('')), user, model(text('x'), { type: 'tool_use' })],
    problems: [
      ['reasoning-alone', 'messages[1].content[0]'],
      ['empty-text', 'messages[1].content[1]'],
      ['call-fragment', 'messages[3].content[1]'],
    ],
  },
  {
    title: 'thinking that lost its signature',
    messages: [user, model({ type: 'thinking', thinking: 'hm' }, text('x'))],
    problems: [['reasoning-unsigned', 'messages[1].content[0].signature']],
  },
  {
    title: 'thinking split from its call by message, which the API combines',
    messages: [user, model(thinking), model(use('a')), results(result('a'))],
    problems: [],
  },
  {
    title: 'a turn without the thinking that must begin it',
    messages: [
      user,
      model(thinking, text('x')),
      user,
      model(use('a')),
      results(result('a')),
      model(thinking, use('b')),
      results(result('b')),
    ],
    options: { reasoning: 'required' },
    problems: [['reasoning-missing', 'messages[3].content']],
  },
  {
    title: 'thinking that begins the turn and is not repeated in it',
    messages: [
      user,
      model(thinking, use('a')),
      results(result('a')),
      model(use('b')),
      results(result('b')),
    ],
    options: { reasoning: 'required' },
    problems: [],
  },
  {
    title: "the provider's own call cut off, and a result without one",
    messages: [
      user,
      model(search, text('x')),
      user,
      model(found, text('y')),
      user,
      model(text('z'), { ...search, id: 'srvtoolu_2' }),
      user,
    ],
    problems: [
      ['server-call-unanswered', 'messages[1].content[0]'],
      ['server-call-unanswered', 'messages[5].content[1]'],
    ],
  },
  {
    title: 'a server result without its call',
    messages: [user, model(found, text('y'))],
    problems: [['server-result-orphan', 'messages[1].content[0]']],
  },
  {
    title: 'an unknown role, and a system message behind the model',
    messages: [
      user,
      { role: 'tool', content: 'x' },
      model(text('x')),
      { role: 'system', content: 's' },
    ],
    problems: [
      ['role-invalid', 'messages[1].role'],
      ['turn-order', 'messages[3]'],
    ],
  },
  {
    title: 'a request that ends with the model',
    messages: [user, model(text('x'))],
    options: { toSend: true },
    problems: [['ends-with-model', 'messages']],
  },
]
