/** Synchronous forms. */
import * as named from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createTruncate, file, form, opened } from './form.ts'
import type { Form } from './form.ts'

// References taken early, and the CommonJS face of the same module: none of them may slip past the door.
const { writeSync: captured } = named
const common = createRequire(import.meta.url)('fs') as typeof named
const bytes = Buffer.from('abcde')
const parts = [Buffer.from('ab'), Buffer.from('cde')]

/** Synchronous forms. */
export const syncForms: readonly Form[] = [
  form('openSync w', [createTruncate], (d) => opened(d, 'w', () => undefined)),
  form('openSync a', ['open f create'], (d) => opened(d, 'a', () => undefined)),
  form('openSync wx', ['open f exclusive truncate'], (d) => opened(d, 'wx', () => undefined)),
  form('openSync r+', [], (d) => opened(d, 'r+', () => undefined), file),
  form(
    'writeSync string',
    ['write f +3 bytes at 0'],
    (d) => opened(d, 'r+', (fd) => named.writeSync(fd, 'äb')),
    file,
  ),
  form(
    'writeSync string at a position, in an encoding',
    ['write f +2 bytes at 3'],
    (d) => opened(d, 'r+', (fd) => named.writeSync(fd, '6162', 3, 'hex')),
    file,
  ),
  form(
    'writeSync buffer part at a position',
    ['write f +3 bytes at 2'],
    (d) => opened(d, 'r+', (fd) => named.writeSync(fd, bytes, 1, 3, 2)),
    file,
  ),
  form(
    'writeSync one after the other',
    [createTruncate, 'write f +5 bytes at 0', 'write f +2 bytes at 5'],
    (d) =>
      opened(d, 'w', (fd) => {
        named.writeSync(fd, bytes)
        named.writeSync(fd, 'xy')
      }),
  ),
  form(
    'writeSync after reading',
    ['write f +5 bytes at 4'],
    (d) =>
      opened(d, 'r+', (fd) => {
        named.readSync(fd, Buffer.alloc(4))
        named.writeSync(fd, bytes)
      }),
    file,
  ),
  form(
    'writeSync with O_DSYNC',
    ['open f exclusive', 'write f +5 bytes at 0, synced', 'write f +2 bytes at 9, synced'],
    (d) => {
      const { O_RDWR, O_CREAT, O_EXCL, O_DSYNC } = named.constants
      return opened(d, O_RDWR | O_CREAT | O_EXCL | O_DSYNC, (fd) => {
        named.writeSync(fd, bytes)
        named.writeSync(fd, 'xy', 9)
      })
    },
  ),
  form(
    'writeSync rs+',
    ['write f +5 bytes at 0, synced', 'truncate f to 2 bytes'],
    (d) =>
      opened(d, 'rs+', (fd) => {
        named.writeSync(fd, bytes)
        named.ftruncateSync(fd, 2)
      }),
    file,
  ),
  form('writeFileSync as', ['open f create', 'write f +3 bytes at 0, synced'], (d) =>
    named.writeFileSync(join(d, 'f'), 'abc', { flag: 'as' }),
  ),
  form(
    'writeSync appending',
    ['open f create', 'write f +5 bytes at 10'],
    (d) => opened(d, 'a', (fd) => named.writeSync(fd, bytes)),
    file,
  ),
  form(
    'writevSync',
    ['write f +5 bytes at 1'],
    (d) => opened(d, 'r+', (fd) => named.writevSync(fd, parts, 1)),
    file,
  ),
  form('fsyncSync', ['sync f'], (d) => opened(d, 'r+', (fd) => named.fsyncSync(fd)), file),
  form(
    'fdatasyncSync',
    ['datasync f'],
    (d) => opened(d, 'r+', (fd) => named.fdatasyncSync(fd)),
    file,
  ),
  form('fsyncSync of a directory', ['sync directory .'], (d) => {
    const fd = named.openSync(d, 'r')
    named.fsyncSync(fd)
    named.closeSync(fd)
  }),
  form(
    'ftruncateSync',
    ['truncate f to 4 bytes'],
    (d) => opened(d, 'r+', (fd) => named.ftruncateSync(fd, 4)),
    file,
  ),
  form('truncateSync', ['truncate f to 4 bytes'], (d) => named.truncateSync(join(d, 'f'), 4), file),
  form('writeFileSync string', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    named.writeFileSync(join(d, 'f'), 'äb'),
  ),
  form('writeFileSync buffer', [createTruncate, 'write f +5 bytes at 0'], (d) =>
    named.writeFileSync(join(d, 'f'), bytes),
  ),
  form('writeFileSync in an encoding', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    named.writeFileSync(join(d, 'f'), 'abc', 'latin1'),
  ),
  form(
    'writeFileSync to a descriptor',
    ['write f +3 bytes at 0'],
    (d) => opened(d, 'r+', (fd) => named.writeFileSync(fd, 'abc')),
    file,
  ),
  form('writeFileSync with flush', [createTruncate, 'write f +5 bytes at 0', 'sync f'], (d) =>
    named.writeFileSync(join(d, 'f'), bytes, { flush: true }),
  ),
  form(
    'appendFileSync',
    ['open f create', 'write f +3 bytes at 10'],
    (d) => named.appendFileSync(join(d, 'f'), 'abc'),
    file,
  ),
  form(
    'copyFileSync',
    ['open g create', 'truncate g to 0 bytes', 'fchmod g', 'write g +10 bytes at 0'],
    (d) => named.copyFileSync(join(d, 'f'), join(d, 'g')),
    file,
  ),
  form(
    'copyFileSync exclusive',
    ['open g exclusive', 'fchmod g', 'write g +10 bytes at 0'],
    (d) => named.copyFileSync(join(d, 'f'), join(d, 'g'), named.constants.COPYFILE_EXCL),
    file,
  ),
  form('renameSync', ['rename f -> g'], (d) => named.renameSync(join(d, 'f'), join(d, 'g')), file),
  form('linkSync', ['link f -> g'], (d) => named.linkSync(join(d, 'f'), join(d, 'g')), file),
  form('symlinkSync', ['symlink g -> f'], (d) => named.symlinkSync('f', join(d, 'g'))),
  form('unlinkSync', ['unlink f'], (d) => named.unlinkSync(join(d, 'f')), file),
  form('mkdirSync', ['mkdir a'], (d) => named.mkdirSync(join(d, 'a'))),
  form('mkdirSync recursive', ['mkdir a', 'mkdir a/b', 'mkdir a/b/c'], (d) =>
    named.mkdirSync(join(d, 'a/b/c'), { recursive: true }),
  ),
  form('mkdirSync recursive where it is already', [], (d) =>
    named.mkdirSync(d, { recursive: true }),
  ),
  form('mkdtempSync', ['mkdir t-AAAAA0'], (d) => named.mkdtempSync(join(d, 't-'))),
  form(
    'rmdirSync',
    ['rmdir a'],
    (d) => named.rmdirSync(join(d, 'a')),
    (d) => named.mkdirSync(join(d, 'a')),
  ),
  form('rmSync of a file', ['unlink f'], (d) => named.rmSync(join(d, 'f')), file),
  form('rmSync of nothing, forced', [], (d) => named.rmSync(join(d, 'nothing'), { force: true })),
  form('chmodSync', ['chmod f'], (d) => named.chmodSync(join(d, 'f'), 0o600), file),
  form('utimesSync', ['utimes f'], (d) => named.utimesSync(join(d, 'f'), 1, 1), file),
  form(
    'fchmodSync',
    ['fchmod f'],
    (d) => opened(d, 'r+', (fd) => named.fchmodSync(fd, 0o600)),
    file,
  ),
  form(
    'a reference taken early',
    ['write f +3 bytes at 0'],
    (d) => opened(d, 'r+', (fd) => captured(fd, 'abc')),
    file,
  ),
  form(
    "require('fs')",
    ['write f +3 bytes at 0'],
    (d) => opened(d, 'r+', (fd) => common.writeSync(fd, 'abc')),
    file,
  ),
  form('a buffer as path', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    named.writeFileSync(Buffer.from(join(d, 'f')), 'abc'),
  ),
]
