import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeptResults } from '../../../harness/mutate/kept.ts'
import type { Mutant } from '../../../harness/mutate/mutant.ts'
import type { MutantReport } from '../../../harness/mutate/outcome.ts'
import { readRecord, recordOf, regressions } from '../../../harness/mutate/record.ts'
import { assertSources, digestOf, packageRoot } from '../../../harness/mutate/sources.ts'

const mutant: Mutant = {
  id: 'B07-one',
  class: 'B07',
  title: 'one',
  file: 'src/a.ts',
  find: 'a',
  replace: 'b',
  verdicts: ['LOST_COMMIT'],
  scenarios: ['loop'],
  needs: 'disk',
  cites: [],
}
const by = {
  verdict: 'LOST_COMMIT',
  isOwn: true,
  finding: {
    invariant: 'S1',
    verdict: 'LOST_COMMIT',
    what: 'gone',
    life: 2,
    index: 1,
    details: [],
  },
  token: 'kp1:loop:file:1:posix:P17',
  origin: 'explored',
  cases: 3,
} as const
const caught: MutantReport = {
  mutant,
  outcome: { kind: 'caught', by, ms: 1 },
  kills: { cases: 200 },
}
const survived: MutantReport = {
  mutant,
  outcome: { kind: 'survived', cases: 150, ms: 1, notes: [] },
}
const skipped: MutantReport = { mutant, outcome: { kind: 'skipped', why: 'none of it' } }
const head = { date: '2026-01-02', machine: 'some', seed: 'mutants', cases: 150, kills: 200 }
const record = recordOf([caught], head)

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'killpoint-record-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('record of mutants', () => {
  it('is read as it was written', () => {
    const path = join(directory, 'record.json')
    writeFileSync(path, JSON.stringify(record))
    expect(readRecord(path)).toEqual(record)
  })
  it('may be missing', () => expect(readRecord(join(directory, 'none.json'))).toBeUndefined())
  it.each(['{', '{"version":2}'])('is refused where it is %s', (text) => {
    const path = join(directory, 'record.json')
    writeFileSync(path, text)
    expect(() => readRecord(path)).toThrow(expect.objectContaining({ code: 'RESULT_INVALID' }))
  })
  it('holds what kills alone found', () =>
    expect(record.mutants[0]).toMatchObject({ outcome: 'caught', kills: { cases: 200 } }))
})

describe('record of mutants: what went from caught to anything else', () => {
  const found = (reports: readonly MutantReport[], all = true): readonly string[] =>
    regressions(record, reports, { all })
  it('is nothing where it is caught again', () => expect(found([caught])).toEqual([]))
  it.each([
    ['one that survived', survived, 'SURVIVED'],
    ['one that is skipped', skipped, 'skipped'],
  ])('is %s', (_, report, word) =>
    expect(found([report])).toEqual([`B07-one was caught (LOST_COMMIT), and now: ${word}`]),
  )
  it('is one that is gone, where all were hunted', () => {
    expect(found([])).toHaveLength(1)
    expect(found([], false)).toEqual([])
  })
  it('is not one that was never caught', () =>
    expect(regressions(recordOf([survived], head), [skipped], { all: true })).toEqual([]))
})

describe('kept results', () => {
  it('go on under the same key, without a line that was torn', () => {
    const path = join(directory, 'kept.jsonl')
    new KeptResults(path, 'key', false).add(caught)
    appendFileSync(path, '{"id":"B08')
    expect(new KeptResults(path, 'key', true).of([mutant])).toEqual([caught])
  })
  it.each([
    ['under another key', 'other', true],
    ['unless they are asked for', 'key', false],
  ])('are forgotten %s', (_, key, resumes) => {
    const path = join(directory, 'kept.jsonl')
    new KeptResults(path, 'key', false).add(caught)
    expect(new KeptResults(path, key, resumes).of([mutant])).toEqual([])
    expect(readFileSync(path, 'utf8')).toBe(`${key}\n`)
  })
})

describe('sources under mutants', () => {
  it('are the same while nobody touches them, and otherwise an error says what to do', () => {
    const root = packageRoot()
    expect(() => assertSources(root, digestOf(root))).not.toThrow()
    expect(() => assertSources(root, 'other')).toThrow(
      expect.objectContaining({ code: 'SOURCES_CHANGED' }),
    )
  })
})
