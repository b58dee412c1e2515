/**
 * Runs forms in this process, one after the other, each in a directory of its own between two directories that mark its begin
 * and end in the trace. Arguments: the state directory, and optionally names of forms.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { forms } from './all.ts'

const [root = '', ...only] = process.argv.slice(2)

for (const [index, { name, before, run }] of forms.entries()) {
  if (only.length > 0 && !only.includes(name)) continue
  const directory = join(root, String(index))
  mkdirSync(directory)
  before(directory)
  mkdirSync(join(root, `begin-${index}`))
  await run(directory)
  mkdirSync(join(root, `end-${index}`))
}
