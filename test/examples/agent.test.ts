import { execFileSync } from 'node:child_process'
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { planOf } from '../../examples/agent/plan.ts'
import { publishReport } from '../../examples/agent/report.ts'
import { countWords, summarise } from '../../examples/agent/words.ts'
import { fileJournal } from '../../src/file-journal.ts'
import { decodeRecords } from '../../src/records.ts'
import { validateTranscript } from '../../src/transcript.ts'
import { Desk, type Life, type Store } from './agent-process.ts'

let desk: Desk
/** The report of a run that nobody disturbed, and all of its tool calls. */
let control: { readonly report: string; readonly calls: readonly string[] }

const library: Readonly<Record<string, string | Uint8Array>> = {
  'library/readme.md':
    '# The library\n\nA library holds books, and this one holds very few books.\n',
  'library/empty.txt': '',
  'library/poems/one.txt':
    'The moon is a lantern that nobody lit. The lantern hangs over a quiet sea.\n',
  'library/poems/two.txt': 'The sea keeps every letter that was ever thrown into it.\n',
  'library/poems/three.txt': 'Nobody reads the letters of the sea but the moon.\n',
  'library/poems/four.txt': 'A letter is a lantern for whoever reads it in the dark.\n',
  'library/poems/five.txt': 'Every lantern goes out, and every moon comes back.\n',
  'library/code/add.ts': '/** Adds two numbers and gives their sum. */\nexport const add = 1\n',
  'library/code/data.bin': Uint8Array.of(0, 1, 2, 255),
}

beforeAll(async () => {
  desk = await Desk.open()
  await desk.write(library)
  await desk.write({ 'hollow/inner/': '', 'blobs/image.png': Uint8Array.of(137, 80, 0, 1) })
  const store = desk.store()
  const life = await store.live()
  expect(life).toMatchObject({ code: 0, error: '', repeated: [], resumed: undefined })
  control = { report: await store.report(), calls: life.calls }
})

afterAll(() => desk.close())

describe('an undisturbed run', () => {
  it('makes every call once and writes what it found', () => {
    expect(new Set(control.calls).size).toBe(control.calls.length)
    expect(control.report).toMatchInlineSnapshot(`
      "<!-- idempotency key: example/edit/0/turn.0.write_report -->

      # What is in library

      8 files in 3 parts, 80 words, mostly about lantern, moon and books. The longest text is library/poems/one.txt (15 words).

      ## library

      2 files, 13 words, mostly about books, holds and library.

      - \`library/empty.txt\`: 0 lines, 0 words
      - \`library/readme.md\`: *The library*; 3 lines, 13 words; books, holds, library
        > A library holds books, and this one holds very few books.

      ## library/code

      1 file, 10 words, mostly about adds and numbers.

      - \`library/code/add.ts\`: 2 lines, 10 words; adds, numbers
        > Adds two numbers and gives their sum.

      ## library/poems

      5 files, 57 words, mostly about lantern, moon and letter.

      - \`library/poems/five.txt\`: 1 line, 9 words; back, lantern, moon
        > Every lantern goes out, and every moon comes back.
      - \`library/poems/four.txt\`: 1 line, 12 words; dark, lantern, letter, reads
        > A letter is a lantern for whoever reads it in the dark.
      - \`library/poems/one.txt\`: 1 line, 15 words; lantern, hangs, moon, nobody
        > The moon is a lantern that nobody lit.
      - \`library/poems/three.txt\`: 1 line, 10 words; letters, moon, nobody, reads
        > Nobody reads the letters of the sea but the moon.
      - \`library/poems/two.txt\`: 1 line, 11 words; keeps, letter, thrown
        > The sea keeps every letter that was ever thrown into it.

      ## Left out

      - \`library/code/data.bin\`: it is binary
      "
    `)
  })
})

describe.concurrent('a killed run', () => {
  it.each(['commit:1', 'commit:2', 'commit:9', 'commit:23', 'commit:40', 'call:1', 'call:8'])(
    'killed at %s goes on and writes the same report, byte for byte',
    async (killAt) => {
      const store = desk.store()
      const killed = await store.live({ killAt })
      const resumed = await store.live()
      expect([killed.signal, resumed.code, resumed.error]).toEqual(['SIGKILL', 0, ''])
      await expectSoundEnd(store, [killed, resumed])
    },
  )

  it('killed in one life after the other goes on from each', async () => {
    const store = desk.store()
    const lives: Life[] = []
    for (const killAt of [
      'commit:4',
      'call:2',
      'commit:11',
      'call:6',
      'call:3',
      'commit:30',
      'call:write_report',
    ])
      lives.push(await store.live({ killAt }))
    expect(lives.map(({ signal }) => signal)).toEqual(lives.map(() => 'SIGKILL'))
    lives.push(await store.live())
    await expectSoundEnd(store, lives)
  })

  it('whose report was published before it died does not publish it twice', async () => {
    const store = desk.store()
    await store.live({ killAt: 'call:write_report' })
    expect(await store.report()).toBe(control.report)
    const before = await stat(store.reportPath)
    const resumed = await store.live()
    expect(resumed.out).toContain('the report was there already, under the same key')
    expect(resumed).toMatchObject({ code: 0, repeated: ['write_report'] })
    const after = await stat(store.reportPath)
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })

  it('leaves a transcript that its provider takes, in every committed iteration', async () => {
    const store = desk.store()
    await store.live({ killAt: 'call:9' })
    await store.live()
    const image = await fileJournal({ dir: join(store.dir, 'runs') }).read('example')
    const states = decodeRecords(image?.records ?? []).flatMap(({ record }) =>
      record.type === 'iterate' ? [record.state as readonly unknown[]] : [],
    )
    expect(states.length).toBeGreaterThan(8)
    for (const state of states) expect(validateTranscript('anthropic', state)).toEqual([])
  })
})

describe.concurrent('a run that is asked to stop', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'by %s ends what is under way, exits with %i and goes on later',
    async (name, code) => {
      const store = desk.store()
      const killed = await store.live({ killAt: 'call:5' })
      const args = ['--slow', '600000']
      const stopped = await store.liveUntil(/repeated\)/, (child) => void child.kill(name), {
        args,
      })
      expect(stopped).toMatchObject({ code, signal: null, error: '' })
      const [, iteration] =
        /^stopped in order after iteration (\d+) of \d+;/m.exec(stopped.out) ?? []
      const resumed = await store.live()
      expect(resumed.resumed).toMatchObject({ iteration: Number(iteration) + 1, repeated: 0 })
      await expectSoundEnd(store, [killed, stopped, resumed])
    },
  )

  it('is not run by a second process meanwhile', async () => {
    const store = desk.store()
    let second: Life | undefined
    const first = await store.liveUntil(
      /^run example/,
      async (child) => {
        second = await store.live()
        child.kill('SIGTERM')
      },
      { args: ['--slow', '600000'] },
    )
    expect(first.code).toBe(143)
    expect(second).toMatchObject({ code: 1, calls: [] })
    expect(second?.error).toContain('error: run example is owned by')
  })
})

describe.concurrent('a finished run', () => {
  it('says so and does nothing', async () => {
    const store = desk.store()
    await store.live()
    const before = await stat(store.reportPath)
    const again = await store.live()
    expect(again).toMatchObject({ code: 0, error: '', calls: [] })
    expect(again.out).toContain('run example is finished: nothing to do')
    expect((await stat(store.reportPath)).mtimeMs).toBe(before.mtimeMs)
    await rm(store.reportPath)
    expect((await store.live()).out).toContain('which is not there any more')
  })

  it('does not go on with another folder or budget', async () => {
    const store = desk.store()
    await store.live()
    const other = await store.live({ args: ['--input', join(desk.input, 'poems')] })
    expect(other).toMatchObject({ code: 3, calls: [] })
    expect(other.error).toMatch(
      /^error: run example began with task .*, it is resumed with .*poems/,
    )
    expect(other.error).toContain('begin another run under a new id')
    const poorer = await store.live({ args: ['--tokens', '5'] })
    expect(poorer.error).toMatch(/^error: run example began with budget/)
  })
})

describe.concurrent('bad input', () => {
  it.each([
    ['no folder at all', ['--input', '/nowhere/at/all'], 'there is no folder /nowhere/at/all'],
    ['a file', ['--input', 'library/readme.md'], 'is not a folder'],
    ['an empty folder', ['--input', 'hollow'], 'no text file in'],
    ['only binary files', ['--input', 'blobs'], 'blobs/image.png: it is binary'],
    ['a run id that is none', ['--run', '../x'], 'not a run id'],
    ['a number that is none', ['--slow', 'much'], '--slow takes a whole number, got "much"'],
    ['an unknown option', ['--fast'], "Unknown option '--fast'"],
  ])('%s begins nothing and says why', async (_, args, why) => {
    const store = desk.store()
    const at = args.map((arg) =>
      /^(?:library|hollow|blobs)/.test(arg) ? join(desk.root, arg) : arg,
    )
    const life = await store.live({ args: at })
    expect(life).toMatchObject({ code: 3, out: '' })
    expect(life.error).toContain(why)
    await expect(readdir(store.dir)).rejects.toThrow('ENOENT')
  })

  it('files that cannot be read as text are left out, each with its reason', async () => {
    await desk.write({
      'odd/fine.txt': 'This one is fine and can be read by everybody.\n',
      'odd/latin1.txt': Uint8Array.of(0x63, 0x61, 0x66, 0xe9),
      'odd/large.txt': 'x'.repeat((1 << 20) + 1),
      'odd/locked.txt': 'secret',
      'odd/locked/inner.txt': 'secret',
      'odd/.hidden/secret.txt': 'not looked at',
    })
    const odd = join(desk.root, 'odd')
    await symlink('fine.txt', join(odd, 'link.txt'))
    execFileSync('/usr/bin/env', ['mkfifo', join(odd, 'pipe')])
    for (const name of ['locked.txt', 'locked']) await chmod(join(odd, name), 0)
    await chmod(desk.root, 0o777)
    const store = desk.store()
    // Root may read everything.
    const user = process.getuid?.() === 0 ? { uid: 65534 } : {}
    const life = await store.live({ args: ['--input', odd], ...user })
    await chmod(join(odd, 'locked'), 0o700)
    expect(life).toMatchObject({ code: 0, error: '' })
    expect(life.out).toContain('report on 1 file, 6 left out')
    expect((await store.report()).split('## Left out\n\n')[1]?.split('\n')).toEqual([
      '- `odd/large.txt`: it is larger than 1 MiB',
      '- `odd/latin1.txt`: it is binary',
      '- `odd/link.txt`: it is a symbolic link',
      '- `odd/locked.txt`: it may not be read (no permission)',
      '- `odd/locked/`: it may not be read (no permission)',
      '- `odd/pipe`: it is not a regular file',
      '',
    ])
  })

  it('files that change between two lives are left out, never mixed', async () => {
    const changing = await copyOfLibrary('changing')
    const store = desk.store()
    const args = ['--input', changing]
    await store.live({ killAt: 'commit:6', args })
    await writeFile(join(changing, 'poems/one.txt'), 'Another poem.\n')
    await rm(join(changing, 'poems/two.txt'))
    const resumed = await store.live({ args })
    expect(resumed).toMatchObject({ code: 0, error: '' })
    const report = await store.report()
    expect(report).toContain('- `changing/poems/one.txt`: it changed since the folder was listed')
    expect(report).toContain('- `changing/poems/two.txt`: it is not there')
    expect(report).not.toContain('Another poem')
  })

  it('a folder that is gone in a later life is a report of what was read', async () => {
    const vanishing = await copyOfLibrary('vanishing')
    const store = desk.store()
    const args = ['--input', vanishing]
    await store.live({ killAt: 'commit:6', args })
    await rm(vanishing, { recursive: true })
    expect(await store.live({ args })).toMatchObject({ code: 0, error: '' })
    expect(await store.report()).toContain('Nothing here could be read to its end')
  })

  it('a report that cannot be written ends the life, not the run', async () => {
    const store = desk.store()
    const killed = await store.live({ killAt: 'call:8' })
    await mkdir(store.reportPath)
    const failed = await store.live()
    expect(failed.code).toBe(1)
    expect(failed.error).toMatch(
      /^error: the report could not be written: .* was not written by this run/,
    )
    await rmdir(store.reportPath)
    const resumed = await store.live()
    expect(resumed.repeated).toEqual(['write_report'])
    await expectSoundEnd(store, [killed, failed, resumed])
  })

  it('a file in the place of the report is not overwritten', async () => {
    const store = desk.store()
    await desk.write({ [store.reportPath.slice(desk.root.length + 1)]: 'mine' })
    const life = await store.live()
    expect(life).toMatchObject({ code: 3, out: '' })
    expect(life.error).toContain('is there already, and no run that wrote it')
    expect(await readFile(store.reportPath, 'utf8')).toBe('mine')
  })
})

describe.concurrent('the budget', () => {
  it('leaves out parts that it does not cover, and says so', async () => {
    const store = desk.store()
    const life = await store.live({ args: ['--tokens', '60000'] })
    expect(life).toMatchObject({ code: 0, error: '' })
    expect(await store.report()).toContain(
      '`library/poems/one.txt`: the budget of the run did not cover it',
    )
  })

  it('that does not cover the listing ends the run with an error that stays', async () => {
    const store = desk.store()
    const args = ['--tokens', '100']
    const first = await store.live({ args })
    expect(first.code).toBe(1)
    expect(first.error).toMatch(/^error: the budget of the run does not cover plan/)
    const again = await store.live({ args })
    expect(again).toMatchObject({ code: 1, calls: [] })
    expect(again.error).toMatch(/^run example is over: it failed: the budget of the run/)
  })

  it('plans the same for the same listing', () => {
    const files = [{ path: 'a', bytes: 1, sha256: '' }]
    const listing = {
      parts: [
        { name: 'x', files },
        { name: 'y', files },
      ],
      leftOut: [],
    }
    expect(planOf(listing, 1e6)).toMatchObject({ iterations: 8, leftOut: [] })
    expect(planOf(listing, 3e4).parts.map(({ name }) => name)).toEqual(['x'])
  })
})

describe('publishing a report', () => {
  it('is done once per key; a later key of the same run replaces, anybody else is refused', async () => {
    await desk.write({ 'out/report.md.12.tmp': 'of a life that died while it wrote' })
    const path = join(desk.root, 'out/report.md')
    expect(await publishReport(path, 'run/a', 'one\n')).toBe('written')
    expect(await publishReport(path, 'run/a', 'two\n')).toBe('known')
    expect(await readFile(path, 'utf8')).toBe('<!-- idempotency key: run/a -->\n\none\n')
    expect(await publishReport(path, 'run/b', 'three\n')).toBe('written')
    expect(await readFile(path, 'utf8')).toContain('three')
    await expect(publishReport(path, 'runner/a', 'four\n')).rejects.toThrow(
      'not written by this run',
    )
    expect(await readdir(join(desk.root, 'out'))).toEqual(['report.md'])
  })
})

describe('the words of a text', () => {
  it('are counted, most frequent first, equal ones by alphabet', () => {
    expect(countWords('Zebra zebra apple mango the the the\n')).toEqual({
      lines: 1,
      words: 7,
      frequent: [
        ['zebra', 2],
        ['apple', 1],
        ['mango', 1],
      ],
    })
    expect(countWords('')).toEqual({ lines: 0, words: 0, frequent: [] })
  })

  it('choose the sentence that says most about it, from comments only where it is code', () => {
    const text =
      'Lanterns burn where lanterns are lit. Something else is said here once. Lanterns need oil.\n'
    expect(summarise('a.md', text, 1)).toEqual(['Lanterns burn where lanterns are lit.'])
    expect(summarise('a.ts', `${text}// A comment that stands here explains it.\n`, 1)).toEqual([
      'A comment that stands here explains it.',
    ])
  })
})

/** The run ended as if nobody had disturbed it, and every life told the truth about the ones before it. */
async function expectSoundEnd(store: Store, lives: readonly Life[]): Promise<void> {
  expect(lives.at(-1)).toMatchObject({ code: 0, error: '' })
  expect(await store.report()).toBe(control.report)
  expect((await readdir(store.dir)).sort()).toEqual(['example.md', 'runs'])
  expect(new Set(lives.flatMap(({ calls }) => calls))).toEqual(new Set(control.calls))
  lives.forEach((life, index) => {
    const before = new Set(lives.slice(0, index).flatMap(({ calls }) => calls))
    const later = new Set(lives.slice(index).flatMap(({ calls }) => calls))
    const kept = [...before].filter((call) => !later.has(call))
    const again = life.calls.filter((call) => before.has(call))
    expect(life.resumed?.kept ?? 0).toBe(kept.length)
    // Only what was in doubt ran again; what has an intent may have died before it began.
    expect(life.repeated).toEqual(expect.arrayContaining(again))
    expect(new Set(life.calls).size).toBe(life.calls.length)
    if (life.signal === null) expect(life.resumed?.repeated ?? 0).toBe(life.repeated.length)
  })
}

async function copyOfLibrary(name: string): Promise<string> {
  const entries = Object.entries(library)
  await desk.write(
    Object.fromEntries(entries.map(([path, content]) => [path.replace('library', name), content])),
  )
  return join(desk.root, name)
}
