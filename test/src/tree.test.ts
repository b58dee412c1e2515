import { describe, expect, it } from 'vitest'
import { JournalCorruptError } from '../../src/errors.ts'
import type { JournalRecord } from '../../src/journal.ts'
import type { JsonValue } from '../../src/json.ts'
import type { RunRecord } from '../../src/records.ts'
import { materializeTree, replayTree, type TreeNode } from '../../src/tree.ts'

const args = 'h'
const begin: RunRecord = { type: 'begin', version: 1, at: 0, nonce: 'n' }
const settle = (key: string, more: object = {}): RunRecord => ({
  type: 'settle',
  key,
  args,
  kind: 'step',
  status: 'done',
  ...more,
})
const intent = (key: string, more: object = {}): RunRecord => ({
  type: 'intent',
  key,
  args,
  kind: 'step',
  effect: 'once',
  ...more,
})
const spawn = (key: string): RunRecord => ({ type: 'spawn', key, args, driver: 'd' })
const iterate = (key: string, index: number, done = false): RunRecord => ({
  type: 'iterate',
  key,
  args,
  index,
  state: index,
  done,
})

function journal(
  ...records: readonly (RunRecord | readonly [number, RunRecord])[]
): readonly JournalRecord[] {
  return records.map((each, index) => {
    const [epoch, record] = Array.isArray(each)
      ? (each as readonly [number, RunRecord])
      : [1, each as RunRecord]
    return { seq: index + 1, epoch, body: record as unknown as JsonValue }
  })
}

/** A tree as lines of text. */
function draw(node: TreeNode, depth = 0): readonly string[] {
  const spend = Object.entries(node.spend).map(([resource, amount]) => ` ${resource} ${amount}`)
  const line = `${'  '.repeat(depth)}${node.key === '' ? '(run)' : node.key} ${node.kind} ${node.status}${spend.join('')}`
  return [line, ...node.children.flatMap((child) => draw(child, depth + 1))]
}

const story = journal(
  begin,
  spawn(''),
  settle('plan', { value: 'p' }),
  intent('pay', { reserve: { money: 5 } }),
  settle('pay', { spend: { money: 3 } }),
  spawn('research'),
  settle('research/read', { spend: { tokens: 7 } }),
  intent('research/nap', { kind: 'timer', due: 99 }),
  iterate('work', 0),
  settle('work/1/a'),
  intent('work/1/b'),
  [2, intent('work/1/b')],
  [2, iterate('work', 1)],
  [2, spawn('work/2/helper')],
  [2, intent('work/2/helper/post')],
  [2, settle('flaky', { status: 'failed', error: { name: 'E', message: 'm' } })],
)

describe('materializeTree', () => {
  it('shows every node that the records mention', () => {
    expect(draw(materializeTree(story))).toEqual([
      '(run) run running money 3 tokens 7 iterations 2',
      '  plan step done',
      '  pay step done money 3',
      '  research child running tokens 7',
      '    research/read step done tokens 7',
      '    research/nap timer running',
      '  work loop running iterations 2',
      '    work/1 iteration done',
      '      work/1/a step done',
      '      work/1/b step abandoned',
      '    work/2 iteration running',
      '      work/2/helper child running',
      '        work/2/helper/post step running',
      '  flaky step failed',
    ])
  })

  it('what an earlier life began and did not settle is in doubt', () => {
    const lines = draw(materializeTree(story, 3)).filter((line) => line.includes('doubt'))
    expect(lines).toEqual(['        work/2/helper/post step in-doubt'])
  })

  it('below what ended, the unsettled is abandoned', () => {
    const ended = materializeTree([
      ...story,
      ...journal([2, { type: 'end', status: 'cancelled', error: { name: 'C', message: 'why' } }]),
    ])
    expect(ended).toMatchObject({ status: 'cancelled', error: { message: 'why' } })
    expect(draw(ended).filter((line) => / (?:running|in-doubt)/.test(line))).toEqual([])
  })

  it('terminal absorbs: of two ends of a node the first stands', () => {
    const twice = materializeTree(
      journal(
        begin,
        settle('a', { value: 1 }),
        settle('a', { status: 'failed', error: { name: 'E', message: 'm' } }),
        intent('a'),
      ),
    )
    expect(twice.children[0]).toMatchObject({ status: 'done', value: 1, attempts: 0 })
    const ended = materializeTree(
      journal(begin, { type: 'end', status: 'done', value: 1 }, settle('late'), {
        type: 'end',
        status: 'failed',
      }),
    )
    expect(ended).toMatchObject({ status: 'done', value: 1, children: [] })
  })

  it('counts attempts, keeps due times, and knows the first and last life of a node', () => {
    const tree = materializeTree(story)
    const work = tree.children.find(({ key }) => key === 'work')
    expect(work).toMatchObject({
      iterations: 2,
      value: 1,
      firstEpoch: 1,
      lastEpoch: 2,
      firstSeq: 9,
      lastSeq: 15,
    })
    expect(work?.children[0]?.children[1]).toMatchObject({
      attempts: 2,
      firstEpoch: 1,
      lastEpoch: 2,
    })
    expect(tree.children.find(({ key }) => key === 'research')?.children[1]?.due).toBe(99)
  })

  it('a settle before its spawn is one node', () => {
    const tree = materializeTree(journal(begin, settle('c', { kind: 'child' }), spawn('c')))
    expect(draw(tree)).toEqual(['(run) run running', '  c child done'])
  })

  it('of no records: a run that has not begun', () => {
    expect(draw(materializeTree([]))).toEqual(['(run) run running'])
  })

  it('records that are not a run are damage', () => {
    const foreign = [{ seq: 1, epoch: 1, body: { hello: 1 } }]
    expect(() => materializeTree(foreign)).toThrow(JournalCorruptError)
    expect(() => replayTree(foreign)).toThrow(JournalCorruptError)
  })

  it('reads without a begin record too: what salvage could save', () => {
    expect(draw(materializeTree(story.slice(3)))).toHaveLength(13)
  })
})

describe('replayTree', () => {
  it('gives what was settled, in journal order, loops by their last state', () => {
    const settled = replayTree([...story, ...journal([2, iterate('work', 2, true)])])
    expect(settled.map(({ key, kind, status }) => `${key} ${kind} ${status}`)).toEqual([
      'plan step done',
      'pay step done',
      'research/read step done',
      'work/1/a step done',
      'flaky step failed',
      'work loop done',
    ])
    expect(settled[0]).toEqual({
      key: 'plan',
      kind: 'step',
      seq: 3,
      epoch: 1,
      status: 'done',
      value: 'p',
    })
    expect(settled.at(-1)?.value).toBe(2)
  })

  it('gives a key once, and nothing after the end', () => {
    expect(
      replayTree(
        journal(begin, settle('a'), settle('a'), { type: 'end', status: 'done' }, settle('b')),
      ).map(({ seq }) => seq),
    ).toEqual([2])
  })
})
