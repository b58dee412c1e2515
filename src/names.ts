/**
 * The names that the driver of one scope has given to its units.
 *
 * Equal names may follow each other, and get an ordinal; they may not overlap, because which of two strands comes first
 * differs from life to life.
 */
import { InvalidArgumentError } from './errors.ts'
import { joinKey, keySegment } from './keys.ts'

export class Names {
  private readonly path: string
  private readonly claims = new Map<string, number>()
  private readonly underWay = new Set<string>()

  constructor(path: string) {
    this.path = path
  }

  /** The key that the next claim of this name gives. @throws InvalidArgumentError */
  next(name: string): string {
    const base = keySegment(name, 0)
    return joinKey(this.path, keySegment(name, this.claims.get(base) ?? 0))
  }

  /** Takes the next key for a name. @throws InvalidArgumentError where a unit of that name is under way */
  claim(name: string): string {
    const base = keySegment(name, 0)
    if (this.underWay.has(base)) throw overlap(name, this.path)
    const key = this.next(name)
    this.underWay.add(base)
    this.claims.set(base, (this.claims.get(base) ?? 0) + 1)
    return key
  }

  /** The unit of this name is over: its name may follow. */
  release(name: string): void {
    this.underWay.delete(keySegment(name, 0))
  }

  /** True where a unit had this key and is over. */
  isOver(key: string): boolean {
    const segment = key.slice(this.path === '' ? 0 : this.path.length + 1)
    const [base = '', ordinal = '1'] = segment.split('#')
    const claimed = this.claims.get(base) ?? 0
    const last = claimed === Number(ordinal) && this.underWay.has(base)
    return claimed >= Number(ordinal) && !last
  }
}

function overlap(name: string, path: string): InvalidArgumentError {
  const where = path === '' ? 'this driver' : path
  return new InvalidArgumentError(
    `a unit named ${JSON.stringify(name)} is already under way in ${where}`,
    {
      hint: 'give units that overlap names of their own, e.g. with an index',
      details: { name, path },
    },
  )
}
