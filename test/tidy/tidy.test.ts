import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { banned, cyclesIn, headless, misnamed, trespasses, type Source } from './rules.ts'

const sources: readonly Source[] = ['src', 'harness', 'scenarios'].flatMap((directory) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') })),
)

describe('tidy: the sources', () => {
  it('have no import cycle', () => expect(cyclesIn(sources)).toEqual([]))
  it('cross no border between runtime, harness and scenarios', () =>
    expect(trespasses(sources)).toEqual([]))
  it('use clocks, randomness and types through their doors', () =>
    expect(banned(sources)).toEqual([]))
  it('say at the head of each file what it is', () => expect(headless(sources)).toEqual([]))
  it('have kebab-case names', () => expect(misnamed(sources)).toEqual([]))
})

describe('tidy: the rules', () => {
  const file = (path: string, text: string): Source => ({ path, text })

  it('see a cycle', () => {
    const cycle = [file('src/a.ts', "import './b.ts'"), file('src/b.ts', "import './a.ts'")]
    expect(cyclesIn(cycle)).toEqual(['src/a.ts -> src/b.ts -> src/a.ts'])
  })
  it('let a type look back', () => {
    const back = [
      file('src/a.ts', "import './b.ts'"),
      file('src/b.ts', "import type { A } from './a.ts'"),
    ]
    expect(cyclesIn(back)).toEqual([])
  })
  it('see an import over a border', () => {
    expect(trespasses([file('harness/a.ts', "import '../src/run.ts'")])).toEqual([
      'harness/a.ts imports src/run.ts',
    ])
    expect(trespasses([file('harness/systems/a.ts', "import '../../src/run.ts'")])).toEqual([])
  })
  it('see a clock that is read past its port, and not in a comment', () => {
    expect(banned([file('src/a.ts', 'const now = Date.now()')])).toHaveLength(1)
    expect(banned([file('src/a.ts', '// Date.now() is banned')])).toEqual([])
    expect(banned([file('src/clock.ts', 'Date.now()')])).toEqual([])
  })
  it('see a file without a head and a name in capitals', () => {
    expect(headless([file('src/a.ts', 'const a = 1')])).toEqual(['src/a.ts'])
    expect(misnamed([file('src/fileJournal.ts', '')])).toEqual(['src/fileJournal.ts'])
  })
})
