/**
 * The laws, tried on backends that are wrong in one way each: which laws catch which.
 */
import { describe, expect, it } from 'vitest'
import { type Flaw, flawedSqlite } from '../../../examples/backends/wrong/sqlite.ts'
import { laws } from '../../../harness/conformance.ts'
import { openLibsql, placeOver } from '../../support/sqlite-place.ts'

/** The laws that a backend with this flaw breaks. */
async function broken(flaw: Flaw): Promise<readonly string[]> {
  const place = () => placeOver(openLibsql, (store) => flawedSqlite(flaw, store))
  const found: string[] = []
  for (const { law, name, run } of laws(place, { runs: 3, seed: 20 }))
    if (law !== 'J10') await run().catch(() => found.push(`${law}: ${name}`))
  return found
}

describe('conformance: a backend that is wrong in one way', () => {
  it('none: the same backend without a flaw breaks no law', async () => {
    expect(await broken('none')).toEqual([])
  })
  it('no fencing', async () => {
    expect(await broken('no-fencing')).toMatchInlineSnapshot(`
      [
        "J5: a fenced life acknowledges nothing, shows nothing and disturbs nothing",
        "J11: of many openers at once, one ends up owning",
      ]
    `)
  })
  it('acknowledged before the commit', async () => {
    expect(await broken('ack-before-commit')).toMatchInlineSnapshot(`
      [
        "J1 J2 J3: any JSON comes back exactly, in order, batch by batch",
        "J1: what was acknowledged is there after the process died",
        "J1: an append is synced before it is acknowledged, where power loss is claimed",
        "J1 J2 J3 J4 J5 J9 J11: lives that open, append, close, die and rob each other agree with a plain array",
        "J2: overlapping appends commit in call order, with rising seqs",
        "J2: what was appended is not shared with the caller",
        "J3: an append of which one body is refused leaves nothing",
        "J3 J6: an append that fails in the middle leaves all of it or nothing",
        "J5: a fenced life acknowledges nothing, shows nothing and disturbs nothing",
        "J6: after a failed write every append rejects with the first cause",
        "J6: after a failed sync every append rejects with the first cause",
        "J9: opening again and again changes nothing",
        "J11: of many openers at once, one ends up owning",
      ]
    `)
  })
  it('one commit per record', async () => {
    expect(await broken('autocommit-per-record')).toMatchInlineSnapshot(`
      [
        "J3 J6: an append that fails in the middle leaves all of it or nothing",
        "J6: after a failed sync every append rejects with the first cause",
      ]
    `)
  })
  it('synchronous = OFF under a claim of power', async () => {
    expect(await broken('synchronous-off')).toMatchInlineSnapshot(`
      [
        "J1: an append is synced before it is acknowledged, where power loss is claimed",
      ]
    `)
  })
  it('goes on after a commit that failed', async () => {
    expect(await broken('no-poison')).toMatchInlineSnapshot(`
      [
        "J6: after a failed write every append rejects with the first cause",
        "J6: after a failed sync every append rejects with the first cause",
      ]
    `)
  })
})
