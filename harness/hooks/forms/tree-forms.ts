/** Forms that remove or copy whole trees. */
import * as named from 'node:fs'
import * as promises from 'node:fs/promises'
import { join } from 'node:path'
import { form, waitFor } from './form.ts'
import type { Form } from './form.ts'

const tree = (d: string): void => {
  named.mkdirSync(join(d, 'a/b'), { recursive: true })
  named.writeFileSync(join(d, 'a/x'), 'abc')
  named.writeFileSync(join(d, 'a/b/y'), 'de')
}

const removal = ['unlink a/b/y', 'rmdir a/b', 'unlink a/x', 'rmdir a']

/** Nodes do trees in different orders, with different attributes and attempts: these compare without all that. */
export const treeForms: readonly Form[] = [
  form('rmSync of a tree', removal, (d) => named.rmSync(join(d, 'a'), { recursive: true }), tree),
  form(
    'rm of a tree',
    removal,
    (d) => waitFor((done) => named.rm(join(d, 'a'), { recursive: true }, done)),
    tree,
  ),
  form(
    'promises.rm of a tree',
    removal,
    (d) => promises.rm(join(d, 'a'), { recursive: true }),
    tree,
  ),
  form(
    'cpSync of a tree',
    copyOps('c/d', ['mkdir c']),
    (d) => named.cpSync(join(d, 'a'), join(d, 'c/d'), { recursive: true }),
    tree,
  ),
  form(
    'promises.cp of a tree',
    copyOps('c/d', ['mkdir c']),
    (d) => promises.cp(join(d, 'a'), join(d, 'c/d'), { recursive: true }),
    tree,
  ),
]

function copyOps(to: string, first: readonly string[]): readonly string[] {
  return [
    ...first,
    `mkdir ${to}`,
    `mkdir ${to}/b`,
    ...['b/y', 'x'].flatMap((name) => [
      `open ${to}/${name} create`,
      `truncate ${to}/${name} to 0 bytes`,
      `write ${to}/${name} +${name === 'x' ? 3 : 2} bytes at 0`,
    ]),
  ]
}
