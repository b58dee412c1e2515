import type { JsonObject } from '../../../../src/json.ts'
import type { Golden } from './golden.ts'

const user: JsonObject = { role: 'user', content: 'hi' }
const call = (id: string, name = 'read'): JsonObject => ({
  id,
  type: 'function',
  function: { name, arguments: '{}' },
})
const calls = (...ids: string[]): JsonObject => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => call(id)),
})
const tool = (id: string, content = 'ok'): JsonObject => ({
  role: 'tool',
  tool_call_id: id,
  content,
})
const says: JsonObject = { role: 'assistant', content: 'done' }

export const openaiChatGoldens: readonly Golden[] = [
  { title: 'nothing', messages: [], problems: [] },
  {
    title: 'a batch answered in another order, then the next with the same ids',
    messages: [
      user,
      calls('a', 'b'),
      tool('b'),
      tool('a'),
      calls('a', 'b'),
      tool('a'),
      tool('b'),
      says,
    ],
    problems: [],
  },
  {
    title: 'system and developer messages anywhere, roles that do not alternate',
    messages: [
      { role: 'system', content: 's' },
      user,
      user,
      says,
      says,
      { role: 'developer', content: [{ type: 'text', text: 'd' }] },
    ],
    problems: [],
  },
  {
    title: 'a custom tool call',
    messages: [
      user,
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sh', input: 'ls' } }],
      },
      tool('a'),
    ],
    problems: [],
  },
  {
    title: 'a refusal without content',
    messages: [user, { role: 'assistant', content: null, refusal: 'no' }],
    problems: [],
  },
  {
    title: 'arguments that are not JSON, which the API takes',
    messages: [
      user,
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"p' } }],
      },
      tool('a'),
    ],
    problems: [],
  },
  {
    title: 'a call at the very end',
    messages: [user, calls('a')],
    problems: [['call-unanswered', 'messages[1].tool_calls[0]']],
  },
  {
    title: 'half a batch, then the user',
    messages: [user, calls('a', 'b'), tool('a'), user],
    problems: [['call-unanswered', 'messages[1].tool_calls[1]']],
  },
  {
    title: 'an id answered in an earlier turn only',
    messages: [user, calls('a'), tool('a'), calls('a')],
    problems: [['call-unanswered', 'messages[3].tool_calls[0]']],
  },
  {
    title: 'an id answered in a later turn only',
    messages: [user, calls('a'), calls('a'), tool('a')],
    problems: [['call-unanswered', 'messages[1].tool_calls[0]']],
  },
  {
    title: 'two results of one call',
    messages: [user, calls('a'), tool('a', 'aborted'), tool('a', 'found')],
    problems: [['result-duplicate', 'messages[3]']],
  },
  {
    title: 'a result without its call',
    messages: [user, tool('a'), says],
    problems: [['result-orphan', 'messages[1]']],
  },
  {
    title: 'a result of another id',
    messages: [user, calls('a'), tool('a'), tool('b')],
    problems: [['result-orphan', 'messages[3]']],
  },
  {
    title: 'a result behind the model has spoken',
    messages: [user, calls('a'), says, tool('a')],
    problems: [
      ['call-unanswered', 'messages[1].tool_calls[0]'],
      ['result-orphan', 'messages[3]'],
    ],
  },
  {
    title: "a result behind the user's words",
    messages: [user, calls('a'), user, tool('a')],
    problems: [['result-displaced', 'messages[3]']],
  },
  {
    title: 'two calls of one turn with one id',
    messages: [user, calls('a', 'a'), tool('a'), tool('a')],
    problems: [['call-id-duplicate', 'messages[1].tool_calls[1]']],
  },
  {
    title: 'ids that are too long or empty',
    messages: [user, calls('x'.repeat(41), ''), tool('x'.repeat(41)), tool('')],
    problems: [
      ['call-id-invalid', 'messages[1].tool_calls[0].id'],
      ['call-id-invalid', 'messages[1].tool_calls[1].id'],
    ],
  },
  {
    title: 'a result without content',
    messages: [user, calls('a'), { role: 'tool', tool_call_id: 'a', content: null }],
    problems: [['result-invalid', 'messages[2].content']],
  },
  {
    title: 'no calls where calls are announced',
    messages: [user, { role: 'assistant', content: 'x', tool_calls: [] }],
    problems: [['empty-message', 'messages[1].tool_calls']],
  },
  {
    title: 'messages that say nothing',
    messages: [
      { role: 'user', content: null },
      { role: 'assistant', content: null },
    ],
    problems: [
      ['empty-message', 'messages[0].content'],
      ['empty-message', 'messages[1]'],
    ],
  },
  {
    title: 'a call that a cut stream left without id and name',
    messages: [user, { role: 'assistant', content: 'x', tool_calls: [{ index: 0, function: {} }] }],
    problems: [['call-fragment', 'messages[1].tool_calls[0]']],
  },
  {
    title: 'an unknown role',
    messages: [user, { role: 'bot', content: 'x' }],
    problems: [['role-invalid', 'messages[1].role']],
  },
  {
    title: 'a request with nothing in it',
    messages: [],
    options: { toSend: true },
    problems: [['empty-transcript', 'messages']],
  },
  {
    title: 'a request that ends with the model, which the API takes',
    messages: [user, says],
    options: { toSend: true },
    problems: [],
  },
]
