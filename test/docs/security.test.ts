/** Each sentence of `SECURITY.md` about data rests on tests, and they are there. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = readFileSync('SECURITY.md', 'utf8')

/** Bullets, with the tests below them. */
const sentences = page
  .split(/^- /m)
  .slice(1)
  .map((part) => part.split(/\n\n|\n#/)[0] ?? '')
  .map((part) => ({
    sentence: part.split('\n')[0] ?? '',
    tests: [...part.matchAll(/^ {2}`(test\/[^`]+)`: `(.+)`$/gm)].map(
      ([, file = '', title = '']) => ({
        file,
        title,
      }),
    ),
  }))

describe('SECURITY.md', () => {
  it('has sentences', () => expect(sentences.length).toBeGreaterThan(15))

  it.each(sentences)('$sentence', ({ sentence, tests }) => {
    // The one sentence about what there is not.
    if (!sentence.startsWith('Checksums find damage')) expect(tests).not.toEqual([])
    for (const { file, title } of tests) expect(readFileSync(file, 'utf8')).toContain(title)
  })
})
