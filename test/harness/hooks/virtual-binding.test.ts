import fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { DirectoryImage } from '../../../harness/directory-image.ts'
import { internalBinding, type FsBinding } from '../../../harness/hooks/binding.ts'
import { stateDirectory } from '../../../harness/hooks/paths.ts'
import { realDisk } from '../../../harness/hooks/real-disk.ts'
import {
  layVirtualBinding,
  servedCalls,
  type VirtualSource,
} from '../../../harness/hooks/virtual-binding.ts'
import { layVirtualDirectories } from '../../../harness/hooks/virtual-directories.ts'
import { VirtualDisk } from '../../../harness/hooks/virtual-disk.ts'
import { scratch } from './run-worker.ts'

/** What is done by the hooks in the state directory, and refused elsewhere on the disk in memory. */
const takenApart = [
  'openFileHandle',
  'copyFile',
  'cpSyncOverrideFile',
  'cpSyncCopyDir',
  'CpDirJob',
  'ReadFileJob',
  'WriteFileJob',
]
/** What a life in memory is refused for. */
const refused = [
  'getFormatOfExtensionlessFile',
  'internalModuleReadJSON',
  'internalModuleStat',
  'legacyMainResolve',
  'readdirRecursive',
]
const classes = ['FSReqCallback', 'FileHandle', 'StatWatcher']

test('every function of the fs binding is answered in memory, taken apart, or refused: there is no new one', () => {
  const binding = internalBinding('fs') as Record<string, unknown>
  const known = new Set([...servedCalls, ...takenApart, ...refused, ...classes])
  const names = Object.keys(binding).filter((name) => typeof binding[name] === 'function')
  expect(names.length).toBeGreaterThan(40)
  expect(names.filter((name) => !known.has(name))).toEqual([])
})

describe('a directory in memory over a real one that holds something else', () => {
  const place = scratch()
  fs.writeFileSync(join(place, 'real'), 'real')
  const image: DirectoryImage = new Map([
    ['b', { kind: 'directory' }],
    ['a', { kind: 'file', bytes: Buffer.from('in memory') }],
    ['b/c', { kind: 'directory' }],
  ])
  const mount = stateDirectory(place)
  let disk: VirtualDisk | undefined
  let refusals: string[] = []
  const source: VirtualSource = {
    disk: () => disk,
    ledger: () => 0,
    ledgerFd: -1,
    files: new Map(),
    refuse: (why) => {
      refusals.push(why)
      return new Error(why)
    },
  }
  const binding = internalBinding('fs') as FsBinding
  layVirtualBinding(binding, source)
  layVirtualDirectories(source)
  const moduleStat = binding['internalModuleStat'] as (path: string) => unknown
  const inMemory = async <T>(run: () => Promise<T> | T): Promise<T> => {
    disk = new VirtualDisk(mount, image, realDisk({ own: undefined, raw: undefined }))
    return await run()
  }
  afterEach(() => {
    disk = undefined
    refusals = []
  })
  const shown = (entry: fs.Dirent | null): string | undefined =>
    entry === null ? undefined : `${entry.name}${entry.isDirectory() ? '/' : ''}`

  test('opendirSync shows what is in memory', async () => {
    const found = await inMemory(() => {
      const directory = fs.opendirSync(place)
      const all = [1, 2, 3].map(() => shown(directory.readSync()))
      directory.closeSync()
      return all
    })
    expect(found).toEqual(['a', 'b/', undefined])
  })

  test('opendir by callback and by promise does, and cp, which Node walks with it', async () => {
    const found = await inMemory(async () => {
      const called = await new Promise<fs.Dir>((resolve, reject) =>
        fs.opendir(place, (error, directory) => (error ? reject(error) : resolve(directory))),
      )
      const first = shown(await called.read())
      await called.close()
      const all: unknown[] = []
      for await (const entry of await fs.promises.opendir(place)) all.push(shown(entry))
      fs.cpSync(join(place, 'b'), join(place, 'copy'), { recursive: true, filter: () => true })
      return [first, ...all, fs.readdirSync(join(place, 'copy'))]
    })
    expect([found, refusals]).toEqual([['a', 'a', 'b/', ['c']], []])
  })

  test('what is not there is missing there, whatever the real one holds', async () => {
    const codes = await inMemory(() =>
      ['real', 'a'].map((name) => {
        try {
          return fs.opendirSync(join(place, name))
        } catch (error) {
          const { code, syscall } = error as NodeJS.ErrnoException
          return [code, syscall]
        }
      }),
    )
    expect(codes).toEqual([
      ['ENOENT', 'opendir'],
      ['ENOTDIR', 'opendir'],
    ])
  })

  test.each([
    ['start', () => fs.watch(place).close()],
    ['openAsBlob', () => fs.openAsBlob(join(place, 'real'))],
    ['internalModuleStat', () => moduleStat(join(place, 'real'))],
    ['opendir', () => fs.opendirSync(place, { recursive: true })],
  ] as const)('%s is refused, not answered by the real disk', async (name, run) => {
    await expect(inMemory<unknown>(run)).rejects.toThrow(name)
    expect(refusals).toHaveLength(1)
  })

  test('outside of lives the real one answers', async () => {
    expect(shown(fs.opendirSync(place).readSync())).toBe('real')
    expect(await (await fs.openAsBlob(join(place, 'real'))).text()).toBe('real')
  })
})
