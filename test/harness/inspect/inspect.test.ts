import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectCommand } from '../../../harness/commands/inspect.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { fileJournal } from '../../../src/journal-entry.ts'
import { bundle, temporaryDirectory } from '../../support/bundle.ts'
import { cli } from '../commands/cli.ts'

/** Every life ends somewhere else; the fourth is the last one so far. */
const places = ['charge', 'meter', 'round', 'kid']

let directory = ''
/** Four lives, all killed. */
let killed = ''
/** The same run, gone on with to its end. */
let ended = ''

beforeAll(async () => {
  directory = temporaryDirectory('inspect')
  const program = await bundle(new URL('fixtures/order.ts', import.meta.url), directory)
  killed = join(directory, 'killed')
  for (const place of places) {
    const life = spawnSync(process.execPath, [program, killed, place], { encoding: 'utf8' })
    expect(life.signal, life.stderr).toBe('SIGKILL')
  }
  ended = copied('ended')
  const last = spawnSync(process.execPath, [program, ended], { encoding: 'utf8' })
  expect(last.status, last.stderr).toBe(0)
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

function copied(name: string): string {
  const copy = join(directory, name)
  fs.cpSync(killed, copy, { recursive: true })
  return copy
}

const runName = '%4frder-42'

function segment(runs: string, epoch: number): string {
  return join(runs, runName, `00000${epoch}.log`)
}

interface Told {
  readonly code: number
  readonly text: string
}

async function inspect(path: string, runId?: string, records = Infinity): Promise<Told> {
  const output = keptOutput()
  const code = await inspectCommand(path, runId, { records }, output)
  return { code, text: told(output.lines.join('\n')) }
}

/** The text without what differs from run to run. */
function told(text: string): string {
  return (
    text
      .replaceAll(directory, 'DIRECTORY')
      // Headers name the process: their length is not the same everywhere.
      .replaceAll(/(?<=\bdamaged .* at byte )\d+/g, 'BYTE')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'WHEN')
      .replaceAll(/\S+ pid \d+/g, 'OWNER')
      .replaceAll(/gave \d{13}/g, 'gave WHEN')
      .replaceAll(/ +$/gm, '')
  )
}

/** Everything that could be changed by looking. */
function fingerprint(path: string): readonly string[] {
  return fs.readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { mtimeNs, ctimeNs, size } = fs.statSync(join(path, name), { bigint: true })
    return `${name} ${size} ${mtimeNs} ${ctimeNs}`
  })
}

describe('inspect: a run', () => {
  it('of four lives that died is drawn whole', async () => {
    const { code, text } = await inspect(killed, 'Order-42')
    expect(code).toBe(0)
    expect(text).toMatchSnapshot()
  })

  it('that ended is drawn with its end, from its own directory too', async () => {
    const { code, text } = await inspect(join(ended, runName), undefined, 6)
    expect(code).toBe(0)
    expect(text).toMatchSnapshot()
  })

  it('tells what is in doubt, and what a next life will do about it', async () => {
    const runs = copied('doubt')
    for (const epoch of [2, 3, 4]) fs.rmSync(segment(runs, epoch))
    const once = await inspect(runs, 'Order-42')
    expect(once.text).toContain(
      'life 1 began it and left no result so far: a next life reports its outcome as unknown, it is declared once',
    )
    fs.copyFileSync(segment(killed, 2), segment(runs, 2))
    const keyed = await inspect(runs, 'Order-42')
    expect(keyed.text).toContain(
      'life 2 began it and left no result so far: a next life performs it again, under the same key',
    )
  })

  it('with a torn append at its end says what the next open will cut', async () => {
    const runs = copied('torn')
    const path = segment(runs, 4)
    const bytes = fs.readFileSync(path)
    // A write that stopped half way, into room that was made before.
    bytes.fill('\n', bytes.lastIndexOf('"key":"kid/look"'))
    fs.writeFileSync(path, bytes)
    const { code, text } = await inspect(runs, 'Order-42')
    expect(code).toBe(0)
    expect(text).toMatch(
      /a torn append of \d+ bytes at \d+ of DIRECTORY\/torn\/%4frder-42\/000004\.log: never acknowledged/,
    )
  })

  it('that something else wrote is shown as records', async () => {
    const journal = await fileJournal({ dir: join(directory, 'other') }).open('other')
    await journal.append([{ note: 'one' }, ['two'], 3])
    await journal.close()
    const { code, text } = await inspect(join(directory, 'other'), 'other')
    expect(code).toBe(0)
    expect(text).toContain('run other   not a run   1 life   3 records')
    expect(text).toContain('there is none: expected a record of the run loop at seq 1')
    expect(text).toContain('1     1  other         {"note":"one"}')
  })
})

describe('inspect: a damaged run', () => {
  it('is read around the damage, and what was left out is said', async () => {
    const runs = copied('damaged')
    const path = segment(runs, 3)
    const bytes = fs.readFileSync(path)
    bytes[bytes.indexOf('"money":2')] = 0x58
    fs.writeFileSync(path, bytes)
    const { code, text } = await inspect(runs, 'Order-42')
    expect(code).toBe(2)
    expect(text).toMatchSnapshot()
  })

  it('that was cut is not taken for one that ends there', async () => {
    const runs = copied('cut')
    const path = segment(runs, 4)
    fs.truncateSync(path, fs.readFileSync(path).lastIndexOf('"key":"kid/look"'))
    const { code, text } = await inspect(runs, 'Order-42')
    expect(code).toBe(2)
    expect(text).toMatch(/^run Order-42 {3}damaged {3}4 lives {3}16 records/)
    expect(text.split('\n').at(-1)).toMatch(
      /damaged DIRECTORY\/cut\/%4frder-42\/000004\.log at byte BYTE, from record 17: .* expected record 17, the file ends at byte/,
    )
  })

  it('stands in the list of its directory as damaged, beside the others', async () => {
    const runs = copied('list')
    const other = await fileJournal({ dir: runs }).open('a')
    await other.close()
    fs.writeFileSync(segment(runs, 2), 'nothing of a journal')
    const { code, text } = await inspect(runs)
    expect(code).toBe(2)
    expect(text).toMatchInlineSnapshot(`
      "run       status   lives  records  in doubt
      Order-42  damaged      4       17         1  damaged
      a         running      1        0         0

      one of them: npx killpoint inspect DIRECTORY/list Order-42"
    `)
  })
})

describe('inspect: looking', () => {
  it('changes no byte and no time, also where nothing may be written', async () => {
    const runs = copied('untouched')
    fs.writeFileSync(segment(runs, 2), 'nothing of a journal')
    for (const path of [join(runs, runName), runs]) fs.chmodSync(path, 0o555)
    const before = fingerprint(runs)
    await inspect(runs)
    await inspect(runs, 'Order-42')
    await inspect(join(runs, runName))
    expect(fingerprint(runs)).toEqual(before)
    for (const path of [runs, join(runs, runName)]) fs.chmodSync(path, 0o755)
  })

  it('lets nothing out of a record reach the terminal, as text and as JSON', async () => {
    const harmful = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/
    const text = await cli(['inspect', killed, 'Order-42'], directory)
    expect(text.code).toBe(0)
    expect(text.stdout).not.toMatch(harmful)
    expect(text.stdout).toContain(String.raw`read\u202e`)
    const json = await cli(['inspect', killed, 'Order-42', '--json'], directory)
    expect(json.stdout).not.toMatch(harmful)
    const parsed = JSON.parse(json.stdout) as { records: { key: string }[] }
    expect(parsed.records[1]?.key).toBe('read\u202e')
  })

  it('says that there is nothing to look at', async () => {
    await expect(inspect(join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
    await expect(inspect(killed, 'order')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
    await expect(inspect(killed, 'no/id')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
    fs.mkdirSync(join(directory, 'empty'))
    await expect(inspect(join(directory, 'empty'))).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
  })
})
