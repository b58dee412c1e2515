/** The pages hang together: links lead somewhere, commands and scripts exist, each page is in the index. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { program } from '../../harness/program.ts'

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/backends/README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

const texts = new Map(pages.map((page) => [page, readFileSync(page, 'utf8')]))

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

describe.each(pages)('%s', (page) => {
  const text = texts.get(page) ?? ''

  it('its links lead somewhere', () => {
    const links = text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)
    const dead = [...links].filter(([, file = '', anchor]) => {
      const target = file === '' ? page : normalize(join(dirname(page), file))
      if (!existsSync(target)) return true
      return anchor !== undefined && !anchorsOf(target).has(anchor)
    })
    expect(dead.map(([link]) => link)).toEqual([])
  })

  it('its commands are commands, with options that they have', () => {
    const wrong = commandsIn(text).filter((line) => !isCommand(line))
    expect(wrong).toEqual([])
  })

  it('its scripts are in package.json', () => {
    const names = [...text.matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, name = '']) => name)
    expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

it('docs/README.md has a line for each page', () => {
  const index = texts.get('docs/README.md') ?? ''
  const missing = readdirSync('docs').filter(
    (name) => name.endsWith('.md') && name !== 'README.md' && !index.includes(`](${name})`),
  )
  expect(missing).toEqual([])
})

/** What stands behind `npx killpoint`, up to the end of the code or a comment. */
function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/\bnpx killpoint ([^`\n|#…]+)/g)].map(([, line = '']) => line.trim())
}

function isCommand(line: string): boolean {
  const [name = '', ...words] = line.split(/\s+/)
  // `npx killpoint COMMAND`
  if (/^[A-Z]+$/.test(name)) return true
  const command = program.commands.find((each: Command) => each.name() === name)
  if (command === undefined) return false
  const known = new Set(command.options.map(({ long }) => long))
  return words
    .filter((word) => word.startsWith('--'))
    .every((word) => known.has(word.split('=')[0]) || word === '--help')
}

/** Of the headings of a page, as GitHub makes them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
