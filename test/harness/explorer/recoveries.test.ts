/** Recoveries are remembered by what their lives were told, and by what they asked of the disk. */
import { describe, expect, it } from 'vitest'
import type { DirectoryImage, ImageEntry } from '../../../harness/directory-image.ts'
import type { LifeGiven } from '../../../harness/explorer/asks.ts'
import { firstStemOf } from '../../../harness/explorer/lives.ts'
import { Recoveries } from '../../../harness/explorer/recoveries.ts'
import { treeOfImage } from '../../../harness/image-tree.ts'
import type { Mark } from '../../../harness/mark.ts'
import type { Workload } from '../../../harness/workload.ts'

const workload: Workload = { root: { kind: 'sequence', of: [] }, inFlightMax: 1 }
const { standing } = firstStemOf({ workload })

/** A run that reads `log` and takes `torn` away; `asks`: after it looked at that too. */
class Bench {
  asks = false
  lives = 0
  /** Something that no life may depend on. */
  hidden = 0
  readonly #recoveries: Recoveries

  constructor(knowsUnread = true) {
    const counts = { recoveries: 0 }
    const live = (_: unknown, image: DirectoryImage): Generator<never, LifeGiven, never> =>
      this.#live(image, knowsUnread)
    const asked = { order: { livesGiven: 3 } }
    const lives = { asked, counts, live, unsupported: undefined }
    this.#recoveries = new Recoveries(
      lives as unknown as ConstructorParameters<typeof Recoveries>[0],
    )
  }

  /** Marks of a recovery from these contents. */
  recover(log: string, torn: string, more: Partial<typeof standing> = {}): readonly Mark[] {
    const file = (text: string): ImageEntry => ({ kind: 'file', bytes: Buffer.from(text) })
    const image = new Map([
      ['log', file(log)],
      ['torn', file(torn)],
    ])
    const told = { ...standing, ...more }
    const step = this.#recoveries.after(image, told, treeOfImage(image), false).next()
    if (step.done !== true) throw new Error('a life was asked for')
    return step.value.lives.flatMap(({ marks }) => marks)
  }

  // eslint-disable-next-line require-yield
  *#live(image: DirectoryImage, knowsUnread: boolean): Generator<never, LifeGiven, never> {
    this.lives += 1
    const torn = image.get('torn')
    const log = image.get('log')
    if (torn === undefined || log === undefined) throw new Error('they are there')
    const seen = log.kind === 'file' ? Buffer.from(log.bytes).toString() : ''
    const hash = `${seen}${this.hidden}`
    return {
      marks: [
        { mark: 'recovered', life: 1, epoch: 1, hashes: [hash] },
        { mark: 'done', life: 1, status: 'done', outcome: {} },
      ],
      code: 0,
      signal: null,
      image: new Map([['log', log]]),
      ...(knowsUnread ? { unread: new Set(this.asks ? [] : [torn]) } : {}),
    }
  }
}

describe('a recovery', () => {
  it('is that of any image with other bytes in what it never read', () => {
    const bench = new Bench()
    const [first, second, third] = ['x', 'y', 'z'].map((torn) => bench.recover('a', torn))
    // The first that is taken for the same is run all the same (R3).
    expect(bench.lives).toBe(2)
    expect(second).toEqual(first)
    expect(third).toEqual(first)
  })

  it('is another one where what it read is another', () => {
    const bench = new Bench()
    expect(bench.recover('a', 'x')).not.toEqual(bench.recover('b', 'x'))
    expect(bench.lives).toBe(2)
  })

  it('is another one where it is told something else', () => {
    const bench = new Bench()
    bench.recover('a', 'x')
    bench.recover('a', 'x', { life: 2 })
    bench.recover('a', 'x', { reboots: 1 })
    expect(bench.lives).toBe(3)
  })

  it.each([
    ['asked for the size or the content', true, true],
    ['ran where nobody sees what it asks', false, false],
  ])('that %s is remembered for that very image alone', (_, asks, knowsUnread) => {
    const bench = new Bench(knowsUnread)
    bench.asks = asks
    for (const torn of ['x', 'y', 'x', 'y']) bench.recover('a', torn)
    expect(bench.lives).toBe(2)
  })

  it('that is not the same after all is the fault of the harness', () => {
    const bench = new Bench()
    bench.recover('a', 'x')
    bench.hidden = 1
    expect(() => bench.recover('a', 'y')).toThrow('depends on what it never read')
  })
})
