import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  defaultScratchParent,
  makeCaseDirectories,
  makeScratch,
  removeTree,
  strayNames,
} from '../../../harness/live/scratch.ts'
import { TroubleError } from '../../../harness/live/trouble.ts'

let parent = ''
beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'killpoint-scratch-'))))
afterEach(() => rmSync(parent, { recursive: true, force: true }))

describe('scratch', () => {
  it('lies in a directory that exists', () => {
    expect(existsSync(defaultScratchParent())).toBe(true)
  })

  it('gives each campaign and each case a directory of its own', () => {
    const [one, other] = [makeScratch(parent), makeScratch(parent)]
    expect(one).not.toBe(other)
    const made = makeCaseDirectories(one, 'c', '{}')
    for (const path of Object.values(made)) expect(existsSync(path)).toBe(true)
    expect(() => makeCaseDirectories(one, 'c', '{}')).toThrow(TroubleError)
  })

  it('has an absolute path, also where it was told relative to the working directory', () => {
    const root = makeScratch(relative(process.cwd(), parent))
    expect(dirname(root)).toBe(parent)
  })

  it('says what does not belong into the directory of a case', () => {
    const made = makeCaseDirectories(makeScratch(parent), 'c', '{}')
    expect(strayNames(made)).toEqual([])
    writeFileSync(join(made.root, 'stray'), '')
    writeFileSync(join(made.state, 'fine'), '')
    writeFileSync(join(made.temporary, 'fine'), '')
    expect(strayNames(made)).toEqual(['stray'])
  })

  it('says that a parent cannot be used', () => {
    writeFileSync(join(parent, 'file'), '')
    expect(() => makeScratch(join(parent, 'file', 'below'))).toThrow(/ENOTDIR/)
  })

  it('removes trees whatever modes and links are in them, and only them', () => {
    const tree = join(parent, 'tree')
    mkdirSync(join(tree, 'locked', 'below'), { recursive: true })
    writeFileSync(join(tree, 'locked', 'below', 'file'), '')
    writeFileSync(join(parent, 'outside'), '')
    symlinkSync(parent, join(tree, 'link'))
    symlinkSync('nowhere', join(tree, 'dangling'))
    chmodSync(join(tree, 'locked', 'below'), 0o000)
    chmodSync(join(tree, 'locked'), 0o500)
    removeTree(tree)
    expect(existsSync(tree)).toBe(false)
    expect(existsSync(join(parent, 'outside'))).toBe(true)
    removeTree(tree)
  })
})
