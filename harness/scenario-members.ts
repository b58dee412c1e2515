/** What is wrong with a scenario as somebody wrote it, in code that no compiler may have seen. */
import {
  callable,
  count,
  isObject,
  list,
  listMistakes,
  memberMistakes,
  onlyTrue,
  optional,
  text,
  type Member,
  type Members,
} from './members.ts'
import { claimNames } from './system.ts'
import { isScenarioName } from './token.ts'
import { invariantNames } from './verdict.ts'

const scenarioMembers: Members = {
  name: {
    expected: 'kebab-case, as in "lost-answers": it is part of every token',
    holds: (value) => typeof value === 'string' && isScenarioName(value),
  },
  title: text,
  needs: claims(),
  workload: {
    expected: 'a fast-check arbitrary',
    holds: (value) => isObject(value) && typeof value['generate'] === 'function',
  },
  faults: list('fault classes'),
  invariants: optional({
    expected: `a list of ${invariantNames.join(', ')}`,
    holds: (value) => isListOf(value, invariantNames),
  }),
  sometimes: list('sometimes properties'),
  livesMax: count,
}

const faultMembers: Members = {
  name: text,
  needs: optional(claims()),
  needsService: optional(onlyTrue),
  weight: optional(count),
  series: optional(callable),
  all: optional(callable),
  draw: callable,
}

const sometimesMembers: Members = {
  name: text,
  needs: optional(claims()),
  needsOps: optional(onlyTrue),
  happened: callable,
  directed: optional(callable),
}

/** Everything that is wrong with what is to be a scenario. */
export function scenarioMistakes(scenario: unknown): readonly string[] {
  const wrong = memberMistakes(scenario, scenarioMembers)
  if (!isObject(scenario)) return wrong
  const { faults, sometimes } = scenario
  const inside = (what: string, value: unknown, members: Members): readonly string[] =>
    Array.isArray(value) ? listMistakes(what, value, (each) => memberMistakes(each, members)) : []
  return [
    ...wrong,
    ...inside('faults', faults, faultMembers),
    ...inside('sometimes', sometimes, sometimesMembers),
  ]
}

function claims(): Member {
  return {
    expected: `a list of claims (${claimNames.join(', ')})`,
    holds: (value) => isListOf(value, claimNames),
  }
}

function isListOf(value: unknown, known: readonly string[]): boolean {
  return Array.isArray(value) && value.every((each) => known.includes(each as string))
}
