/**
 * The report: how it reads, and how it reaches its file.
 *
 * The file is what a payment provider or a mailbox is to other agents: the world outside the journal. A process may die
 * after the report was published and before the journal knows, and then the call is made again. So the report carries the
 * idempotency key of the call that wrote it, and publishing under a key that is there already does nothing.
 */
import { open, readdir, readFile, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { systemCode } from '../../src/errors.ts'
import type { LeftOut } from './folder.ts'
import type { FileNote, Section } from './notes.ts'
import { counted } from './words.ts'

export interface Report {
  /** Their names. */
  readonly folders: readonly string[]
  readonly overview: string
  readonly sections: readonly Section[]
  /** What is not in the report, and why. */
  readonly leftOut: readonly LeftOut[]
}

/** The report as Markdown. It holds no time and no path of this machine: the same folder gives the same bytes. */
export function renderReport({ folders, overview, sections, leftOut }: Report): string {
  const blocks = [
    `# What is in ${literal(folders.join(' and '))}`,
    literal(overview),
    ...sections.flatMap(renderSection),
  ]
  if (leftOut.length > 0)
    blocks.push(
      '## Left out',
      leftOut.map(({ path, reason }) => `- ${code(path)}: ${literal(reason)}`).join('\n'),
    )
  return `${blocks.join('\n\n')}\n`
}

/** `known`: a report stands there under this very key, and nothing was done. */
export type Published = 'written' | 'known'

/**
 * Publishes a report whole or not at all, once per key. Throws where the file is somebody else's, and what the file system
 * throws.
 */
export async function publishReport(
  path: string,
  key: string,
  markdown: string,
): Promise<Published> {
  const present = await keyIn(path)
  if (present === key) return 'known'
  if (present !== undefined && runOf(present) !== runOf(key))
    throw new Error(`${path} is there already and was not written by this run`)
  await removeTemporaries(path)
  const temporary = `${path}.${process.pid}.tmp`
  const file = await open(temporary, 'w')
  try {
    await file.writeFile(`${keyLine(key)}\n\n${markdown}`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncDirectory(dirname(path))
  return 'written'
}

/** The key that a report carries; empty for a file that is no report, `undefined` where there is no file. */
export async function keyIn(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8')
    return /^<!-- idempotency key: (\S+) -->\n/.exec(text)?.[1] ?? ''
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    if (systemCode(error) === 'EISDIR') return ''
    throw error
  }
}

function keyLine(key: string): string {
  return `<!-- idempotency key: ${key} -->`
}

function runOf(key: string): string {
  return key.slice(0, key.indexOf('/'))
}

// Of lives that died between writing and renaming.
async function removeTemporaries(path: string): Promise<void> {
  const start = `${basename(path)}.`
  for (const name of await readdir(dirname(path)))
    if (name.startsWith(start) && name.endsWith('.tmp')) await unlink(join(dirname(path), name))
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function renderSection({ name, text, files }: Section): readonly string[] {
  return [
    `## ${literal(name)}`,
    literal(text),
    ...(files.length === 0 ? [] : [files.map(renderFile).join('\n')]),
  ]
}

function renderFile({ path, title, lines, words, frequent, summary }: FileNote): string {
  const size = `${counted(lines, 'line')}, ${counted(words, 'word')}`
  const about = frequent.slice(0, 4).map(([word]) => word)
  const head = [title === '' ? undefined : `*${literal(title)}*`, size, about.join(', ')]
  const line = `- ${code(path)}: ${head.filter((text) => text !== undefined && text !== '').join('; ')}`
  return [line, ...summary.map((sentence) => `  > ${literal(sentence)}`)].join('\n')
}

// Text of the files must not become markup of the report; code spans that are closed stay what they are.
function literal(text: string): string {
  const pieces = text.replaceAll(/\s+/g, ' ').split('`')
  if (pieces.length % 2 === 0) return escape(text)
  return pieces.map((piece, index) => (index % 2 === 0 ? escape(piece) : piece)).join('`')
}

function escape(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#|]/g, String.raw`\$&`)
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll(/[\n\r]/g, ' ')}\``
}
