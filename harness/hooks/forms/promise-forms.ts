/** Forms that return promises. */
import * as named from 'node:fs'
import * as promises from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createTruncate, file, form, handled, waitFor } from './form.ts'
import type { Form } from './form.ts'

const common = createRequire(import.meta.url)('fs') as typeof named
const bytes = Buffer.from('abcde')
const parts = [Buffer.from('ab'), Buffer.from('cde')]

/** Functions of `node:fs/promises`. */
export const promiseForms: readonly Form[] = [
  form('promises.writeFile string', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    promises.writeFile(join(d, 'f'), 'abc'),
  ),
  form(
    'promises.writeFile buffer, appending',
    ['open f create', 'write f +5 bytes at 10'],
    (d) => promises.writeFile(join(d, 'f'), bytes, { flag: 'a' }),
    file,
  ),
  form(
    'promises.writeFile buffer, appending and synced',
    ['open f create', 'write f +5 bytes at 0, synced'],
    (d) => promises.writeFile(join(d, 'f'), bytes, { flag: 'as' }),
  ),
  form('promises.writeFile with flush', [createTruncate, 'write f +5 bytes at 0', 'sync f'], (d) =>
    promises.writeFile(join(d, 'f'), bytes, { flush: true }),
  ),
  form(
    'promises.writeFile of an iterable',
    [createTruncate, 'write f +2 bytes at 0', 'write f +3 bytes at 2'],
    (d) => promises.writeFile(join(d, 'f'), Readable.from(['ab', 'cde'])),
  ),
  form(
    'promises.appendFile',
    ['open f create', 'write f +3 bytes at 10'],
    (d) => promises.appendFile(join(d, 'f'), 'abc'),
    file,
  ),
  form('fs.promises from the main module', [createTruncate, 'write f +3 bytes at 0'], (d) =>
    common.promises.writeFile(join(d, 'f'), 'abc'),
  ),
  form(
    'promises.truncate',
    ['truncate f to 4 bytes'],
    (d) => promises.truncate(join(d, 'f'), 4),
    file,
  ),
  form(
    'promises.copyFile',
    ['open g create', 'truncate g to 0 bytes', 'fchmod g', 'write g +10 bytes at 0'],
    (d) => promises.copyFile(join(d, 'f'), join(d, 'g')),
    file,
  ),
  form(
    'promises.rename',
    ['rename f -> g'],
    (d) => promises.rename(join(d, 'f'), join(d, 'g')),
    file,
  ),
  form('promises.link', ['link f -> g'], (d) => promises.link(join(d, 'f'), join(d, 'g')), file),
  form('promises.unlink', ['unlink f'], (d) => promises.unlink(join(d, 'f')), file),
  form('promises.symlink', ['symlink g -> f'], (d) => promises.symlink('f', join(d, 'g'))),
  form('promises.mkdir recursive', ['mkdir a', 'mkdir a/b'], (d) =>
    promises.mkdir(join(d, 'a/b'), { recursive: true }),
  ),
  form('promises.mkdtemp', ['mkdir t-AAAAA1'], (d) => promises.mkdtemp(join(d, 't-'))),
  form(
    'promises.rmdir',
    ['rmdir a'],
    (d) => promises.rmdir(join(d, 'a')),
    (d) => named.mkdirSync(join(d, 'a')),
  ),
  form('promises.rm of a file', ['unlink f'], (d) => promises.rm(join(d, 'f')), file),
  form('promises.utimes', ['utimes f'], (d) => promises.utimes(join(d, 'f'), 1, 1), file),
]

/** Methods of `FileHandle`. */
export const handleForms: readonly Form[] = [
  form('promises.open', [createTruncate], (d) => handled(d, () => undefined, 'w')),
  form(
    'FileHandle.write string',
    ['write f +3 bytes at 2'],
    (d) => handled(d, (handle) => handle.write('abc', 2)),
    file,
  ),
  form(
    'FileHandle.write buffer',
    ['write f +3 bytes at 2'],
    (d) => handled(d, (handle) => handle.write(bytes, 1, 3, 2)),
    file,
  ),
  form(
    'FileHandle.write one after the other',
    ['write f +3 bytes at 0', 'write f +5 bytes at 3'],
    (d) =>
      handled(d, async (handle) => {
        await handle.write('abc')
        await handle.write(bytes)
      }),
    file,
  ),
  form(
    'FileHandle.writev',
    ['write f +5 bytes at 0'],
    (d) => handled(d, (handle) => handle.writev(parts)),
    file,
  ),
  form(
    'FileHandle.writeFile',
    ['write f +3 bytes at 0'],
    (d) => handled(d, (handle) => handle.writeFile('abc')),
    file,
  ),
  form(
    'FileHandle.appendFile',
    ['open f create', 'write f +3 bytes at 10'],
    (d) => handled(d, (handle) => handle.appendFile('abc'), 'a'),
    file,
  ),
  form(
    'FileHandle.truncate',
    ['truncate f to 4 bytes'],
    (d) => handled(d, (handle) => handle.truncate(4)),
    file,
  ),
  form('FileHandle.sync', ['sync f'], (d) => handled(d, (handle) => handle.sync()), file),
  form(
    'FileHandle.datasync',
    ['datasync f'],
    (d) => handled(d, (handle) => handle.datasync()),
    file,
  ),
  form('FileHandle.sync of a directory', ['sync directory .'], async (d) => {
    const handle = await promises.open(d, 'r')
    await handle.sync()
    await handle.close()
  }),
  form('FileHandle.chmod', ['fchmod f'], (d) => handled(d, (handle) => handle.chmod(0o600)), file),
  form('FileHandle.createWriteStream', [createTruncate, 'write f +3 bytes at 0'], async (d) => {
    const handle = await promises.open(join(d, 'f'), 'w')
    const stream = handle.createWriteStream()
    await waitFor((done) => stream.end('abc', done))
    await waitFor((done) => stream.close(done))
  }),
]
