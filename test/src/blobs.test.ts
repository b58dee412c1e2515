import { describe, expect, test } from 'vitest'
import { type BlobStore, blobStore } from '../../src/blobs.ts'
import { sha256 } from '../../src/checksum.ts'
import type { FileSystem } from '../../src/file-system.ts'
import { keepAll, loseAll, type Op, type OpKind, type SimDisk } from '../support/sim-disk.ts'
import { emptySimDisk } from '../support/sim-journal.ts'

const content = Buffer.from('a large payload')
const name = sha256(content)
const path = `/data/blobs/${name}`

let nonces = 0

function storeOn(fileSystem: FileSystem): BlobStore {
  return blobStore(fileSystem, '/data/blobs', () => `n${++nonces}`)
}

describe('a blob', () => {
  test('is found by its name and length, and nothing else is left behind', async () => {
    const disk = await emptySimDisk()
    const store = storeOn(disk.process().fileSystem)
    expect(await store.put([content])).toEqual([{ name, length: content.length }])
    expect(await store.get(name, content.length)).toEqual({ kind: 'found', bytes: content })
    expect(await store.get(sha256(Buffer.from('other')), 5)).toEqual({ kind: 'missing' })
    expect(disk.paths().filter((each) => each.startsWith('/data/blobs/'))).toEqual([path])
  })

  test('is synced before it is published, and published before the directory is synced', async () => {
    const disk = await emptySimDisk()
    const ops: Op[] = []
    const { fileSystem } = disk.process((op) => {
      ops.push(op)
      return { kind: 'go' }
    })
    await storeOn(fileSystem).put([content])
    const kinds: readonly OpKind[] = [
      'make-directory',
      'sync-directory',
      'create',
      'write',
      'sync',
      'close',
      'link',
      'unlink',
      'sync-directory',
    ]
    expect(ops.map(({ kind }) => kind)).toEqual(kinds)
    expect(ops.at(-1)?.path).toBe('/data/blobs')
  })

  test('put with others costs no directory sync of its own', async () => {
    const disk = await emptySimDisk()
    const ops: Op[] = []
    const { fileSystem } = disk.process((op) => {
      ops.push(op)
      return { kind: 'go' }
    })
    const contents = [content, Buffer.from('another'), content]
    const stored = await storeOn(fileSystem).put(contents)
    expect(ops.filter(({ kind }) => kind === 'sync-directory')).toHaveLength(2)
    disk.losePower(loseAll)
    const { get } = storeOn(disk.process().fileSystem)
    for (const [index, each] of stored.entries())
      expect(await get(each.name, each.length)).toEqual({ kind: 'found', bytes: contents[index] })
  })

  test('that is there already is made durable again, since its maker may have died', async () => {
    const disk = await emptySimDisk()
    const { fileSystem } = disk.process()
    await fileSystem.makeDirectory('/data/blobs')
    const file = await fileSystem.create(path)
    file.write(content, 0)
    await file.sync()
    await storeOn(disk.process().fileSystem).put([content])
    disk.losePower(loseAll)
    const found = await storeOn(disk.process().fileSystem).get(name, content.length)
    expect(found.kind).toBe('found')
  })

  test('that is damaged is told, and replaced when it is put again', async () => {
    const disk = await emptySimDisk()
    const store = storeOn(disk.process().fileSystem)
    await store.put([content])
    for (const spoil of [
      (bytes: Buffer) => bytes.fill('X', 2, 3),
      (bytes: Buffer) => bytes.subarray(1),
      () => Buffer.alloc(0),
    ]) {
      disk.damage(path, spoil)
      expect((await store.get(name, content.length)).kind).toBe('damaged')
      await store.put([content])
      expect((await store.get(name, content.length)).kind).toBe('found')
    }
  })
})

test('a put that stops at any op leaves the blob whole or absent, and can be done again', async () => {
  const ops = await opsOf(await emptySimDisk())
  for (let number = 1; number <= ops; number++) {
    for (const when of ['before', 'after'] as const) {
      for (const keep of [keepAll, loseAll]) {
        const disk = await emptySimDisk()
        const process = disk.process((op) =>
          op.number === number ? { kind: 'die', when } : { kind: 'go' },
        )
        const put = storeOn(process.fileSystem).put([content])
        await Promise.race([process.death, put.catch(() => undefined)])
        disk.losePower(keep)
        const next = storeOn(disk.process().fileSystem)
        expect(['found', 'missing']).toContain((await next.get(name, content.length)).kind)
        await next.put([content])
        disk.losePower(loseAll)
        const last = storeOn(disk.process().fileSystem)
        expect((await last.get(name, content.length)).kind).toBe('found')
      }
    }
  }
})

async function opsOf(disk: SimDisk): Promise<number> {
  const process = disk.process()
  await storeOn(process.fileSystem).put([content])
  return process.ops.length
}
