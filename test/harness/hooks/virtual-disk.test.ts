/**
 * A disk in memory against the kernel's own: the same calls give the same results, the same errors and the same directory. It is like
 * Linux, so elsewhere there is nothing to compare it with.
 */
import { constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { compareImages, readImage } from '../../../harness/directory-image.ts'
import type { Disk, RawStat } from '../../../harness/hooks/disk.ts'
import { stateDirectory } from '../../../harness/hooks/paths.ts'
import { realDisk } from '../../../harness/hooks/real-disk.ts'
import { VirtualDisk } from '../../../harness/hooks/virtual-disk.ts'

const directory = mkdtempSync(join(tmpdir(), 'killpoint-virtual-disk-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } =
  constants

/** Few names, so that calls meet. */
const name = fc.constantFrom('a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'l', 'l/a', 'no/a', 'a/x')
/** Of the descriptors that are open. */
const nth = fc.nat(7)
const flags = fc
  .tuple(
    fc.constantFrom(O_RDONLY, O_WRONLY, O_RDWR),
    fc.subarray([O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_TRUNC]),
  )
  .map(([access, more]) => more.reduce((sum, each) => sum | each, access))
  // What it does to a file that is there is left to the implementation.
  .filter((all) => (all & O_TRUNC) === 0 || (all & 3) !== O_RDONLY)
  .filter((all) => (all & O_DIRECTORY) === 0 || (all & O_CREAT) === 0)
const position = fc.option(fc.nat(40), { nil: null })

/** One call; `open`: descriptors of this disk so far. What it gives is compared. */
type Call = (disk: Disk, at: (name: string) => string, open: number[]) => unknown

const calls: fc.Arbitrary<readonly [string, Call]> = fc.oneof(
  fc.tuple(name, flags).map(([path, flag]): [string, Call] => [
    `open ${path} ${flag.toString(8)}`,
    (disk, at, open) => {
      open.push(disk.open(at(path), flag, 0o644))
    },
  ]),
  fc
    .tuple(nth, fc.string({ maxLength: 20 }), position)
    .map(([which, text, to]): [string, Call] => [
      `write #${which} ${JSON.stringify(text)} at ${to}`,
      (disk, _, open) => disk.write(descriptor(open, which), Buffer.from(text), to),
    ]),
  fc
    .tuple(nth, fc.integer({ min: -1, max: 40 }), fc.integer({ min: 1, max: 30 }))
    .map(([which, from, length]): [string, Call] => [
      `read #${which} ${length} at ${from}`,
      (disk, _, open) => {
        const into = Buffer.alloc(length)
        const count = disk.read(descriptor(open, which), into, from)
        return [count, into.toString('hex')]
      },
    ]),
  fc
    .tuple(nth, fc.nat(40))
    .map(([which, length]): [string, Call] => [
      `truncate #${which} ${length}`,
      (disk, _, open) => disk.truncate(descriptor(open, which), length),
    ]),
  fc
    .tuple(nth, fc.constantFrom('sync', 'datasync', 'close', 'fstat'))
    .map(([which, call]): [string, Call] => [
      `${call} #${which}`,
      (disk, _, open) => {
        const fd = descriptor(open, which)
        if (call === 'fstat') return shown(disk.fstat(fd, false))
        if (call === 'close' && open.includes(fd)) open.splice(open.indexOf(fd), 1)
        if (call === 'close') disk.close(fd)
        else if (call === 'sync') disk.sync(fd)
        else disk.datasync(fd)
        return undefined
      },
    ]),
  fc
    .tuple(fc.constantFrom('rename', 'link'), name, name)
    .map(([call, from, to]): [string, Call] => [
      `${call} ${from} ${to}`,
      (disk, at) =>
        call === 'rename' ? disk.rename(at(from), at(to)) : disk.link(at(from), at(to)),
    ]),
  fc
    .tuple(fc.constantFrom('a', 'd', 'd/e', 'e', 'l', 'none'), name)
    .map(([target, path]): [string, Call] => [
      `symlink ${target} ${path}`,
      (disk, at) => disk.symlink(target, at(path), 0),
    ]),
  fc
    .tuple(
      fc.constantFrom(
        'unlink',
        'mkdir',
        'rmdir',
        'stat',
        'lstat',
        'readdir',
        'readlink',
        'realpath',
        'access',
      ),
      name,
    )
    .map(([call, path]): [string, Call] => [
      `${call} ${path}`,
      (disk, at) => byPath(disk, call, at(path)),
    ]),
)

function byPath(disk: Disk, call: string, path: string): unknown {
  if (call === 'unlink') return disk.unlink(path)
  if (call === 'mkdir') return disk.mkdir(path, 0o755)
  if (call === 'rmdir') return disk.rmdir(path)
  if (call === 'stat') return shown(disk.stat(path, false))
  if (call === 'lstat') return shown(disk.lstat(path, false))
  if (call === 'readdir') return [...(disk.readdir(path, 'utf8', false) as string[])].sort()
  if (call === 'readlink') return disk.readlink(path, 'utf8')
  if (call === 'realpath') return disk.realpath(path, 'utf8')
  return disk.access(path, constants.F_OK)
}

/** A descriptor that is not open where there are none. */
function descriptor(open: readonly number[], which: number): number {
  return open[which % Math.max(1, open.length)] ?? 999_999
}

const [modeAt, linksAt, sizeAt] = [1, 2, 8] as const

/** Kind; links and size of what is no directory: those of directories are the file system's own. */
function shown(stat: RawStat): unknown {
  const kind = Number(stat[modeAt]) & constants.S_IFMT
  return kind === constants.S_IFDIR ? [kind] : [kind, Number(stat[linksAt]), Number(stat[sizeAt])]
}

function outcome(call: () => unknown): unknown {
  try {
    return call() ?? 'done'
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    return `${code} ${syscall}`
  }
}

const isLinux = process.platform === 'linux'

it.skipIf(!isLinux)(
  'what a program sees of a disk in memory is what it sees of the kernel’s',
  async () => {
    let runs = 0
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { minLength: 5, maxLength: 40 }), async (sequence) => {
        const root = join(directory, `${(runs += 1)}`)
        const kernel = realDisk({ own: undefined, raw: undefined })
        kernel.mkdir(root, 0o755)
        const memory = new VirtualDisk(stateDirectory(root), new Map(), kernel)
        const at = (path: string): string => `${root}/${path}`
        const open: { kernel: number[]; memory: number[] } = { kernel: [], memory: [] }
        try {
          for (const [text, call] of sequence) {
            const real = outcome(() => call(kernel, at, open.kernel))
            expect([text, outcome(() => call(memory, at, open.memory))]).toEqual([text, real])
          }
          expect(compareImages(memory.image(), await readImage(root))).toEqual([])
        } finally {
          for (const fd of open.kernel) kernel.close(fd)
        }
      }),
      { numRuns: 1000 },
    )
  },
)
