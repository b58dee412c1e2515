import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { whyNoDirectory, whyNoFile } from '../../../harness/commands/writable.ts'
import { cli } from './cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'killpoint-writable-'))
afterAll(() => rmSync(directory, { recursive: true }))
const there = join(directory, 'file')
writeFileSync(there, '')

describe('a path that is to be written', () => {
  it.each([directory, join(directory, 'new'), join(directory, 'new', 'below')])(
    'may be a directory, there or to be made: %s',
    (path) => expect(whyNoDirectory(path)).toBeUndefined(),
  )

  it.each([there, join(directory, 'new'), join(directory, 'new', 'below'), '/dev/stdout'])(
    'may be a file, there or to be made: %s',
    (path) => expect(whyNoFile(path)).toBeUndefined(),
  )

  it('is no directory where a file is, or above it, and none without a name', () => {
    expect(whyNoDirectory(there)).toBe(`expected a directory, and ${there} is none.`)
    expect(whyNoDirectory(join(there, 'a', 'b'))).toBe(
      `expected a directory, and ${there} is none.`,
    )
    expect(whyNoDirectory('')).toContain('got nothing')
  })

  it('is no file where a directory is, or a file above it, and none without a name', () => {
    expect(whyNoFile(directory)).toBe(`expected a file, and ${directory} is a directory.`)
    expect(whyNoFile(join(there, 'a'))).toBe(`expected a directory, and ${there} is none.`)
    expect(whyNoFile('')).toContain('got nothing')
  })

  it('is looked at before anything runs', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    for (const wrong of [
      ['--out', there],
      ['--junit', directory],
    ] as const) {
      const { code, stderr, stdout } = await cli(['run', ...wrong], root)
      expect([code, stdout]).toEqual([3, ''])
      expect(stderr).toContain(`error: option '${wrong[0]} <`)
      expect(stderr).toMatch(/is invalid\. expected a (directory|file), and/)
    }
  })
})
