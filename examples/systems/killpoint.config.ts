/**
 * Other people's durable runtimes, each in a folder with dependencies of its own. `npm run systems` installs and tests them all; tokens of
 * `docs/systems.md` are replayed in this directory.
 */
import { defineConfig, type Scenario } from 'killpoint'
import { scenarios } from 'killpoint/scenarios'
import { systems } from './systems.ts'

/** Every crash point that there is, before any is drawn: random moments find little where all points can be listed. */
function enumerated(scenario: Scenario): Scenario {
  const listed = scenario.faults.filter(({ all }) => all !== undefined)
  return listed.length === 0 ? scenario : { ...scenario, faults: listed }
}

export default defineConfig({
  systems: systems.map(({ system }) => system),
  scenarios: scenarios.map(enumerated),
})
