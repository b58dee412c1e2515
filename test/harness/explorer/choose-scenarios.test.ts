import { describe, expect, it } from 'vitest'
import { chooseScenarios, explorable } from '../../../harness/explorer/choose-scenarios.ts'
import type { TracedOp } from '../../../harness/trace.ts'
import { pages } from '../fixtures/notebook-project.ts'

const scenario = (name: string): typeof pages => ({ ...pages, name })
const doing = (
  name: string,
  ...kinds: string[]
): Parameters<typeof chooseScenarios>[0][number] => ({
  scenario: scenario(name),
  kinds: new Set(kinds),
})

const names = (all: Parameters<typeof chooseScenarios>[0], max: number, seed: string): string[] =>
  chooseScenarios(all, max, seed).map(({ name }) => name)

const seeds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

describe('the scenarios that are explored', () => {
  const all = [
    doing('one', 'write'),
    doing('two', 'write'),
    doing('blobs', 'write', 'link', 'rename'),
    doing('three', 'write'),
    doing('inbox', 'write', 'act cancel'),
  ]

  it('do between them whatever any of them does, and the rest is drawn by the seed', () => {
    const chosen = seeds.map((seed) => names(all, 3, seed))
    for (const each of chosen) expect(each).toEqual(expect.arrayContaining(['blobs', 'inbox']))
    expect(new Set(chosen.flat()).size).toBe(5)
  })

  it('are the same for the same seed, in their own order, and no more than asked for', () => {
    expect(names(all, 2, 'a')).toEqual(['blobs', 'inbox'])
    expect(names(all, 4, 'a')).toEqual(names(all, 4, 'a'))
    expect(names(all, 9, 'a')).toEqual(['one', 'two', 'blobs', 'three', 'inbox'])
  })

  it('are known by the ops of their disk in whatever stage, and by the acts of others', () => {
    const traced = (op: TracedOp['op']): TracedOp => ({ op }) as TracedOp
    const ops = [
      traced({ kind: 'mkdir', path: 'run', node: 2 }),
      traced({ kind: 'mark', length: 4 }),
      traced({ kind: 'write', path: 'run/000001.log', node: 3, offset: 0, length: 4 }),
    ]
    const { kinds } = explorable(pages, { outside: [{ kind: 'cancel' }] }, { ops })
    expect([...kinds]).toEqual([': mkdir run', ': write run/#.log', 'act cancel'])
  })
})
