import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'
import { scenarios } from '../../scenarios/index.ts'
import { mutants } from '../../scenarios/mutants/index.ts'
import { crashCases, type Place } from './crash-cases.ts'
import { engineTests, scenarioPage } from './page.ts'

const root = join(import.meta.dirname, '..', '..')
const page = join(root, 'docs', 'scenarios.md')

function exists(place: Place): boolean {
  if (place.kind === 'mutant') return mutants.some(({ id }) => id === place.id)
  if (place.kind === 'test') return existsSync(join(root, place.file))
  const scenario = scenarios.find(({ name }) => name === place.scenario)
  const items = place.kind === 'class' ? scenario?.faults : scenario?.sometimes
  return items?.some(({ name }) => name === place.name) === true
}

describe('scenarios', () => {
  it('their names are unique, and so are the names inside each', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
    for (const { faults, sometimes } of scenarios) {
      expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length)
      expect(new Set(sometimes.map(({ name }) => name)).size).toBe(sometimes.length)
    }
  })

  it('crash cases 1 to 18 are all held, each where the table says', () => {
    expect(crashCases.map(({ number }) => number)).toEqual(
      Array.from({ length: 18 }, (_, index) => index + 1),
    )
    const missing = crashCases.flatMap(({ number, places }) =>
      places.filter((place) => !exists(place)).map((place) => ({ number, ...place })),
    )
    expect(missing).toEqual([])
  })

  it('the tests that show what the live engine can do are there', () => {
    for (const { file } of engineTests) expect(existsSync(join(root, file)), file).toBe(true)
  })

  it('docs/scenarios.md is what the scenarios say', async () => {
    const config = await resolveConfig(page)
    const text = await format(scenarioPage(), { ...config, parser: 'markdown' })
    await expect(text).toMatchFileSnapshot(page)
  })
})
