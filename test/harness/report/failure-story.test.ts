/** What a worker says is in the text of a failure, and does nothing there. */
import { expect, it } from 'vitest'
import { storyText, type FailureStory } from '../../../harness/report/failure-story.ts'

const escapes = '\u001b]0;owned\u0007\u001b[2J\u202e\u009b31m'

const story: FailureStory = {
  scenario: 'loop',
  system: 'worker',
  verdict: 'HARNESS_ERROR',
  trouble: {
    kind: 'died',
    message: `ended with 1: ${escapes}`,
    hint: 'see what it said',
    stderr: `${escapes}last words\nnpx evil\n`,
  },
  faults: [],
  notes: [`a note ${escapes}`],
  versions: { killpoint: '0.1.0', node: '20.20.2', platform: 'linux x64', profile: 'posix' },
  replay: 'kp1:loop:worker:abc:posix:K9',
}

it('failure text: no escape of a worker reaches the terminal', () => {
  const text = storyText(story)
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  expect(text).toContain(String.raw`\u001b[2J`)
})

it('failure text: the last line is the one to paste, whatever a worker said', () => {
  expect(storyText(story).split('\n').at(-1)).toBe(
    '  replay  npx killpoint replay kp1:loop:worker:abc:posix:K9',
  )
  // What a worker wrote stands behind a bar.
  expect(storyText(story)).toMatch(/\| npx evil$/m)
})
