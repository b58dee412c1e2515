import { describe, expect, test } from 'vitest'
import { endOf, historyOf, historyOfMarks, runLives } from '../../harness/history.ts'
import { readLedger } from '../../harness/ledger.ts'
import type { Mark } from '../../harness/mark.ts'
import { Story } from './history-builder.ts'

describe('history', () => {
  test('lives, opens, appends and marks are found in ledger order', () => {
    const story = new Story()
    story.start().open(1).commit('a').append('b', 'c').effect('x').killed('K7')
    story.start({ verb: 'signal' }).mark({ mark: 'signal-acked', name: 'go', message: 'm' }).exit(0)
    story.start().open(2, 'a').refused('FENCED', 'append').exit(1)
    const history = story.history()
    expect(history.problems).toEqual([])
    expect([...history.lives.keys()]).toEqual([1, 2, 3])
    expect(runLives(history).map(({ life }) => life)).toEqual([1, 3])
    expect(history.lives.get(1)).toMatchObject({
      startedIndex: 0,
      lastIndex: 7,
      exit: { signal: 'SIGKILL', index: 9 },
      faults: [{ fault: 'K7' }],
    })
    expect(endOf(history.lives.get(1))).toBe(9)
    expect(endOf(undefined)).toBe(Infinity)
    expect(history.opens).toEqual([
      { index: 2, life: 1, epoch: 1, hashes: [] },
      { index: 15, life: 3, epoch: 2, hashes: ['a'] },
    ])
    expect(history.appends).toEqual([
      { index: 4, life: 1, epoch: 1, hashes: ['a'], ackIndex: 5 },
      { index: 6, life: 1, epoch: 1, hashes: ['b', 'c'] },
    ])
    expect(history.of('effect')).toMatchObject([{ step: 'x', index: 7 }])
    expect(history.of('timer')).toEqual([])
  })

  test('an open is known by either of its two marks', () => {
    const story = new Story()
    story.start().own(1).died()
    story.start().mark({ mark: 'recovered', epoch: 2, hashes: ['a'] })
    expect(story.history().opens).toMatchObject([{ epoch: 1 }, { epoch: 2, hashes: ['a'] }])
  })

  test('equal appends are acknowledged in their order', () => {
    const story = new Story()
    story.start().open(1).append('a').append('a').ack('a')
    expect(story.history().appends.map(({ ackIndex }) => ackIndex)).toEqual([6, undefined])
  })

  test('what does not fit together is a problem', () => {
    const twice = new Story()
    twice.start().open(1).open(1).ack('a')
    expect(twice.history().problems).toEqual([
      'life 1 resolved epoch 1 twice',
      'life 1 recovered epoch 1 twice',
      'life 1 acknowledged records that it never handed over',
    ])
    expect(historyOfMarks([{ life: 3, mark: 'begin' }]).problems).toEqual([
      'marks of life 3, which the harness never started',
    ])
    const start: Mark = {
      life: 1,
      mark: 'life',
      pid: 1,
      verb: 'run',
      takeover: 'always',
      clockMs: 0,
      realMs: 0,
    }
    expect(historyOfMarks([start, start]).problems).toEqual(['life 1 was started twice'])
  })

  test('problems of the ledger are problems of the history', () => {
    expect(historyOf(readLedger(Buffer.from('x\n'))).problems[0]).toContain(
      'line 1: expected JSON, found "x"',
    )
  })
})
