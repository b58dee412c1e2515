/** Files that somebody hands over, and what a worker left in its directory, are data: they lead nowhere and change nothing. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readImage, type DirectoryImage } from '../../../harness/directory-image.ts'
import { judgeArtifact } from '../../../harness/report/artifact/judge.ts'
import { writeArtifact, type ArtifactSource } from '../../../harness/report/artifact/write.ts'
import { parseResult, stringifyResult } from '../../../harness/report/result/result.ts'
import { madeResult } from './made-result.ts'

const scratch = mkdtempSync(join(tmpdir(), 'killpoint-hostile-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const pollution = '"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}'

function isPolluted(): boolean {
  return 'polluted' in {}
}

describe('files that are handed over', () => {
  it('a hostile case file changes no prototype, and is told what is wrong with it', () => {
    const folder = join(scratch, 'case')
    mkdirSync(folder)
    for (const name of ['case.json', 'manifest.json'])
      writeFileSync(join(folder, name), `{${pollution}, "workload": {${pollution}}}`)
    expect(() => judgeArtifact(folder)).toThrow(
      expect.objectContaining({ code: 'ARTIFACT_INVALID' }),
    )
    expect(isPolluted()).toBe(false)
  })

  it('a result with members of a prototype is read without them', () => {
    const text = stringifyResult(madeResult()).replace('{', `{${pollution}, `)
    const result = parseResult(text, 'result.json')
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect('polluted' in result).toBe(false)
    expect(isPolluted()).toBe(false)
  })
})

describe('what a worker left', () => {
  it('a link is read as a link, and nothing behind it', async () => {
    const state = join(scratch, 'state')
    mkdirSync(state)
    writeFileSync(join(scratch, 'secret'), 'secret')
    symlinkSync(join(scratch, 'secret'), join(state, 'file'))
    symlinkSync('..', join(state, 'up'))
    const image = await readImage(state)
    expect([...image]).toEqual([
      ['file', { kind: 'symlink', target: join(scratch, 'secret') }],
      ['up', { kind: 'symlink', target: '..' }],
    ])
    const folder = join(scratch, 'linked')
    writeArtifact(folder, source(image))
    expect(readFileSync(join(folder, 'after', 'up.link.txt'), 'utf8')).toBe('..\n')
    expect(existsSync(join(folder, 'after', 'file'))).toBe(false)
  })

  it('no name leads out of an artifact, and no size over its limit', () => {
    const folder = join(scratch, 'deep', 'limited')
    const large = new Uint8Array(2 ** 21)
    const image: DirectoryImage = new Map([
      ['../../escaped', { kind: 'file', bytes: large }],
      ['/escaped', { kind: 'file', bytes: large }],
      ['a\u0000b', { kind: 'file', bytes: large }],
    ])
    writeArtifact(folder, { ...source(image), bytesMax: 2 ** 16 })
    expect(readdirSync(join(scratch, 'deep'))).toEqual(['limited'])
    expect(existsSync(join(scratch, 'escaped'))).toBe(false)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const bytes = files
      .filter((name) => name !== 'manifest.json')
      .map((name) => statSync(join(folder, name)))
      .filter((each) => each.isFile())
      .reduce((sum, { size }) => sum + size, 0)
    expect(bytes).toBeLessThanOrEqual(2 ** 16)
    const { cut } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
      readonly cut: readonly { readonly path: string }[]
    }
    expect(cut.map(({ path }) => path)).toEqual([
      'after/=2E=2E/=2E=2E/escaped',
      'after/escaped',
      'after/a=00b',
    ])
  })
})

/** Of a case that left this image; as much of it as an artifact looks at. */
function source(image: DirectoryImage): ArtifactSource {
  const run = { ledger: '', lives: [], images: new Map([[1, image]]) }
  const group = {
    scenario: { name: 'loop', livesMax: 2 },
    system: { name: 'worker', claims: [], takeoverMsMax: 0 },
    seed: 'abc',
    workload: {},
  }
  const report = { run, asked: { schedule: [] }, group, token: 'kp1', verdict: 'REDONE' }
  return {
    evidence: { report, control: { run } } as unknown as ArtifactSource['evidence'],
    text: 'a failure',
    environment: { killpoint: '0.1.0', node: '20.20.2', platform: 'linux x64', git: 'none' },
    siteOf: () => undefined,
  }
}
