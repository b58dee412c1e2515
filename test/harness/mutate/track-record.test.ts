import { describe, expect, it } from 'vitest'
import { mutantLine, mutantsTable, scoreLine } from '../../../harness/mutate/mutants-table.ts'
import type { Mutant } from '../../../harness/mutate/mutant.ts'
import { isPass, scoreOf, type MutantReport } from '../../../harness/mutate/outcome.ts'
import { trackRecord } from '../../../harness/mutate/track-record.ts'

const mutant: Mutant = {
  id: 'B01-no-intent',
  class: 'B01',
  title: 'no intent | none',
  file: 'src/attempt.ts',
  find: 'a',
  replace: 'b',
  verdicts: ['REDONE'],
  scenarios: ['loop'],
  needs: 'kill',
  cites: ['langchain-ai/langgraph#8039'],
}
const by = {
  verdict: 'REDONE',
  isOwn: true,
  finding: {
    invariant: 'S3',
    verdict: 'REDONE',
    what: 'step s1 was committed, and its effect runs again',
    life: 2,
    index: 9,
    details: [],
  },
  token: 'kp1:loop:file:eaa5a601:posix:K24+',
  origin: 'class kill',
  cases: 3,
} as const

const caught: MutantReport = { mutant, outcome: { kind: 'caught', by, ms: 1234 } }
const otherwise: MutantReport = {
  mutant: { ...mutant, id: 'B01-other', verdicts: ['LOST_COMMIT'] },
  outcome: { kind: 'caught-otherwise', by: { ...by, isOwn: false }, cases: 150, ms: 9000 },
}
const survived: MutantReport = {
  mutant: { ...mutant, id: 'B01-survivor' },
  outcome: { kind: 'survived', cases: 150, ms: 9000, notes: ['loop without a fault: WEDGED'] },
}
const broken: MutantReport = {
  mutant: { ...mutant, id: 'B01-broken' },
  outcome: { kind: 'broken', why: 'it does not parse', ms: 10 },
}
const skipped: MutantReport = {
  mutant: { ...mutant, id: 'B02-sync', class: 'B02', needs: 'disk', cites: [] },
  outcome: { kind: 'skipped', why: 'no process that dies shows it' },
}
const all = [caught, otherwise, survived, broken, skipped]

describe('mutants: the score', () => {
  it('counts what came of each', () =>
    expect(scoreOf(all)).toEqual({ caught: 1, escaped: 2, broken: 1, skipped: 1 }))
  it.each([
    ['all that were hunted were caught', [caught, skipped], true],
    ['one had a wrong verdict', [caught, otherwise], false],
    ['one survived', [caught, survived], false],
    ['one is broken', [caught, broken], false],
    ['none was hunted', [skipped], false],
  ])('where %s', (_, reports, passes) => expect(isPass(scoreOf(reports))).toBe(passes))
  it('is one line', () =>
    expect(scoreLine(scoreOf(all))).toBe(
      '1 of 4 mutants caught by a verdict of its own, 2 escaped, 1 broken, 1 skipped',
    ))
})

describe('mutants: what is printed', () => {
  it('is a line for each as it comes', () =>
    expect(all.map(mutantLine)).toEqual([
      'B01-no-intent  caught  REDONE  after 3 cases  class kill',
      'B01-other  WRONG VERDICT  REDONE where LOST_COMMIT is its own: step s1 was committed, and its effect runs again',
      'B01-survivor  SURVIVED  150 cases\n  loop without a fault: WEDGED',
      'B01-broken  BROKEN  it does not parse',
      'B02-sync  skipped  no process that dies shows it',
    ]))
  it('is a table', () =>
    expect(
      mutantsTable(all)
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toMatchInlineSnapshot(`
      [
        "mutant         needs  engine                   verdict  cases  SIGKILL only  seconds  token",
        "B01-no-intent  kill   live      caught         REDONE       3  REDONE            1.2  kp1:loop:file:eaa5a601:posix:K24+",
        "B01-other      kill   live      WRONG VERDICT  REDONE     150  REDONE            9.0  kp1:loop:file:eaa5a601:posix:K24+",
        "B01-survivor   kill   live      SURVIVED                  150                    9.0",
        "B01-broken     kill   live      BROKEN                                           0.0",
        "B02-sync       disk   explorer  skipped",
      ]
    `))
})

describe('mutants: the track record', () => {
  const record = trackRecord(all, {
    classes: {
      B01: { title: 'repeated', cites: ['langchain-ai/langgraph#8039'] },
      B02: { title: 'lost', cites: [] },
      B03: { title: 'without a mutant', cites: [] },
    },
    seed: 'mutants',
    cases: 150,
    kills: 200,
    date: '2026-01-02',
    machine: 'node 20.20.2, linux x64, 2 cores',
  })
  it('names the score, the seed and the budget', () =>
    expect(record).toContain(
      'Seed `mutants`, at most 150 cases each with live processes: **1 of 4**',
    ))
  it('has a section for each class that has mutants', () =>
    expect(record.match(/^## .*$/gm)).toEqual(['## B01: repeated', '## B02: lost']))
  it('has a row for each, with what caught it and the command that does so again', () =>
    expect(record.match(/^\| `.*$/gm)).toEqual([
      '| `B01-no-intent` | no intent \\| none (`src/attempt.ts`), [langchain-ai/langgraph#8039](https://github.com/langchain-ai/langgraph/issues/8039) | kill | live | `REDONE` S3, class kill | 3 | REDONE | `npx killpoint mutate --only B01-no-intent` |',
      expect.stringContaining('WRONG VERDICT `REDONE` S3'),
      expect.stringContaining('| SURVIVED |'),
      expect.stringContaining('| BROKEN |'),
      expect.stringContaining('| disk | explorer | skipped |  |  |  |'),
    ]))
  it('holds no time, so that it changes only where a result does', () =>
    expect(record).not.toMatch(/1[.,]?234|9000/))
})
