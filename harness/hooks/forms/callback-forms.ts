/** Forms that call back, and write streams. */
import * as named from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { calledBack, createTruncate, file, form, waitFor } from './form.ts'
import type { Form } from './form.ts'

const { write: capturedWrite } = named
const bytes = Buffer.from('abcde')
const parts = [Buffer.from('ab'), Buffer.from('cde')]

/** Forms that call back. */
export const callbackForms: readonly Form[] = [
  form(
    'open',
    ['open f exclusive truncate'],
    (d) =>
      new Promise((resolve, reject) => {
        named.open(join(d, 'f'), 'wx', (error, fd) => {
          if (error === null) named.close(fd, resolve)
          else reject(error)
        })
      }),
  ),
  form(
    'write string',
    ['write f +3 bytes at 2'],
    (d) => calledBack(d, (fd, done) => named.write(fd, 'abc', 2, 'utf8', done)),
    file,
  ),
  form(
    'write buffer',
    ['write f +3 bytes at 2'],
    (d) => calledBack(d, (fd, done) => named.write(fd, bytes, 1, 3, 2, done)),
    file,
  ),
  form(
    'writev',
    ['write f +5 bytes at 0'],
    (d) => calledBack(d, (fd, done) => named.writev(fd, parts, done)),
    file,
  ),
  form('fsync', ['sync f'], (d) => calledBack(d, (fd, done) => named.fsync(fd, done)), file),
  form(
    'fdatasync',
    ['datasync f'],
    (d) => calledBack(d, (fd, done) => named.fdatasync(fd, done)),
    file,
  ),
  form(
    'ftruncate',
    ['truncate f to 4 bytes'],
    (d) => calledBack(d, (fd, done) => named.ftruncate(fd, 4, done)),
    file,
  ),
  form(
    'truncate',
    ['truncate f to 4 bytes'],
    (d) => waitFor((done) => named.truncate(join(d, 'f'), 4, done)),
    file,
  ),
  form('writeFile', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    waitFor((done) => named.writeFile(join(d, 'f'), 'abc', done)),
  ),
  form('writeFile as', ['open f create', 'write f +3 bytes at 0, synced'], (d) =>
    waitFor((done) => named.writeFile(join(d, 'f'), 'abc', { flag: 'as' }, done)),
  ),
  form('writeFile exclusive', ['open f exclusive truncate', 'write f +3 bytes at 0'], (d) =>
    waitFor((done) => named.writeFile(join(d, 'f'), 'abc', { flag: 'wx' }, done)),
  ),
  form(
    'appendFile',
    ['open f create', 'write f +3 bytes at 10'],
    (d) => waitFor((done) => named.appendFile(join(d, 'f'), 'abc', done)),
    file,
  ),
  form(
    'copyFile',
    ['open g create', 'truncate g to 0 bytes', 'fchmod g', 'write g +10 bytes at 0'],
    (d) => waitFor((done) => named.copyFile(join(d, 'f'), join(d, 'g'), done)),
    file,
  ),
  form(
    'rename',
    ['rename f -> g'],
    (d) => waitFor((done) => named.rename(join(d, 'f'), join(d, 'g'), done)),
    file,
  ),
  form(
    'link',
    ['link f -> g'],
    (d) => waitFor((done) => named.link(join(d, 'f'), join(d, 'g'), done)),
    file,
  ),
  form('symlink', ['symlink g -> f'], (d) =>
    waitFor((done) => named.symlink('f', join(d, 'g'), done)),
  ),
  form('unlink', ['unlink f'], (d) => waitFor((done) => named.unlink(join(d, 'f'), done)), file),
  form('mkdir', ['mkdir a'], (d) => waitFor((done) => named.mkdir(join(d, 'a'), done))),
  form('mkdir recursive', ['mkdir a', 'mkdir a/b'], (d) =>
    waitFor((done) => named.mkdir(join(d, 'a/b'), { recursive: true }, done)),
  ),
  form(
    'rmdir',
    ['rmdir a'],
    (d) => waitFor((done) => named.rmdir(join(d, 'a'), done)),
    (d) => named.mkdirSync(join(d, 'a')),
  ),
  form('rm of a file', ['unlink f'], (d) => waitFor((done) => named.rm(join(d, 'f'), done)), file),
  form(
    'chmod',
    ['chmod f'],
    (d) => waitFor((done) => named.chmod(join(d, 'f'), 0o600, done)),
    file,
  ),
  form(
    'a promisified function taken early',
    ['write f +5 bytes at 0'],
    async (d) => {
      const fd = named.openSync(join(d, 'f'), 'r+')
      await promisify(capturedWrite)(fd, bytes)
      named.closeSync(fd)
    },
    file,
  ),
]

/** Write streams. */
export const streamForms: readonly Form[] = [
  form('createWriteStream', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    waitFor((done) => named.createWriteStream(join(d, 'f')).end('abc', done)),
  ),
  form(
    'createWriteStream with more than one chunk waiting',
    [createTruncate, 'write f +5 bytes at 0'],
    (d) => {
      const stream = named.createWriteStream(join(d, 'f'))
      stream.write('abc')
      stream.write('de')
      return waitFor((done) => stream.end(done))
    },
  ),
  form(
    'createWriteStream appending',
    ['open f create', 'write f +3 bytes at 10'],
    (d) =>
      waitFor((done) => named.createWriteStream(join(d, 'f'), { flags: 'a' }).end('abc', done)),
    file,
  ),
  form(
    'createWriteStream from a start',
    ['write f +3 bytes at 4'],
    (d) =>
      waitFor((done) =>
        named.createWriteStream(join(d, 'f'), { flags: 'r+', start: 4 }).end('abc', done),
      ),
    file,
  ),
  form('pipeline into a write stream', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    pipeline(Readable.from(['abc']), named.createWriteStream(join(d, 'f'))),
  ),
]
