import type { JsonObject } from '../../../../src/json.ts'
import type { Golden } from './golden.ts'

const user: JsonObject = { role: 'user', content: 'hi' }
const call = (id: string, more: JsonObject = {}): JsonObject => ({
  type: 'function_call',
  call_id: id,
  name: 'read',
  arguments: '{}',
  ...more,
})
const output = (id: string): JsonObject => ({
  type: 'function_call_output',
  call_id: id,
  output: 'ok',
})
const reasoning = (id: string): JsonObject => ({ type: 'reasoning', id, summary: [] })
const says: JsonObject = {
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'done' }],
}

export const openaiResponsesGoldens: readonly Golden[] = [
  {
    title: 'reasoning, a batch, its outputs, the same ids again',
    messages: [
      user,
      reasoning('rs_1'),
      call('a'),
      call('b'),
      output('b'),
      output('a'),
      reasoning('rs_2'),
      call('a'),
      output('a'),
      says,
    ],
    problems: [],
  },
  {
    title: 'each call with its output right behind it',
    messages: [user, call('a'), output('a'), call('b'), output('b')],
    problems: [],
  },
  {
    title: 'a text between a call and its output, and the user between them',
    messages: [user, call('a'), says, output('a'), call('b'), user, output('b')],
    problems: [],
  },
  {
    title: 'calls of the built-in tools that the client answers',
    messages: [
      user,
      { type: 'custom_tool_call', call_id: 'a', name: 'sh', input: 'ls' },
      { type: 'custom_tool_call_output', call_id: 'a', output: 'x' },
      { type: 'shell_call', call_id: 'b', action: { commands: ['ls'] } },
      { type: 'shell_call_output', call_id: 'b', output: [] },
      { type: 'local_shell_call', id: 'lsh_1', call_id: 'c', action: {} },
      { type: 'local_shell_call_output', id: 'c', output: '' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    ],
    problems: [],
  },
  {
    title: 'an output of a call that only the server has',
    messages: [{ type: 'item_reference', id: 'fc_1' }, output('a')],
    problems: [],
  },
  {
    title: 'a call at the very end',
    messages: [user, call('a')],
    problems: [['call-unanswered', 'input[1]']],
  },
  {
    title: 'half a batch, then the user',
    messages: [user, call('a'), call('b'), output('a'), user],
    problems: [['call-unanswered', 'input[2]']],
  },
  {
    title: 'an id answered in an earlier turn only',
    messages: [user, call('a'), output('a'), user, call('a'), user],
    problems: [['call-unanswered', 'input[4]']],
  },
  {
    title: 'an id answered in a later turn only',
    messages: [user, call('a'), user, call('a'), output('a')],
    problems: [['call-unanswered', 'input[1]']],
  },
  {
    title: 'two outputs of one call',
    messages: [user, call('a'), output('a'), output('a')],
    problems: [['result-duplicate', 'input[3]']],
  },
  {
    title: 'an output without its call, and one before it',
    messages: [user, output('ghost'), output('a'), call('a')],
    problems: [
      ['result-orphan', 'input[1]'],
      ['result-orphan', 'input[2]'],
      ['call-unanswered', 'input[3]'],
    ],
  },
  {
    title: 'two calls of one turn with one id',
    messages: [user, call('a'), call('a'), output('a'), output('a')],
    problems: [['call-id-duplicate', 'input[2]']],
  },
  {
    title: 'a call id that is too long',
    messages: [user, call('x'.repeat(65)), output('x'.repeat(65))],
    problems: [['call-id-invalid', 'input[1].call_id']],
  },
  {
    title: 'one item twice',
    messages: [
      user,
      call('a', { id: 'fc_1' }),
      output('a'),
      call('b', { id: 'fc_1' }),
      output('b'),
    ],
    problems: [['item-id-duplicate', 'input[3].id']],
  },
  {
    title: 'an output without output',
    messages: [user, call('a'), { type: 'function_call_output', call_id: 'a' }],
    problems: [['result-invalid', 'input[2].output']],
  },
  {
    title: 'reasoning that led to nothing, twice in a row',
    messages: [user, reasoning('rs_1'), reasoning('rs_2'), user],
    problems: [
      ['reasoning-alone', 'input[1]'],
      ['reasoning-alone', 'input[2]'],
    ],
  },
  {
    title: 'reasoning that led to a call that was cut off',
    messages: [user, reasoning('rs_1'), { type: 'function_call', id: 'fc_1', arguments: '' }],
    problems: [
      ['reasoning-alone', 'input[1]'],
      ['call-fragment', 'input[2]'],
    ],
  },
  {
    title: 'a call without the reasoning that its model always writes',
    messages: [user, reasoning('rs_1'), call('a'), output('a'), call('b'), output('b')],
    options: { reasoning: 'required' },
    problems: [['reasoning-missing', 'input[4]']],
  },
  {
    title: 'an unknown role',
    messages: [{ role: 'tool', content: 'x' }],
    problems: [['role-invalid', 'input[0].role']],
  },
]
