/** What strace writes becomes the op log: a pure function, over lines as strace 6.1 writes them. */
import { describe, expect, it } from 'vitest'
import { aimBefore } from '../../../harness/native/strace-lane.ts'
import { logOfStrace, type StracedLog } from '../../../harness/native/strace-log.ts'
import { parseStrace, splitArguments } from '../../../harness/native/strace-output.ts'
import type { NameBefore } from '../../../harness/native/strace-tree.ts'
import { describeOp } from '../../../harness/op.ts'

/** A line with readable texts: `'x'` is a string, `<x>` a path. */
function written(line: string): string {
  const hex = (text: string): string =>
    Array.from(Buffer.from(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  return line
    .replaceAll(/'([^']*)'/g, (_, text: string) => `"${hex(text)}"`)
    .replaceAll(/<(\/[^>]*)>/g, (_, text: string) => `<${hex(text)}>`)
}

function logOf(lines: readonly string[], before: readonly NameBefore[] = []): StracedLog {
  const output = lines.map((line) => `${written(line)}\n`).join('')
  return logOfStrace({ output, life: 2, root: '/c/state', before, ledger: '/c/ledger', cwd: '/c' })
}

/** The ops in words, each with what came of it. */
function told({ entries }: StracedLog): readonly string[] {
  const results = new Map(
    entries.flatMap(({ entry }) => (entry.e === 'done' ? [[entry.n, entry] as const] : [])),
  )
  return entries.flatMap(({ entry, payload }) => {
    if (entry.e !== 'call') return []
    const done = results.get(entry.n)
    const result = done === undefined ? 'open' : (done.code ?? done.written ?? 'done')
    const bytes = payload === undefined ? '' : ` ${JSON.stringify(Buffer.from(payload).toString())}`
    return [`${entry.n} ${describeOp(entry.op)}${bytes}: ${result}`]
  })
}

const file: NameBefore = { path: 'old', ino: 7, kind: 'file', size: 10 }

describe('from strace to the op log', () => {
  it('a mapping that can be stored into is told, where it is of a file of the directory', () => {
    const { entries } = logOf(
      [
        `1 mmap(NULL, 8, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000`,
        `1 mmap(NULL, 8, PROT_READ, MAP_SHARED, 4</c/state/old>, 0) = 0x7f0000000000`,
        `1 mmap(NULL, 8, PROT_READ|PROT_WRITE, MAP_PRIVATE, 4</c/state/old>, 0) = 0x7f0000000000`,
        `1 mmap(NULL, 8, PROT_READ|PROT_WRITE, MAP_SHARED, 5</c/other>, 0) = 0x7f0000000000`,
        `1 mmap(NULL, 8, PROT_READ|PROT_WRITE, MAP_SHARED, 4</c/state/old>, 0) = 0x7f0000000000`,
      ],
      [file],
    )
    expect(entries.map(({ entry }) => entry).filter(({ e }) => e !== 'log')).toEqual([
      { e: 'mapped', path: 'old' },
    ])
  })

  it.each<readonly [string, readonly string[], readonly string[]]>([
    [
      'an append goes behind what was there before the life',
      [
        `1 openat(AT_FDCWD</c>, 'state/old', O_WRONLY|O_APPEND) = 4</c/state/old>`,
        `1 write(4</c/state/old>, 'ab', 2)    = 2`,
        `1 write(4</c/state/old>, 'c', 1)     = 1`,
      ],
      ['1 write old +2 bytes at 10 "ab": 2', '2 write old +1 bytes at 12 "c": 1'],
    ],
    [
      'a write through a descriptor of O_SYNC or O_DSYNC, or with the flag of its own, is synced',
      [
        `1 openat(AT_FDCWD</c>, 'state/old', O_WRONLY|O_DSYNC) = 4</c/state/old>`,
        `1 write(4</c/state/old>, 'ab', 2)    = 2`,
        `1 openat(AT_FDCWD</c>, 'state/old', O_WRONLY|O_SYNC) = 5</c/state/old>`,
        `1 pwrite64(5</c/state/old>, 'c', 1, 4)     = 1`,
        `1 openat(AT_FDCWD</c>, 'state/old', O_WRONLY) = 6</c/state/old>`,
        `1 pwritev2(6</c/state/old>, [{iov_base='d', iov_len=1}], 1, 5, RWF_DSYNC) = 1`,
        `1 write(6</c/state/old>, 'e', 1) = 1`,
      ],
      [
        '1 write old +2 bytes at 0, synced "ab": 2',
        '2 write old +1 bytes at 4, synced "c": 1',
        '3 write old +1 bytes at 5, synced "d": 1',
        '4 write old +1 bytes at 0 "e": 1',
      ],
    ],
    [
      'a write to the ledger is a mark, by whatever descriptor',
      [
        `1 fcntl(3</c/ledger>, F_DUPFD, 10) = 10</c/ledger>`,
        `1 write(10</c/ledger>, '{}\n', 3) = 3`,
        `1 write(1</c/else>, 'x', 1) = 1`,
      ],
      ['1 mark 3 bytes "{}\\n": 3'],
    ],
    [
      'a call that another thread interrupts is one op, in the order in which calls begin',
      [
        `1 openat(AT_FDCWD</c>, 'state/old', O_RDWR) = 4</c/state/old>`,
        `1 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_THREAD} <unfinished ...>`,
        `2 pwrite64(4</c/state/old>, 'ab', 2, 0 <unfinished ...>`,
        `1 <... clone3 resumed>)              = 2`,
        `1 fsync(4</c/state/old> <unfinished ...>`,
        `2 <... pwrite64 resumed>)            = 2`,
        `1 <... fsync resumed>)               = -1 EIO (Input/output error)`,
      ],
      ['1 write old +2 bytes at 0 "ab": 2', '2 sync old: EIO'],
    ],
    [
      'a child has a table of its own, and shares positions',
      [
        `1 open('state/old', O_RDWR) = 4</c/state/old>`,
        `1 vfork( <unfinished ...>`,
        `2 write(4</c/state/old>, 'abc', 3) = 3`,
        `2 close(4</c/state/old>) = 0`,
        `1 <... vfork resumed>) = 2`,
        `1 write(4</c/state/old>, 'd', 1) = 1`,
      ],
      ['1 write old +3 bytes at 0 "abc": 3', '2 write old +1 bytes at 3 "d": 1'],
    ],
    [
      'what a kill took is under way',
      [
        `1 chdir('state') = 0`,
        `1 mkdir('d', 0700) = 0`,
        `1 rename('old', 'd/new') = ?`,
        `1 +++ killed by SIGKILL +++`,
      ],
      ['1 mkdir d: done', '2 rename old -> d/new: open'],
    ],
    [
      'a position is where reads and seeks left it',
      [
        `1 open('state/old', O_RDWR) = 4</c/state/old>`,
        `1 read(0x4, 0x7ffc, 0x5) = 0x5`,
        `1 write(4</c/state/old>, 'x', 1) = 1`,
        `1 lseek(4</c/state/old>, 1, SEEK_SET) = 1`,
        `1 write(4</c/state/old>, 'y', 1) = 1`,
      ],
      ['1 write old +1 bytes at 5 "x": 1', '2 write old +1 bytes at 1 "y": 1'],
    ],
  ])('%s', (_, lines, expected) => {
    expect(told(logOf(lines, [file]))).toEqual(expected)
  })

  it('a file keeps its node, and one made anew under its name is another', () => {
    const { entries } = logOf(
      [
        `1 rename('state/old', 'state/new') = 0`,
        `1 open('state/old', O_WRONLY|O_CREAT, 0600) = 4</c/state/old>`,
        `1 truncate('state/new', 0) = 0`,
      ],
      [file],
    )
    const nodes = entries.flatMap(({ entry }) => (entry.e === 'node' ? [entry] : []))
    expect(nodes).toMatchObject([
      { node: 1, ino: 7, path: 'old' },
      { node: 2, path: 'old' },
    ])
    const calls = entries.flatMap(({ entry }) => (entry.e === 'call' ? [entry.op] : []))
    expect(calls.map((op) => 'node' in op && op.node)).toEqual([1, 0, 1])
  })

  it.each<readonly [string, RegExp]>([
    [`1 openat(AT_FDCWD</c>, 'state', O_RDWR|O_TMPFILE, 0600) = 4</c/state/#1>`, /O_TMPFILE/],
    [`1 write(9</c/state/old>, 'x', 1) = 1`, /came from elsewhere/],
    [`1 write(3</c/ledger>, 'x'..., 9) = 9`, /longer than strace shows/],
    [`1 rename('else', 'state/old') = 0`, /renamed into the state directory/],
  ])('%s is told to be unseen, not guessed', (line, why) => {
    expect(() => logOf([line], [file])).toThrow(why)
  })

  it('an op is counted by name and thread, and aimed at only where nobody else comes first', () => {
    const log = logOf(
      [
        `1 write(1</c/else>, 'x', 1) = 1`,
        `1 clone(child_stack=NULL, flags=SIGCHLD) = 2`,
        `1 write(3</c/ledger>, 'a', 1) = 1`,
        `2 fsync(9</c/else>) = 0`,
        `2 write(3</c/ledger>, 'b', 1) = 1`,
        `1 open('state/old', O_RDONLY) = 4</c/state/old>`,
        `1 fsync(4</c/state/old>) = 0`,
      ],
      [file],
    )
    expect([1, 2, 3, 4].map((n) => aimBefore(log, n))).toEqual([
      { name: 'write', nth: 2 },
      { why: 'op 2 is made by a child: its death is not that of the life' },
      { why: 'another thread is the first to make its 1th call of fsync' },
      { why: 'the life has 3 ops' },
    ])
  })

  it('lines that are no calls say nothing, wherever the output is cut', () => {
    const line = written(`1 write(4</c/state/old>, 'ab', 2) = 2`)
    for (let length = 0; length < line.length - 2; length += 1)
      expect(parseStrace(line.slice(0, length))).toEqual([])
    expect(parseStrace('1 --- SIGCHLD {si_signo=SIGCHLD} ---\nstrace: no\n')).toEqual([])
    expect(splitArguments('1, {a=2, b=[3, 4]}, 5')).toEqual(['1', '{a=2, b=[3, 4]}', '5'])
  })
})
