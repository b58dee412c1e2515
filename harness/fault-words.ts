/** Faults in words, for people: `power loss after op 41`. */
import type { Damage, Fault, MessageAct, OpPart, Position } from './fault.ts'

/** One fault as a clause. */
export function faultWords(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `killed ${positionWords(fault.at)}${listed(', lost:', fault.lost)}`
    case 'power-loss':
      return `power loss ${positionWords(fault.at)}${exceptions(fault.base, fault.except)}`
    case 'storage-error':
      return `${fault.errno} ${positionWords(fault.at)}${modes[fault.mode]}`
    case 'read-error':
      return `${fault.errno} at ${opWords('read', fault.at)}${fault.sticky ? ' and every later one' : ''}`
    case 'quota':
      return `${fault.errno} after ${fault.bytes} more bytes`
    case 'short-write':
      return `short write ${positionWords(fault.at)}`
    case 'lying-sync':
      return `${opWords('sync', fault.at)} lies${fault.sticky ? ', and every later one' : ''}`
    case 'slow-sync':
      return `${opWords('sync', fault.at)} is late by ${count(fault.ops, 'op')}`
    case 'message':
      return messageWords(fault)
    case 'zombie':
      return `stopped ${positionWords(fault.at)}, goes on ${fault.until === 'done' ? 'when its successor has ended' : `when its successor is ${positionWords(fault.until)}`}`
    case 'sigterm':
      return `SIGTERM ${positionWords(fault.at)}`
    case 'outside':
      return `${fault.verb}${fault.verb === 'signal' ? ` ${fault.nth}` : ''} from outside ${positionWords(fault.at)}`
    case 'rival':
      return `another worker started beside it ${positionWords(fault.at)}`
    case 'server-kill':
      return `service ${fault.nth} killed ${positionWords(fault.at)}`
    case 'heap':
      return `heap exhausted ${positionWords(fault.at)}`
    case 'clock':
      return `clock ${fault.ms < 0 ? 'back' : 'on'} by ${Math.abs(fault.ms)} ms before it starts`
    case 'rot':
      return `${fault.file === 0 ? 'every file' : `file ${fault.file}`} ${damageWords(fault.damage)} before it starts`
    case 'pid-recycled':
      return 'pids of the dead taken by other processes before it starts'
    case 'resumers':
      return `${fault.count} resumers at once${fault.barrier === undefined ? '' : `, held ${positionWords(fault.barrier)}`}`
  }
}

/** A position as words: `before op 37`, `inside op 37, 17 bytes done`. */
export function positionWords(at: Position): string {
  const op = opWords('op', at)
  return at.phase.kind === 'inside'
    ? `inside ${op}, ${count(at.phase.bytes, 'byte')} done`
    : `${at.phase.kind} ${op}`
}

const modes = {
  once: '',
  drop: ', its pages are dropped',
  sticky: ' and at every later op of its kind',
} as const

/** What is done before a message is sent. */
const beforeMessage: Readonly<Record<MessageAct, string>> = {
  kill: 'killed',
  'kill-answered': 'killed',
  'server-kill': 'service 1 killed',
  cut: 'connection cut',
  reset: 'connection reset',
  refuse: 'connection refused',
  delay: 'message delayed',
}

/** What becomes of the answer to a message that was sent. */
const atAnswer: Readonly<Record<Exclude<MessageAct, 'kill' | 'server-kill'>, string>> = {
  'kill-answered': 'killed when the answer came',
  cut: 'connection cut in place of the answer',
  reset: 'connection reset in place of the answer',
  refuse: 'connection refused in place of the answer',
  delay: 'answer late',
}

function messageWords({
  at,
  act,
  turns,
}: Pick<Extract<Fault, { kind: 'message' }>, 'at' | 'act' | 'turns'>): string {
  const message = opWords('message', at)
  const late = act === 'delay' ? ` by ${count(turns, 'turn')}` : ''
  if (at.phase.kind !== 'after') return `${beforeMessage[act]}${late} before ${message}`
  if (act === 'kill' || act === 'server-kill') return `${beforeMessage[act]} after ${message}`
  return `${atAnswer[act]}${late}: ${message}`
}

function opWords(
  noun: string,
  { stream, op }: { readonly stream: string; readonly op: number },
): string {
  return `${noun} ${op}${stream === '1' ? '' : ` of stream ${stream}`}`
}

function exceptions(base: 'lost' | 'kept', except: readonly OpPart[]): string {
  if (base === 'lost') return listed(', kept:', except)
  return except.length === 0 ? ', nothing is lost' : listed(', lost only:', except)
}

function listed(label: string, parts: readonly OpPart[]): string {
  return parts.length === 0 ? '' : `${label} ${parts.map(partWords).join(', ')}`
}

const rests = { absent: '', zeros: ' then zeros', garbage: ' then garbage' } as const

function partWords(each: OpPart): string {
  const op = opWords('op', each)
  switch (each.part.kind) {
    case 'whole':
      return op
    case 'prefix':
      return `${op} (first ${count(each.part.bytes, 'byte')}${rests[each.part.rest]})`
    case 'range':
      return `${op} (bytes ${each.part.from} to ${each.part.to})`
    case 'cleared':
      return `${op} (${count(each.part.bytes, 'byte')} behind the new end zeroed, at the old size)`
  }
}

function damageWords(damage: Damage): string {
  switch (damage.kind) {
    case 'byte':
      return `byte ${damage.offset} changed`
    case 'nul':
      return `bytes ${damage.from} to ${damage.to} zeroed`
    case 'line':
      return `line ${damage.line} cut in the middle`
    case 'swap':
      return `lines ${damage.line} and ${damage.other} swapped`
    case 'cut':
      return `truncated to ${count(damage.bytes, 'byte')}`
    case 'gone':
      return 'deleted'
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
