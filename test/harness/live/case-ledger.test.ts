import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readLedger } from '../../../harness/ledger.ts'
import { CaseLedger } from '../../../harness/live/case-ledger.ts'
import type { HarnessMark } from '../../../harness/mark.ts'

let directory = ''
let path = ''
let ledger: CaseLedger
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'killpoint-ledger-'))
  path = join(directory, 'ledger.jsonl')
  ledger = new CaseLedger(path)
})
afterEach(() => {
  ledger.close()
  rmSync(directory, { recursive: true })
})

const life = (number: number): HarnessMark => ({
  mark: 'life',
  life: number,
  pid: 1,
  verb: 'run',
  takeover: 'if-dead',
  clockMs: 0,
  realMs: 0,
})
const exit = (number: number): HarnessMark => ({
  mark: 'exit',
  life: number,
  code: null,
  signal: 'SIGKILL',
  realMs: 1,
})
const begin = (number: number): string => `${JSON.stringify({ mark: 'begin', life: number })}\n`

describe('case ledger', () => {
  it('follows whole lines only, each once', () => {
    ledger.append(life(1))
    appendFileSync(path, begin(1).slice(0, 5))
    expect(ledger.follow().map(({ mark }) => mark)).toEqual(['life'])
    appendFileSync(path, begin(1).slice(5))
    expect(ledger.follow().map(({ mark }) => mark)).toEqual(['begin'])
    expect(ledger.follow()).toEqual([])
  })

  it('keeps characters whole that were written in two parts', () => {
    const line = Buffer.from(`${JSON.stringify({ mark: 'note', life: 1, text: 'é€' })}\n`)
    const cut = line.indexOf(0xe2) + 1
    appendFileSync(path, line.subarray(0, cut))
    expect(ledger.follow()).toEqual([])
    appendFileSync(path, line.subarray(cut))
    expect(ledger.follow()).toEqual([{ mark: 'note', life: 1, text: 'é€' }])
  })

  it('writes its own mark on a new line where a death tore one', () => {
    ledger.append(life(1))
    appendFileSync(path, begin(1).slice(0, 5))
    ledger.append(exit(1))
    const { entries, problems } = readLedger(ledger.bytes())
    expect(entries.map(({ mark }) => mark.mark)).toEqual(['life', 'exit'])
    expect(problems.map(({ kind }) => kind)).toEqual(['torn'])
  })

  it('moves a life mark in front of what a quick process wrote before it', () => {
    ledger.append(life(1))
    appendFileSync(path, begin(2))
    appendFileSync(path, begin(1))
    ledger.append(life(2))
    const { entries } = readLedger(ledger.bytes())
    expect(entries.map(({ mark }) => `${mark.mark} ${mark.life}`)).toEqual([
      'life 1',
      'life 2',
      'begin 2',
      'begin 1',
    ])
  })

  it('leaves lines that are no marks to the reader of the whole', () => {
    appendFileSync(path, 'hello\n[1]\n{"mark":1}\n')
    expect(ledger.follow()).toEqual([])
    expect(readLedger(ledger.bytes()).problems).toHaveLength(3)
  })
})
