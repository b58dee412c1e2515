import { describe, expect, it } from 'vitest'
import { positionText } from '../../../harness/fault-text.ts'
import type { Image } from '../../../harness/live/image.ts'
import { locate, withKill } from '../../../harness/live/landing.ts'
import { position } from '../../../harness/fault.ts'

/** An image with these files, by content. */
function image(files: Readonly<Record<string, string>>, marks = ''): Image {
  return {
    marks,
    files: new Map(
      Object.entries(files).map(([path, text]) => [path, { bytes: text.length, hash: text }]),
    ),
  }
}

/** What kills at the points of op 7, an append of `cdef` to `ab`, leave. */
const append: Readonly<Record<string, Image>> = {
  '7': image({ a: 'ab' }),
  '7+': image({ a: 'abcdef' }),
  '7/1': image({ a: 'abc' }),
  '7/3': image({ a: 'abcde' }),
}

async function found(
  shot: Image,
  left: Readonly<Record<string, Image>>,
  open: readonly number[] = [7],
  held = false,
): Promise<{ readonly at: string; readonly exact: boolean; readonly tried: readonly string[] }> {
  const tried: string[] = []
  const { at, exact } = await locate({ begun: 7, open }, held, shot, (point) => {
    const text = positionText(point)
    tried.push(text)
    const image = left[text]
    if (image === undefined) throw new Error(`nobody knows what a kill at ${text} leaves`)
    return Promise.resolve(image)
  })
  return { at: positionText(at), exact, tried }
}

describe('landing', () => {
  it('between two ops is after the last one, and nothing need be tried', async () => {
    expect(await found(image({}), {}, [])).toEqual({ at: '7+', exact: true, tried: [] })
  })

  it('where the process was held is before that op', async () => {
    expect(await found(image({}), {}, [7], true)).toEqual({ at: '7', exact: true, tried: [] })
  })

  it.each([
    ['ab', '7', ['7']],
    ['abcdef', '7+', ['7', '7+']],
    ['abc', '7/1', ['7', '7+', '7/1']],
    ['abcde', '7/3', ['7', '7+', '7/3']],
  ])('inside an append that left %s is %s', async (text, at, tried) => {
    expect(await found(image({ a: text }), append)).toEqual({ at, exact: true, tried })
  })

  it('tells a mark that was written from one that was not', async () => {
    const left = { '7': image({}, 'one'), '7+': image({}, 'one\ntwo') }
    expect((await found(image({}, 'one\ntwo'), left)).at).toBe('7+')
    expect((await found(image({}, 'one'), left)).at).toBe('7')
  })

  it('is near where no point leaves the same', async () => {
    expect(await found(image({ a: 'abXX' }), { ...append, '7/2': image({ a: 'abcd' }) })).toEqual({
      at: '7/2',
      exact: false,
      tried: ['7', '7+', '7/2'],
    })
    const two = { '7': image({ a: '' }), '7+': image({ a: 'x', b: 'y' }) }
    expect(await found(image({ a: 'x' }), two)).toMatchObject({ at: '7', exact: false })
    expect(await found(image({}), {}, [7, 8])).toMatchObject({ exact: false, tried: [] })
  })

  it('puts the kill into the life that had no fault', () => {
    const kill = (op: number) => [{ kind: 'kill', at: position(op), lost: [] }] as const
    expect(withKill([kill(1)], 3, position(5))).toEqual([kill(1), [], kill(5)])
    expect(withKill([[], kill(2)], 1, position(5))).toEqual([kill(5), kill(2)])
  })
})
