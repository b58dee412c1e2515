import { describe, expect, it } from 'vitest'
import { memberMistakes, optional, text } from '../../harness/members.ts'

const members = { name: text, title: optional(text) }

describe('members of what somebody wrote', () => {
  it('that are unknown, missing or of another kind are told, all of them', () => {
    expect(memberMistakes({ nmae: 'x', title: 5 }, members)).toEqual([
      'nmae is unknown; known are name, title',
      'name: expected a text, found undefined',
      'title: expected a text, found 5',
    ])
  })

  it('an instance of a class may have members of its own', () => {
    class Server {
      readonly name = 'server'
      port = 0
    }
    expect(memberMistakes(new Server(), members)).toEqual([])
  })

  it('what is no object has none', () => {
    expect(memberMistakes(null, members)).toEqual(['expected an object, found null'])
  })
})
