/** What is wrong with the description of a system as somebody wrote it, in code that no compiler may have seen. */
import {
  flag,
  isObject,
  itemMistakes,
  list,
  memberMistakes,
  onlyTrue,
  oneOf,
  optional,
  text,
  textList,
  texts,
  callable,
  type Member,
  type Members,
} from './members.ts'
import { systemMistakes, type System } from './system.ts'

const milliseconds: Member = {
  expected: 'milliseconds',
  holds: (value) => typeof value === 'number',
}
const number: Member = { expected: 'a whole number', holds: (value) => typeof value === 'number' }
const anyText: Member = { expected: 'a text', holds: (value) => typeof value === 'string' }
const object: Member = { expected: 'an object', holds: isObject }

const systemMembers: Members = {
  kind: oneOf(['backend', 'runtime', 'command']),
  // Which texts can be one is told with the claims.
  name: anyText,
  program: object,
  claims: textList,
  takeoverMsMax: milliseconds,
  inFlightMax: optional(number),
  services: optional(list('services')),
  unseenStore: optional(onlyTrue),
  inherit: optional(textList),
  environment: optional(texts),
}

const scriptMembers: Members = {
  kind: oneOf(['script']),
  entry: text,
  modules: optional(texts),
  external: optional(textList),
  bundle: optional(flag),
  nodeArguments: optional(textList),
}

const executableMembers: Members = {
  kind: oneOf(['executable']),
  file: text,
  arguments: optional(textList),
  cwd: optional(text),
  native: optional(flag),
}

const serviceMembers: Members = {
  name: text,
  scope: oneOf(['campaign', 'case']),
  start: callable,
  close: optional(callable),
}

/** Everything that is wrong with what is to be a system: its members, then what they say. */
export function describedMistakes(system: unknown): readonly string[] {
  const wrong = memberMistakes(system, systemMembers)
  if (!isObject(system)) return wrong
  const { kind, program, name, claims, services = [] } = system
  const programMembers = kind === 'command' ? executableMembers : scriptMembers
  const areObjects = Array.isArray(services) && services.every(isObject)
  const isReadable = typeof name === 'string' && textList.holds(claims) && areObjects
  return [
    ...wrong,
    ...(isObject(program)
      ? memberMistakes(program, programMembers).map((each) => `program: ${each}`)
      : []),
    // That two have one name is told with what else they say.
    ...(Array.isArray(services)
      ? itemMistakes('services', services, (each) => memberMistakes(each, serviceMembers))
      : []),
    ...(isReadable ? systemMistakes(readable(system)) : []),
  ]
}

/** With a time that can be looked at: one that is none was told. */
function readable(system: Readonly<Record<string, unknown>>): System {
  const { takeoverMsMax } = system
  return {
    ...system,
    takeoverMsMax: milliseconds.holds(takeoverMsMax) ? takeoverMsMax : 0,
  } as unknown as System
}
