/**
 * `killpoint init`: writes a configuration, a worker and a scenario that pass as they are, and the pipeline that runs their gate. They
 * are the files of `examples/start`; files that exist are never touched.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configNames } from '../config.ts'
import { UsageError } from '../errors.ts'
import { packageRoot } from '../mutate/sources.ts'
import type { Output } from '../report/output.ts'
import { exitCodes } from '../verdict.ts'

/** What is written, relative to the project, and what it is. */
const files: Readonly<Record<string, string>> = {
  'killpoint.config.ts': 'what is tested, over which scenarios',
  'killpoint/worker.ts': 'one life of the system under test: put your runtime in here',
  'killpoint/scenario.ts': 'what it is asked to do, and what is done to it meanwhile',
  '.github/workflows/durability.yml': 'the gate, for each push and each night',
}

const nameWidth = Math.max(...Object.keys(files).map(({ length }) => length)) + 3

/**
 * Writes the files into a directory and gives the exit code.
 *
 * @throws UsageError `FILE_EXISTS` naming every file that is there already; nothing is written then
 */
export function initCommand(directory: string, output: Output): number {
  const names = Object.keys(files)
  const taken = [...new Set([...names, ...configNames])].filter((name) =>
    existsSync(join(directory, name)),
  )
  if (taken.length > 0)
    throw new UsageError('FILE_EXISTS', `these files exist already: ${taken.join(', ')}`, {
      hint: 'nothing was written; move them away, or look at examples/start in the package for what init writes',
      details: { files: taken.join(', ') },
    })
  for (const name of names) copy(name, directory)
  output.json({ version: 1, written: names })
  const { say } = output
  for (const name of names) say(`wrote  ${name.padEnd(nameWidth)}${files[name]}`)
  say('')
  if (!isInstalled(directory)) say('next   npm install --save-dev killpoint')
  say('next   npx killpoint run')
  return exitCodes.holds
}

/** Stands at the head of a journal that `init --backend` writes. */
const backendHead = `/**
 * A journal backend to start from. It works as it is: \`npx killpoint validate FILE\` holds, under the claims of \`process\`.
 *
 * TODO, to make it yours; run validate after each:
 *
 *  1  \`publish\`: become the owner in one atomic step of your store (INSERT of the next epoch, an exclusive create, a compare and swap).
 *  2  \`write\`, and \`append\` around it: commit the whole batch, or nothing, and only if the epoch is still yours. Resolve last.
 *  3  \`filesIn\`, \`counted\`, \`content\`: read back what counts, in order. What an open has decided stays decided.
 *  4  \`durability\`: say 'power' when an acknowledged batch survives power loss; validate then cuts the power too.
 *  5  \`salvage\` and \`list\`, where you want them.
 */
`

/**
 * Writes a journal backend into a file and gives the exit code: the right one of `examples/backends`, with what is to be done.
 *
 * @throws UsageError `FILE_EXISTS`; nothing is written then
 */
export function initBackendCommand(directory: string, name: string, output: Output): number {
  const path = join(directory, name)
  if (existsSync(path))
    throw new UsageError('FILE_EXISTS', `this file exists already: ${name}`, {
      hint: 'nothing was written; give another name: init --backend my-journal.ts',
      details: { files: name },
    })
  const example = join(packageRoot(), 'examples', 'backends', 'correct.ts')
  mkdirSync(dirname(path), { recursive: true })
  const head = backendHead.replace('FILE', name)
  writeFileSync(path, `${head}${readFileSync(example, 'utf8')}`, { flag: 'wx' })
  output.json({ version: 1, written: [name] })
  const { say } = output
  say(`wrote  ${name}  a journal backend that works, and what to put in its places`)
  say('')
  if (!isInstalled(directory)) say('next   npm install --save-dev killpoint')
  say(`next   npx killpoint validate ${name}`)
  return exitCodes.holds
}

function copy(name: string, directory: string): void {
  const path = join(directory, name)
  mkdirSync(dirname(path), { recursive: true })
  // `wx`: whoever was faster keeps his file.
  writeFileSync(path, readFileSync(join(packageRoot(), 'examples', 'start', name)), { flag: 'wx' })
}

/** Whether the configuration will find the package: as a dependency here or above, or because this is the package. */
function isInstalled(directory: string): boolean {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', 'killpoint')) || at === packageRoot()) return true
    if (dirname(at) === at) return false
  }
}
