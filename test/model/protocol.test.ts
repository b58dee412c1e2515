/**
 * The protocol of the file journal, walked state by state: clean as it is, and broken by each thing that is left out.
 *
 * Bounds: 3 lives, 2 appends each and 2 power losses, except that the world with a reader has 2 lives; `worlds.ts` has the rest.
 * `npm run model -- --wide` walks larger worlds.
 */
import fs from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { CHAPTERS } from './ablations.ts'
import { ASSUMPTIONS } from './assumptions.ts'
import type { Finding, Findings } from './findings.ts'
import { FREE_CHOICES } from './free-choices.ts'
import { regenerated, silentLosses } from './page.ts'
import { walked } from './walked.ts'
import { WORLDS } from './worlds.ts'

/** What a world must at least have to be worth walking. */
const STATES_MIN = 100_000

let findings: Findings

beforeAll(async () => {
  findings = await walked()
}, 240_000)

function finding(among: 'worlds' | 'ablations' | 'choices' | 'assumptions', name: string): Finding {
  const found = findings[among].find((one) => one.name === name)
  if (found === undefined) throw new Error(`nothing was found out about ${name}`)
  return found
}

describe('the protocol', () => {
  for (const { name, what } of WORLDS.filter(({ inTests }) => inTests)) {
    it(`breaks no law: ${name}: ${what}`, () => {
      const { trace, states } = finding('worlds', name)
      expect(trace).toBe('')
      expect(states).toBeGreaterThan(STATES_MIN)
    })

    it(`tells no reader that something is decided before it is acknowledged or recovered: ${name}`, () => {
      expect(finding('worlds', name).told).toBe(0)
    })
  }

  for (const { name, change } of FREE_CHOICES) {
    it(`may be changed: ${name}: ${change}`, () => {
      expect(finding('choices', name).trace).toBe('')
    })
  }
})

describe('leaving something out', () => {
  for (const { name, change, law } of CHAPTERS.flatMap(({ ablations }) => ablations)) {
    it(`${name} breaks ${law}: ${change}`, () => {
      const { law: broken, trace } = finding('ablations', name)
      expect(broken, trace).toBe(law)
    })
  }

  for (const { name, law, claim } of ASSUMPTIONS) {
    it(`${name} breaks ${law} where it does not hold: ${claim}`, () => {
      expect(finding('assumptions', name).law).toBe(law)
    })
  }

  it('is told in docs/protocol.md as `npm run model -- --docs` writes it', () => {
    const page = fs.readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
    expect(page).toBe(regenerated(page, findings))
  })
})

describe('a medium that destroys what was durable', () => {
  it('is silent about acknowledged batches in two places only', () => {
    expect(silentLosses(findings.limits)).toEqual([
      'the last batch of S',
      'the name of S, which has batches',
    ])
  })

  it('would be silent about more if something whole behind something bad proved nothing', () => {
    expect(silentLosses(findings.credulous)).toEqual(
      expect.arrayContaining([
        'the header of S, with something whole behind it',
        'the last batch of S, which closed',
        'the seal of S, with something whole behind it',
      ]),
    )
  })

  it('is loud, whatever it destroys, in front of something whole', () => {
    const inFront = findings.limits.filter(({ piece }) =>
      /something whole behind it$|which closed$/.test(piece),
    )
    expect(inFront.map(({ piece }) => piece)).toEqual([
      'an earlier batch of S, which closed',
      'the header of S, with something whole behind it',
      'the last batch of S, which closed',
      'the seal of S, with something whole behind it',
    ])
    for (const { loud, harmless, silent } of inFront) {
      expect({ loud, harmless, silent }).toEqual({ loud: true, harmless: false, silent: [] })
    }
  })
})
