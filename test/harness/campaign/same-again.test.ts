import { describe, expect, it } from 'vitest'
import {
  compareAgain,
  emptySameAgain,
  sameAgainText,
  sampleOf,
} from '../../../harness/campaign/same-again.ts'
import type { CaseReport } from '../../../harness/campaign/trial.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'
import type { CaseRun } from '../../../harness/live/case.ts'
import type { Mark } from '../../../harness/mark.ts'
import type { Verdict } from '../../../harness/verdict.ts'
import { workloadOfSeed } from '../../../harness/campaign/group.ts'
import { notebook, pages } from '../fixtures/notebook-project.ts'

interface Told {
  readonly schedule?: string
  readonly verdict?: Verdict
  /** How many lives it told of: two reports with other numbers made other marks. */
  readonly lives?: number
  readonly landed?: string
}

function report({ schedule = 'K3', verdict = 'HOLDS', lives = 1, landed }: Told = {}): CaseReport {
  const workload = workloadOfSeed(pages, notebook(), 'abc')
  const asked = {
    id: 'case',
    runId: 'run',
    workload,
    seed: 'abc',
    schedule: landed === undefined ? parseSchedule(schedule) : [],
  }
  const marks = Array.from({ length: lives }, (_, life): Mark => ({ mark: 'begin', life }))
  const run: CaseRun = {
    case: asked,
    ending: { kind: 'done' },
    ledger: new Uint8Array(),
    entries: marks.map((mark, index) => ({ mark, line: index + 1 })),
    lives: [],
    acts: [],
    orphans: [],
    ...(landed === undefined
      ? {}
      : { landed: { life: 1, schedule: parseSchedule(landed), precision: 'exact' } }),
  }
  return {
    token: `token of ${landed ?? schedule}`,
    group: { scenario: pages, system: notebook(), seed: 'abc', workload },
    origin: { kind: 'class', name: 'kill' },
    asked,
    run,
    verdict,
  }
}

const again = (first: Told, second: Told | undefined): ReturnType<typeof emptySameAgain> => {
  const same = emptySameAgain()
  const tried =
    second === undefined
      ? ({ kind: 'not-fired', why: 'it did not fire' } as const)
      : ({ kind: 'case', report: report({ ...first, ...second }) } as const)
  compareAgain(same, report(first), tried)
  return same
}

describe('the same seed twice', () => {
  it('one case of a group is taken, and one that was killed at a random time', () => {
    const exact = Array.from({ length: 5 }, (_, index) => report({ schedule: `K${index + 1}` }))
    const shot = ['K7', 'K8+', 'K9'].map((landed) => report({ landed }))
    const sample = sampleOf({ seed: 'abc' }, [...exact, ...shot])
    expect(sample.map(({ run }) => run.landed !== undefined)).toEqual([false, true])
    expect(sampleOf({ seed: 'abc' }, [...exact, ...shot])).toEqual(sample)
    expect(sampleOf({ seed: 'abc' }, exact)).toHaveLength(1)
    expect(sampleOf({ seed: 'abc' }, [])).toEqual([])
  })

  it('the same verdict by the same marks is the same', () => {
    expect(again({}, {})).toMatchObject({ runs: 1, sameVerdict: 1, promised: 1, promisedSame: 1 })
  })

  it('other marks are told by their token where the same are promised, and never change the verdict', () => {
    expect(again({}, { lives: 2 })).toMatchObject({
      runs: 1,
      sameVerdict: 1,
      promisedSame: 0,
      otherMarks: ['token of K3'],
    })
  })

  it('several processes at once are promised the same verdict alone', () => {
    const same = again({ schedule: 'Z9=done' }, { lives: 2 })
    expect(same).toMatchObject({ runs: 1, sameVerdict: 1, promised: 0, otherMarks: [] })
    expect(again({ schedule: 'K3,N3' }, undefined).runs).toBe(0)
  })

  it('another verdict, or a fault that does not fire any more, is told', () => {
    expect(again({}, { verdict: 'REDONE' })).toMatchObject({
      sameVerdict: 0,
      otherVerdicts: ['token of K3: HOLDS, then REDONE'],
    })
    expect(again({}, undefined)).toMatchObject({
      runs: 1,
      sameVerdict: 0,
      otherVerdicts: ['token of K3: HOLDS, then no case: it did not fire'],
    })
  })

  it('is told in one line', () => {
    const both = [again({}, {}), again({ schedule: 'Z9=done' }, { lives: 2 })]
    expect(sameAgainText(both)).toBe(
      '2 sampled cases run twice: 2 with the same verdict, 1 of 1 with the same marks where that is promised, 0 of 1 where it is not (other processes at the run)',
    )
  })
})
