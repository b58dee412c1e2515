import { describe, expect, it } from 'vitest'
import { annotations } from '../../../harness/report/annotations.ts'
import { safePath } from '../../../harness/report/artifact/safe-path.ts'
import { junit } from '../../../harness/report/junit.ts'
import { progressLine } from '../../../harness/report/progress-line.ts'
import { placeOf } from '../../../harness/report/result/place.ts'
import { summary } from '../../../harness/report/summary.ts'
import { hostile, madeResult } from './made-result.ts'

describe('annotations', () => {
  it('stand at the guilty line, and a stale case warns', () => {
    expect(annotations(madeResult(), 'packages/store/')).toEqual([
      '::error file=packages/store/src/journal.ts,line=88,title=LOST_COMMIT%3A loop × file::record 1 is gone x%0Aop 6 was never synced: x%0Anpx killpoint replay kp1:loop:file:abc:posix:P6',
      '::warning file=packages/store/corpus/x.json,title=stale saved case::stale: x',
    ])
  })

  it('no text of a worker begins a command of its own, or ends one early', () => {
    for (const line of annotations(madeResult({ text: `a\n::error::b\r%0A${hostile}` }))) {
      expect(line).not.toMatch(/[\r\n]/)
      expect(line).toMatch(/^::(?:error|warning) /)
      expect(line).toContain('%250A')
    }
  })
})

describe('JUnit', () => {
  it('counts what it holds: failures, stale cases and skipped scenarios', () => {
    const xml = junit(madeResult())
    expect(xml).toContain(
      '<testsuites name="killpoint gate" tests="4" failures="2" errors="0" skipped="2">',
    )
    expect(xml).toContain('<failure message="LOST_COMMIT: 3 cases are no pass">✗ loop × file')
  })

  it('stays well-formed whatever it is told, and holds no character that XML forbids', () => {
    const xml = junit(madeResult({ text: `${hostile}\u0000\ud800` }))
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
    expect(xml.isWellFormed()).toBe(true)
    const text = xml.replaceAll(
      /<\/?(?:\?xml|testsuites?|testcase|properties|property|failure|error|skipped)\b[^<>]*>/g,
      '',
    )
    expect(text).not.toMatch(/[<>]/)
    expect(text).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#13;)/)
  })
})

describe('summary', () => {
  it('says verdict, numbers and each failure in full, in a block that nothing ends', () => {
    const text = summary(madeResult({ text: '```' }))
    expect(text).toMatch(/^## ❌ killpoint gate: LOST_COMMIT\n/)
    expect(text).toContain('40 cases with 40 real processes killed, 9 crash states recovered')
    expect(text).toMatch(/\n````text\n✗ loop × file/)
  })

  it('no text of a worker is markup in it', () => {
    const outside = summary(madeResult({ text: hostile }))
      .split(/\n`{3,}(?:text)?\n/)
      .filter((_, part) => part % 2 === 0)
    expect(outside.join('\n')).not.toMatch(/<(?:script|img|!--)/)
  })

  it('is short where it would be too long to be shown', () => {
    expect(summary(madeResult({ text: 'x'.repeat(1_000_000) })).length).toBeLessThan(1_000)
  })
})

describe('places', () => {
  it.each([
    ['src/journal.ts:88 < src/loop.ts:12', { file: 'src/journal.ts', line: 88 }],
    ['harness/worker.ts:59 < src/store.ts:4', { file: 'src/store.ts', line: 4 }],
    ['/elsewhere/a.ts:1 < node_modules/x/y.js:2 < app.ts:3', { file: 'app.ts', line: 3 }],
    ['/elsewhere/a.ts:1', undefined],
    [undefined, undefined],
  ])('%s', (site, place) => {
    expect(placeOf(site)).toEqual(place)
  })
})

describe('names of files in an artifact', () => {
  it.each([
    ['../../etc/passwd', '=2E=2E/=2E=2E/etc/passwd'],
    ['/abs', 'abs'],
    ['a\u0000b\n', 'a=00b=0A'],
    ['run/000001.log', 'run/000001.log'],
    ['', '='],
  ])('%j becomes %s', (path, safe) => {
    expect(safePath(path)).toBe(safe)
  })
})

describe('progress', () => {
  it('tells cases, failures, rate, what is left', () => {
    const known = { done: 120, expected: 720, failed: 2, elapsedMs: 4_000, what: 'loop × file' }
    expect(progressLine(known)).toBe('120/~720 cases  2 failed  30/s  ~20 s left  loop × file')
    expect(progressLine({ ...known, leftMs: 9_000, findings: 3, scenariosLeft: 4 })).toBe(
      '120/~720 cases  2 failed  3 findings  30/s  ~9 s left  4 to explore  loop × file',
    )
  })

  it('tells no rate before there is one', () => {
    expect(progressLine({ done: 1, failed: 0, elapsedMs: 3, what: 'x' })).toBe(
      '1 cases  0 failed  x',
    )
  })
})
