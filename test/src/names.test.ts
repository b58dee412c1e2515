import { describe, expect, it } from 'vitest'
import { InvalidArgumentError } from '../../src/errors.ts'
import { Names } from '../../src/names.ts'

describe('names', () => {
  it('equal names that follow each other get ordinals', () => {
    const names = new Names('p')
    const keys = [1, 2, 3].map(() => {
      const key = names.claim('read')
      names.release('read')
      return key
    })
    expect(keys).toEqual(['p/read', 'p/read#2', 'p/read#3'])
  })

  it('equal names that overlap are refused, others are not', () => {
    const names = new Names('')
    names.claim('read')
    expect(() => names.claim('read')).toThrow(InvalidArgumentError)
    expect(names.claim('write')).toBe('write')
  })

  it('the key of the next claim is known before', () => {
    const names = new Names('')
    names.claim('read')
    names.release('read')
    expect(names.next('read')).toBe('read#2')
    expect(names.claim('read')).toBe('read#2')
  })

  it('a key is over when its unit was released, or when a later one took its name', () => {
    const names = new Names('p')
    names.claim('read')
    expect([names.isOver('p/read'), names.isOver('p/read#2'), names.isOver('p/other')]).toEqual([
      false,
      false,
      false,
    ])
    names.release('read')
    expect(names.isOver('p/read')).toBe(true)
    names.claim('read')
    expect([names.isOver('p/read'), names.isOver('p/read#2')]).toEqual([true, false])
  })
})
