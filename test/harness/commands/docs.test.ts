/** `docs/commands.md` names every command and every option that there is. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
}

const sources = `${read('harness/program.ts')}${read('harness/commands/options.ts')}`
const page = read('docs/commands.md')

function found(pattern: RegExp): readonly string[] {
  return [...new Set([...sources.matchAll(pattern)].map(([, name]) => name ?? ''))]
}

describe('docs/commands.md', () => {
  it.each(found(/\.command\(\s*'([a-z]+)'/g))('has a place for %s', (command) => {
    expect(page).toMatch(new RegExp(`^(?:## .*\\b${command}\\b|- \`${command}\\b)`, 'm'))
  })

  it.each(found(/\.option\(\s*'(--[a-z-]+)/g))('tells what %s is', (option) => {
    expect(page).toMatch(new RegExp(`\`${option}\\b`))
  })
})
