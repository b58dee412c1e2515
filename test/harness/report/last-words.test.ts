import { describe, expect, it } from 'vitest'
import { lastWordsIn } from '../../../harness/report/last-words.ts'

describe('last words', () => {
  it('of Node are the error above its stack, and the positions in it', () => {
    const text = `/app/worker.cjs:3
    throw new Error('no')
    ^

TypeError: liveness is not a function
    at Object.open (/app/worker.cjs:48:758)
    at async main (file:///app/with (brackets)/main.mjs:51:3)
    at /app/anonymous.cjs:1:2
    at node:internal/main:1:1

Node.js v20.20.2
`
    expect(lastWordsIn(text)).toEqual({
      error: 'TypeError: liveness is not a function',
      frames: [
        '/app/worker.cjs:48:758',
        'file:///app/with (brackets)/main.mjs:51:3',
        '/app/anonymous.cjs:1:2',
        'node:internal/main:1:1',
      ],
    })
  })

  it('of others are the last line', () => {
    const text = 'Traceback (most recent call last):\n  File "a.py", line 3\nKeyError: 7\n\n'
    expect(lastWordsIn(text)).toEqual({ error: 'KeyError: 7', frames: [] })
  })

  it('of the last of several errors are told', () => {
    const text = 'Error: one\n    at a (/x:1:1)\n\nError: two\n    at b (/y:2:2)\n'
    expect(lastWordsIn(text)).toEqual({ error: 'Error: two', frames: ['/y:2:2'] })
  })

  it('are none where nothing was said, and short where much was', () => {
    expect(lastWordsIn('\n \n')).toBeUndefined()
    expect(lastWordsIn('x'.repeat(9_999))?.error).toHaveLength(301)
  })
})
