/**
 * The oracle against a runtime in miniature: a correct one breaks nothing, and each planted bug is called by its name.
 *
 * `KILLPOINT_ABSTRACT_CASES` sets the number of cases per plot.
 */
import { describe, expect, test } from 'vitest'
import { check } from '../../harness/checkers/check.ts'
import type { CheckContext } from '../../harness/checkers/context.ts'
import { random } from '../../harness/seed.ts'
import type { Bug } from './abstract/bugs.ts'
import { bugs } from './abstract/bugs.ts'
import { plots, runCase } from './abstract/case.ts'
import type { Plot } from './abstract/case.ts'
import { disguise, disguises } from './abstract/disguise.ts'
import type { Shape } from './abstract/workloads.ts'

const perPlot = Number(process.env['KILLPOINT_ABSTRACT_CASES'] ?? 400)

function draw(seed: string, plot: Plot, number: number, bug?: Bug): CheckContext {
  const numbers = random(seed, 'sample', plot, number)
  const shape: Shape = {
    size: 1 + numbers.below(10),
    budget: numbers.chance(0.3),
    deadline: numbers.chance(0.15),
    cancel: numbers.chance(0.25),
    ...(bug === undefined ? {} : bugs[bug].shape),
  }
  return runCase(numbers, plot, shape, bug)
}

/** The whole story, for a person who has to find out who is wrong. */
function story(context: CheckContext, judgement: unknown): string {
  const lines = context.history.entries.map(({ mark }, index) => `${index} ${JSON.stringify(mark)}`)
  return [JSON.stringify(context.workload), ...lines, JSON.stringify(judgement, undefined, 1)].join(
    '\n',
  )
}

describe('a correct runtime breaks nothing', () => {
  test.each(plots)('%s', (plot) => {
    for (let number = 0; number < perPlot; number += 1) {
      const context = draw('correct', plot, number)
      const judgement = check(context)
      const isRotten = plot === 'rot' && judgement.verdict === 'REFUSED'
      if (judgement.verdict !== 'HOLDS' && !isRotten)
        expect.fail(`${plot} ${number}\n${story(context, judgement)}`)
    }
  })
})

describe('a correct runtime that says less of itself breaks nothing', () => {
  test.each(disguises)('%s', (name) => {
    for (const plot of ['kills', 'robbery', 'resumers', 'clock', 'sigterm', 'rot'] as const)
      for (let number = 0; number < perPlot / 6; number += 1) {
        const context = disguise(draw('disguised', plot, number), name)
        const judgement = check(context)
        const isRotten = plot === 'rot' && judgement.verdict === 'REFUSED'
        if (judgement.verdict !== 'HOLDS' && !isRotten)
          expect.fail(`${name} ${plot} ${number}\n${story(context, judgement)}`)
      }
  })
})

describe('a planted bug is found, and called by its name', () => {
  test.each(Object.keys(bugs) as Bug[])('%s', (bug) => {
    const { plots: places, verdicts } = bugs[bug]
    let found = 0
    for (let number = 0; number < 250 && (number < 20 || found < 3); number += 1)
      for (const plot of places) {
        const context = draw(`bug ${bug}`, plot, number, bug)
        const judgement = check(context)
        const { finding } = judgement
        if (finding === undefined) continue
        found += 1
        if (!verdicts.some((verdict) => verdict === finding.verdict))
          expect.fail(`${bug} ${plot} ${number}\n${story(context, judgement)}`)
      }
    expect(found).toBeGreaterThan(0)
  })
})
