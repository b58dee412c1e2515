import type { JsonObject } from '../../../../src/json.ts'
import type { Golden } from './golden.ts'

const user: JsonObject = { role: 'user', parts: [{ text: 'hi' }] }
const call = (name: string, more: JsonObject = {}): JsonObject => ({
  functionCall: { name, args: {}, ...more },
})
const response = (name: string, more: JsonObject = {}): JsonObject => ({
  functionResponse: { name, response: { output: 'ok' }, ...more },
})
const model = (...parts: JsonObject[]): JsonObject => ({ role: 'model', parts })
const responses = (...parts: JsonObject[]): JsonObject => ({ role: 'user', parts })
const signed = (part: JsonObject): JsonObject => ({ ...part, thoughtSignature: 'c2ln' })

export const geminiGoldens: readonly Golden[] = [
  {
    title: 'a batch without ids, two of one name, and the next turn',
    messages: [
      user,
      model({ text: 'so' }, call('f'), call('f'), call('g')),
      responses(response('f'), response('f'), response('g')),
      model(call('f')),
      responses(response('f')),
      model({ text: 'done' }),
    ],
    problems: [],
  },
  {
    title: 'a batch with ids, answered in another order',
    messages: [
      user,
      model(call('f', { id: '1' }), call('f', { id: '2' })),
      responses(response('f', { id: '2' }), response('f', { id: '1' })),
    ],
    problems: [],
  },
  {
    title: 'snake case, the older role, and a user without role',
    messages: [
      { parts: [{ text: 'hi' }] },
      { role: 'model', parts: [{ function_call: { name: 'f' }, thought_signature: 'c2ln' }] },
      { role: 'function', parts: [{ function_response: { name: 'f', response: {} } }] },
    ],
    problems: [],
  },
  {
    title: 'a call at the very end',
    messages: [user, model(call('f'))],
    problems: [['call-unanswered', 'contents[1].parts[0].functionCall']],
  },
  {
    title: 'half a batch, then the user',
    messages: [user, model(call('f'), call('g')), responses(response('f')), user],
    problems: [['call-unanswered', 'contents[1].parts[1].functionCall']],
  },
  {
    title: 'a name answered in an earlier turn only',
    messages: [user, model(call('f')), responses(response('f')), model(call('f'))],
    problems: [['call-unanswered', 'contents[3].parts[0].functionCall']],
  },
  {
    title: 'an id answered in a later turn only',
    messages: [
      user,
      model(call('f', { id: '1' })),
      user,
      model(call('f', { id: '1' })),
      responses(response('f', { id: '1' })),
    ],
    problems: [['call-unanswered', 'contents[1].parts[0].functionCall']],
  },
  {
    title: 'more responses than calls',
    messages: [user, model(call('f')), responses(response('f'), response('f'), response('g'))],
    problems: [
      ['result-duplicate', 'contents[2].parts[1]'],
      ['result-orphan', 'contents[2].parts[2]'],
    ],
  },
  {
    title: 'a response without its call',
    messages: [user, responses(response('f')), model({ text: 'x' })],
    problems: [['result-orphan', 'contents[1].parts[0]']],
  },
  {
    title: 'a response with the id of no call',
    messages: [user, model(call('f', { id: '1' })), responses(response('f', { id: '2' }))],
    problems: [
      ['call-unanswered', 'contents[1].parts[0].functionCall'],
      ['result-orphan', 'contents[2].parts[0]'],
    ],
  },
  {
    title: 'responses of one turn in two contents (the API refused these)',
    messages: [
      user,
      model(call('f'), call('g')),
      responses(response('f')),
      responses(response('g')),
    ],
    problems: [['result-displaced', 'contents[3].parts[0]']],
  },
  {
    title: "a response behind the user's words",
    messages: [user, model(call('f')), user, responses(response('f'))],
    problems: [['result-displaced', 'contents[3].parts[0]']],
  },
  {
    title: 'two calls of one turn with one id',
    messages: [
      user,
      model(call('f', { id: '1' }), call('g', { id: '1' })),
      responses(response('f', { id: '1' }), response('g', { id: '1' })),
    ],
    problems: [['call-id-duplicate', 'contents[1].parts[1].functionCall']],
  },
  {
    title: 'a call turn first, and one behind the model',
    messages: [
      model(call('f')),
      responses(response('f')),
      model({ text: 'x' }),
      model(call('f')),
      responses(response('f')),
    ],
    problems: [
      ['turn-order', 'contents[0]'],
      ['turn-order', 'contents[3]'],
    ],
  },
  {
    title: 'arguments and a response that are no objects',
    messages: [user, model(call('f', { args: 'x' })), responses(response('f', { response: 'ok' }))],
    problems: [
      ['arguments-invalid', 'contents[1].parts[0].functionCall.args'],
      ['result-invalid', 'contents[2].parts[0].functionResponse.response'],
    ],
  },
  {
    title: 'a call of the user and a response of the model',
    messages: [responses(call('f')), model(response('f'))],
    problems: [
      ['role-mismatch', 'contents[0].parts[0].functionCall'],
      ['role-mismatch', 'contents[1].parts[0].functionResponse'],
    ],
  },
  {
    title: 'contents without parts, a call without name',
    messages: [
      { role: 'user', parts: [] },
      { role: 'model', parts: [] },
      model({ text: 'x' }, { functionCall: {} }),
    ],
    problems: [
      ['empty-message', 'contents[0].parts'],
      ['empty-message', 'contents[1]'],
      ['call-fragment', 'contents[2].parts[1].functionCall'],
    ],
  },
  {
    title: 'an unknown role',
    messages: [{ role: 'assistant', parts: [{ text: 'x' }] }],
    problems: [['role-invalid', 'contents[0].role']],
  },
  {
    title: 'a signature that moved from the first call to the second',
    messages: [user, model(call('f'), signed(call('g'))), responses(response('f'), response('g'))],
    problems: [['reasoning-missing', 'contents[1].parts[0].thoughtSignature']],
  },
  {
    title: 'a step of the current turn without its signature; earlier turns do not matter',
    messages: [
      user,
      model(call('f')),
      responses(response('f')),
      user,
      model(signed(call('f')), call('g')),
      responses(response('f'), response('g')),
      model(call('f')),
      responses(response('f')),
    ],
    options: { reasoning: 'required' },
    problems: [['reasoning-missing', 'contents[6].parts[0].thoughtSignature']],
  },
  {
    title: 'a request that ends with the model',
    messages: [user, model({ text: 'x' })],
    options: { toSend: true },
    problems: [['ends-with-model', 'contents']],
  },
]
