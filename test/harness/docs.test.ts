/** What the documents say is what the code does. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { faultExcuses, invariantNeeds } from '../../harness/claims.ts'
import { parseFaults, parsePosition, parseSchedule } from '../../harness/fault-parse.ts'
import { stringifyFaults } from '../../harness/fault-text.ts'
import type { FaultKind } from '../../harness/fault.ts'
import { parseToken } from '../../harness/token.ts'
import { invariantNames, invariants } from '../../harness/verdict.ts'

function read(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
}

/** The texts in the first column of the tables below a heading, up to the next blank line after the table. */
function firstColumn(text: string, heading: string): readonly string[] {
  const after = text.slice(text.indexOf(heading) + heading.length)
  const table = after.slice(after.indexOf('\n|')).split('\n\n')[0] ?? ''
  return table
    .split('\n')
    .slice(3)
    .flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''),
    )
}

describe('docs/tokens.md', () => {
  const text = read('tokens.md')

  test('its example is a token', () => {
    expect(parseToken('kp1:loop:file:8f3c21~0.3:posix:K37/17,K12+').scenario).toBe('loop')
    expect(text).toContain('kp1:loop:file:8f3c21~0.3:posix:K37/17,K12+')
  })

  test('every position in it parses', () => {
    const positions = firstColumn(text, '**Positions.**')
    expect(positions.length).toBe(4)
    for (const position of positions) parsePosition(position)
  })

  test('every fault in it parses and is canonical, and every kind of fault is in it', () => {
    const texts = [
      ...firstColumn(text, '**Faults of a life.**'),
      ...firstColumn(text, '**Faults between lives**'),
    ]
    const faults = texts.flatMap((each) => {
      expect(stringifyFaults(parseFaults(each))).toBe(each)
      return parseFaults(each)
    })
    const kinds: Readonly<Record<FaultKind, true>> = {
      kill: true,
      'power-loss': true,
      'storage-error': true,
      'read-error': true,
      quota: true,
      'short-write': true,
      'lying-sync': true,
      'slow-sync': true,
      message: true,
      zombie: true,
      sigterm: true,
      outside: true,
      rival: true,
      'server-kill': true,
      heap: true,
      clock: true,
      rot: true,
      'pid-recycled': true,
      resumers: true,
    }
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(Object.keys(kinds)))
  })

  test('its error is the one that is printed', () => {
    expect(() => parseSchedule('Kx7')).toThrow(
      text.slice(text.indexOf('schedule: expected'), text.lastIndexOf('^') + 1),
    )
  })
})

describe('docs/invariants.md', () => {
  const text = read('invariants.md')

  test.each(invariantNames)(
    '%s has a section with its title, its verdict and its marks',
    (name) => {
      const { title, verdicts } = invariants[name]
      const start = text.indexOf(`### ${name} — ${title}`)
      expect(start).toBeGreaterThan(0)
      const section = text.slice(start, text.indexOf('\n###', start + 5))
      for (const verdict of verdicts) expect(section).toContain(`\`${verdict}\``)
      for (const mark of invariantNeeds[name].marks) expect(section).toContain(`\`${mark}\``)
      expect(section).toContain('**Not seen:**')
    },
  )

  test('every fault that excuses something is in its table', () => {
    for (const [kind, excuse] of Object.entries(faultExcuses)) {
      expect(text).toMatch(new RegExp(`\\| ${kind} +\\|`))
      for (const name of excuse?.invariants ?? []) expect(text).toContain(name)
    }
  })
})
