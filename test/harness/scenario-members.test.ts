import { describe, expect, it } from 'vitest'
import { scenarioMistakes } from '../../harness/scenario-members.ts'
import { describedMistakes } from '../../harness/system-members.ts'
import { postgresSystem } from '../../harness/systems/databases.ts'
import { fileSystemUnderTest } from '../../harness/systems/reference.ts'
import { scenarios } from '../../scenarios/index.ts'

describe('what ships', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    'the scenario %s has members of the right kinds, and no others',
    (_, scenario) => expect(scenarioMistakes(scenario)).toEqual([]),
  )

  it.each(
    [fileSystemUnderTest(), postgresSystem()].map((system) => [system.name, system] as const),
  )('so has the system %s', (_, system) => expect(describedMistakes(system)).toEqual([]))
})
