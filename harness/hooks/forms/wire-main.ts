/** Runs the forms of connections in this process, one after the other, each between two directories that mark its begin and end. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { wireForms } from './wire-forms.ts'

const [root = '', scratch = ''] = process.argv.slice(2)

for (const [index, { run }] of wireForms.entries()) {
  mkdirSync(join(root, `begin-${index}`))
  await run(scratch)
  mkdirSync(join(root, `end-${index}`))
}
