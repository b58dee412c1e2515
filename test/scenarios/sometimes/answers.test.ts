import { describe, expect, it } from 'vitest'
import type { Control, ControlOp, Sometimes } from '../../../harness/scenario.ts'
import { commitUnanswered, killedUnanswered } from '../../../scenarios/sometimes/answers.ts'
import { Story } from '../../harness/history-builder.ts'
import { directedSchedules } from './directed.ts'

const op = (n: number, mark: string): ControlOp => ({ n, op: { kind: 'mark', length: 9 }, mark })
const send = (m: number, after: number): NonNullable<Control['messages']>[number] => ({
  m,
  kind: 'send',
  bytes: 40,
  op: after,
})

function directedAt(sometimes: Sometimes, marks: readonly string[]): string {
  const control: Control = {
    workload: { root: { kind: 'step', id: 'only', effect: 'keyed' }, inFlightMax: 1 },
    ops: marks.map((mark, index) => op(index + 1, mark)),
    messages: [send(1, 0), send(2, 1), send(3, 1), send(4, 2), send(5, 2), send(6, 3)],
  }
  return directedSchedules(sometimes, control)[0] ?? ''
}

describe('lost answers', () => {
  it('the commit is the first message of an append behind an effect', () => {
    const marks = ['effect', 'appending', 'ack']
    expect(directedAt(commitUnanswered, marks)).toBe('M4+=reset')
    expect(directedAt(killedUnanswered, marks)).toBe('M4+=kill-answered')
  })

  it('where no appends are told, it is the last message before the result is observed', () => {
    expect(directedAt(commitUnanswered, ['effect', 'observed'])).toBe('M3+=reset')
  })

  it('the answer to an append was lost, and the append acknowledged', () => {
    const story = new Story()
    story.start().open(1).append('a').fault('M4+=reset').ack('a')
    expect(commitUnanswered.happened(story.history())).toBe(true)
    expect(killedUnanswered.happened(story.history())).toBe(false)
  })

  it('the answer to a step was lost, and its result observed', () => {
    const story = new Story()
    story.start().own(1).effect('s', { nonce: 'n' }).fault('M3+=cut').observed('s', 'n')
    expect(commitUnanswered.happened(story.history())).toBe(true)
  })

  it('the process ended with its connection, and the next one found the result; another result is none', () => {
    const story = new Story()
    story.start().own(1).effect('s', { nonce: 'n' }).fault('M3+=reset').exit(1)
    expect(commitUnanswered.happened(story.history())).toBe(false)
    story.start().own(2).observed('s', 'n')
    expect(commitUnanswered.happened(story.history())).toBe(true)
    const redone = new Story()
    redone.start().own(1).effect('s').fault('M3+=reset').exit(1)
    redone.start().own(2).effect('s', { nonce: 'other' }).observed('s', 'other')
    expect(commitUnanswered.happened(redone.history())).toBe(false)
  })

  it('an answer that was lost before an effect, or of a result never observed, is none', () => {
    const early = new Story()
    early.start().own(1).fault('M3+=reset').effect('s', { nonce: 'n' }).observed('s', 'n')
    expect(commitUnanswered.happened(early.history())).toBe(false)
    const never = new Story()
    never.start().own(1).effect('s').fault('M3+=reset')
    expect(commitUnanswered.happened(never.history())).toBe(false)
  })

  it('killed with the answer to a step unseen', () => {
    const story = new Story()
    story.start().own(1).effect('s').killed('M3+=kill-answered')
    expect(killedUnanswered.happened(story.history())).toBe(true)
  })
})
