import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { systemFileSystem as disk } from '../../src/file-system.ts'
import { temporaryDirectory } from '../support/bundle.ts'

const root = temporaryDirectory('file-system')
afterAll(() => fs.rmSync(root, { recursive: true }))

const at = (name: string): string => path.join(root, name)

describe('the real disk', () => {
  test('a directory is made once, by one', async () => {
    expect(await disk.makeDirectory(at('d'))).toBe('made')
    expect(await disk.makeDirectory(at('d'))).toBe('existed')
    await expect(disk.makeDirectory(at('x/y'))).rejects.toMatchObject({ code: 'ENOENT' })
    await disk.syncDirectory(at('d'))
    await expect(disk.syncDirectory(at('x'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('a file is created once, written at positions, synced, read, cut and closed', async () => {
    const file = await disk.create(at('f'))
    await expect(disk.create(at('f'))).rejects.toMatchObject({ code: 'EEXIST' })
    expect(file.write(Buffer.from('world'), 6)).toBe(5)
    expect(file.write(Buffer.from('hello '), 0)).toBe(6)
    await file.sync()
    expect(await file.size()).toBe(11)
    const target = Buffer.alloc(20)
    expect(await file.read(target, 0)).toBe(11)
    expect(target.toString('latin1', 0, 11)).toBe('hello world')
    expect(await file.read(target, 11)).toBe(0)
    await file.truncate(5)
    expect(await file.size()).toBe(5)
    await file.close()
  })

  test('a link needs a free name, a rename replaces, an unlink removes', async () => {
    fs.writeFileSync(at('a'), 'a')
    fs.writeFileSync(at('b'), 'b')
    await disk.link(at('a'), at('c'))
    await expect(disk.link(at('a'), at('b'))).rejects.toMatchObject({ code: 'EEXIST' })
    await disk.rename(at('a'), at('b'))
    expect(fs.readFileSync(at('b'), 'utf8')).toBe('a')
    await disk.unlink(at('b'))
    await expect(disk.unlink(at('b'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await disk.list(root)).toSorted()).toEqual(['c', 'd', 'f'])
    const read = await disk.open(at('c'))
    expect(await read.size()).toBe(1)
    await read.close()
  })

  test('what cannot be seen is not taken for absent', () => {
    expect(disk.exists(at('c'))).toBe(true)
    expect(disk.exists(at('nothing'))).toBe(false)
    expect(disk.exists(at('c/below a file'))).toBe(false)
    expect(() => disk.exists(at('x'.repeat(300)))).toThrow('ENAMETOOLONG')
    expect(disk.isVisible(at('c'))).toBe(true)
    expect(disk.isVisible(at('x'.repeat(300)))).toBe(false)
  })

  test('calls go through node:fs as it is when they are made', async () => {
    const { fdatasync } = fs
    let seen = 0
    fs.fdatasync = ((fd: number, done: fs.NoParamCallback) => {
      seen++
      fdatasync(fd, done)
    }) as typeof fs.fdatasync
    const file = await disk.create(at('wrapped'))
    await file.sync()
    await file.close()
    fs.fdatasync = fdatasync
    expect(seen).toBe(1)
  })
})
