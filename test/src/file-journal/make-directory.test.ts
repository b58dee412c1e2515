import { describe, expect, test } from 'vitest'
import { makeRunDirectory } from '../../../src/file-journal/make-directory.ts'
import { loseAll, type Op, type SimDisk } from '../../support/sim-disk.ts'
import { emptySimDisk } from '../../support/sim-journal.ts'

async function opsOf(disk: SimDisk, vouched?: string): Promise<readonly string[]> {
  const process = disk.process()
  await makeRunDirectory(process.fileSystem, '/data/a/b/run', vouched)
  return process.ops.filter(({ kind }) => kind !== 'exists').map(textOf)
}

describe('the run directory', () => {
  test('is made from the top, and each parent is synced before the next is made', async () => {
    expect(await opsOf(await emptySimDisk())).toEqual([
      'make-directory /data',
      'sync-directory /',
      'make-directory /data/a',
      'sync-directory /data',
      'make-directory /data/a/b',
      'sync-directory /data/a',
      'make-directory /data/a/b/run',
      'sync-directory /data/a/b',
    ])
  })

  test('that exists has its own entry synced again, and no other', async () => {
    const disk = await emptySimDisk()
    await opsOf(disk)
    expect(await opsOf(disk)).toEqual(['make-directory /data/a/b/run', 'sync-directory /data/a/b'])
  })

  test('has every directory synced up to the one that the caller vouches for', async () => {
    const disk = await emptySimDisk()
    await opsOf(disk)
    expect((await opsOf(disk, '/data')).filter((op) => op.startsWith('sync'))).toEqual([
      'sync-directory /data',
      'sync-directory /data/a',
      'sync-directory /data/a/b',
    ])
  })

  test('is durable whoever made which part of it and died at which op', async () => {
    const whole = (await emptySimDisk()).process()
    await makeRunDirectory(whole.fileSystem, '/data/a/b/run', undefined)
    for (const op of whole.ops) {
      for (const when of ['before', 'after'] as const) {
        const disk = await emptySimDisk()
        const dying = disk.process(({ number }) =>
          number === op.number ? { kind: 'die', when } : { kind: 'go' },
        )
        const made = makeRunDirectory(dying.fileSystem, '/data/a/b/run', undefined)
        await Promise.race([dying.death, made.catch(() => undefined)])
        await makeRunDirectory(disk.process().fileSystem, '/data/a/b/run', undefined)
        disk.losePower(loseAll)
        expect(disk.has('/data/a/b/run'), `after a death ${when} ${textOf(op)}`).toBe(true)
      }
    }
  })

  test('passes over a parent that it may not open and did not make', async () => {
    const disk = await emptySimDisk()
    const locked = disk.process(({ kind, path }) =>
      kind === 'sync-directory' && path === '/' ? { kind: 'fail', code: 'EACCES' } : { kind: 'go' },
    )
    await makeRunDirectory(locked.fileSystem, '/data/run', undefined)
    await expect(makeRunDirectory(locked.fileSystem, '/new', undefined)).rejects.toMatchObject({
      code: 'STORAGE',
    })
  })

  test('is not made below a directory that is vouched for and is not there', async () => {
    const { fileSystem } = (await emptySimDisk()).process()
    const made = makeRunDirectory(fileSystem, '/gone/a/run', '/gone/a')
    await expect(made).rejects.toMatchObject({ code: 'STORAGE' })
  })
})

function textOf({ kind, path }: Op): string {
  return `${kind} ${path}`
}
