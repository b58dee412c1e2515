import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCorpus, readSavedCase, saveCase } from '../../../harness/corpus/corpus.ts'
import {
  parseSavedCase,
  stringifySavedCase,
  type SavedCase,
} from '../../../harness/corpus/saved-case.ts'
import { UsageError } from '../../../harness/errors.ts'
import { parseSchedule } from '../../../harness/fault-parse.ts'

const saved: SavedCase = {
  token: 'kp1:loop:file:abc~0.3:posix:K8,K3+',
  scenario: 'loop',
  system: 'file',
  seed: 'abc',
  path: '0:3',
  profile: 'posix',
  workload: { root: { kind: 'step', id: 's1', effect: 'once' }, inFlightMax: 1 },
  named: {
    schedule: parseSchedule('K8,K3+'),
    ops: [
      { slot: 1, stream: '1', op: 8, is: [{ like: 'write run/#.log', nth: 2, of: 5 }] },
      { slot: 2, stream: '1', op: 3, is: [{ like: 'mark resolved', nth: 1, of: 1 }] },
    ],
  },
  verdict: 'REDONE',
  failure: 'REDONE S3 step once',
  digest: '0123456789abcdef',
  found: 'killpoint 0.1.0  node 20.20.2  linux x64  git none',
}

let directory: string
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'killpoint-corpus-'))))
afterEach(() => rmSync(directory, { recursive: true }))

function changed(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(stringifySavedCase(saved)), ...change })
}

function refusal(content: string): UsageError {
  try {
    parseSavedCase(content, 'one.json')
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('saved cases: files', () => {
  it('what was written is read back (V1)', () => {
    expect(parseSavedCase(stringifySavedCase(saved), 'one.json')).toEqual(saved)
    const { path: _, ...whole } = saved
    expect(parseSavedCase(stringifySavedCase(whole), 'one.json')).toEqual(whole)
  })

  it.each([
    [2, 'use the killpoint version that saved it, or a newer one'],
    [
      0,
      'replay its token with the killpoint version that saved it, and save it again with this one',
    ],
  ])('one of version %i is refused with both versions and what to do (V2)', (version, hint) => {
    expect(refusal(changed({ version }))).toMatchObject({
      code: 'CASE_VERSION',
      message: `one.json is a saved case of version ${version}; this build reads version 1\n  hint: ${hint}`,
    })
  })

  it('all mistakes are told at once (V2)', () => {
    const error = refusal(changed({ seed: 7, ops: [{ slot: 0 }], verdict: undefined }))
    expect(error.code).toBe('CASE_INVALID')
    for (const wrong of ['seed: ', 'ops.0.slot: ', 'ops.0.stream: ', 'verdict: '])
      expect(error.message).toContain(wrong)
  })

  it.each(['', '{', '[]', 'null', '{"a":1}'])('%j is no saved case', (content) => {
    expect(refusal(content).code).toBe('CASE_INVALID')
  })
})

describe('corpus: a directory of saved cases', () => {
  it('gives back what was saved, once per token', async () => {
    await saveCase(join(directory, 'new'), saved)
    const file = await saveCase(join(directory, 'new'), { ...saved, digest: 'later' })
    expect(await readCorpus(join(directory, 'new'))).toEqual([
      { file, saved: { ...saved, digest: 'later' } },
    ])
    expect(readdirSync(join(directory, 'new'))).toHaveLength(1)
  })

  it('is empty where there is no directory', async () => {
    expect(await readCorpus(join(directory, 'none'))).toEqual([])
  })

  it('names the file that cannot be used', async () => {
    writeFileSync(join(directory, 'bad.json'), changed({ version: 9 }))
    await expect(readCorpus(directory)).rejects.toThrow(/bad\.json is a saved case of version 9/)
  })

  it('what cannot be read is told with its path, and what it should have been', async () => {
    await expect(readSavedCase(directory)).rejects.toMatchObject({
      code: 'CASE_INVALID',
      message: expect.stringContaining(`${directory} cannot be read: EISDIR`),
    })
    const file = join(directory, 'file')
    writeFileSync(file, '')
    await expect(readCorpus(file)).rejects.toMatchObject({
      code: 'CASE_INVALID',
      message: expect.stringContaining('the corpus cannot be read: ENOTDIR'),
    })
  })
})
