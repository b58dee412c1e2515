/** `docs/dependencies.md` has a reason for each package that comes along, and for no other. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
}
const rows = readFileSync('docs/dependencies.md', 'utf8').matchAll(
  /^\| `([^`]+)` +\|(.+)\|(.+)\|$/gm,
)

it('docs/dependencies.md has a use and a reason for each dependency', () => {
  const told = [...rows].map(([, name, use = '', why = '']) => {
    expect(use.trim()).not.toBe('')
    expect(why.trim()).not.toBe('')
    return name
  })
  expect(told).toEqual(Object.keys(dependencies))
})

it('each is pinned to one version', () => {
  for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})
