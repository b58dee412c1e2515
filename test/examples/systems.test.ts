/** The folders of other people's runtimes are well-formed. What they need is not installed here: `npm run systems` does that. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { systems } from '../../examples/systems/systems.ts'
import { systemMistakes } from '../../harness/system.ts'
import { parseToken } from '../../harness/token.ts'

const examples = fileURLToPath(new URL('../../examples/systems/', import.meta.url))
const folders = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  .map(({ name }) => name)

const text = (...parts: readonly string[]): string => readFileSync(join(examples, ...parts), 'utf8')

describe('other people’s systems', () => {
  it('are all described, each folder by at least one system', () => {
    expect([...new Set(systems.map(({ folder }) => folder))].sort()).toEqual(folders.sort())
  })

  it.each(systems)('$system.name is a sound description of files that exist', (described) => {
    const { system } = described
    expect(systemMistakes(system)).toEqual([])
    expect(existsSync(system.program.entry)).toBe(true)
    for (const file of Object.values(system.program.modules ?? {}))
      expect(existsSync(file)).toBe(true)
    expect(described.documentation).toMatch(/^https:/)
  })

  it.each(folders)('%s has exact versions of its own, among them that of its engine', (folder) => {
    const { dependencies } = JSON.parse(text(folder, 'package.json')) as {
      readonly dependencies: Readonly<Record<string, string>>
    }
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    for (const { folder: of, engine } of systems)
      if (of === folder) expect(Object.keys(dependencies)).toContain(engine)
    expect(existsSync(join(examples, folder, 'package-lock.json'))).toBe(true)
  })

  it.each(folders)('%s tells the command, the claims with a link, and what was found', (folder) => {
    const readme = text(folder, 'README.md')
    expect(readme).toContain('npm run systems')
    for (const { folder: of, system } of systems)
      if (of === folder) for (const claim of system.claims) expect(readme).toContain(`\`${claim}\``)
    expect(readme).toMatch(/## Claims\n[^]*\]\(https:/)
    expect(readme).toContain('## What was found')
  })

  it('is told with tokens of these systems', () => {
    const page = readFileSync(
      fileURLToPath(new URL('../../docs/systems.md', import.meta.url)),
      'utf8',
    )
    const names = systems.map(({ system: { name } }) => name)
    for (const name of names) expect(page).toContain(name)
    for (const [token] of page.matchAll(/\bkp1:[^\s`]+/g))
      expect(names).toContain(parseToken(token).system)
  })
})
