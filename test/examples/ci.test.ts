/** The CI files of `examples/ci`, tried as far as one machine goes: the shell line of the Job as two local processes at once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readResult } from '../../harness/report/result/result.ts'
import { built, cli } from '../harness/commands/cli.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'killpoint-ci-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The folded scalar behind a key of a YAML file: its lines, joined. */
function folded(file: string, key: string): string {
  const lines = readFileSync(join(root, 'examples', 'ci', file), 'utf8').split('\n')
  const from = lines.findIndex((line) => line.trim() === key) + 1
  const indent = /^ */.exec(lines[from] ?? '')?.[0] ?? ''
  const to = lines.findIndex((line, at) => at > from && !line.startsWith(indent))
  return lines
    .slice(from, to)
    .map((line) => line.trim())
    .join(' ')
}

beforeAll(async () => {
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(root, join(directory, 'node_modules', 'killpoint'))
  symlinkSync(join(root, 'node_modules', 'fast-check'), join(directory, 'node_modules/fast-check'))
  expect((await cli(['init'], directory)).code).toBe(0)
  mkdirSync(join(directory, 'bin'))
  const npx = join(directory, 'bin', 'npx')
  // One workload of a few cases stands for a minute.
  writeFileSync(
    npx,
    `#!/bin/sh\nshift\nexec "${process.execPath}" "${built}" "$@" --cases 4 --workloads 1 --no-explore --jobs 1\n`,
  )
  chmodSync(npx, 0o755)
})

describe('examples/ci', () => {
  it('the pods of the Job are the parts of one gate', async () => {
    const script = folded('kubernetes-job.yml', '- >-')
    expect(script).toContain('--shard "$((JOB_COMPLETION_INDEX + 1))/$SHARDS"')
    const pods = await Promise.all(
      ['0', '1'].map(async (index) => {
        const { PATH = '' } = process.env
        const child = spawn('/bin/sh', ['-c', script], {
          cwd: directory,
          stdio: 'ignore',
          env: {
            ...process.env,
            PATH: `${join(directory, 'bin')}:${PATH}`,
            JOB_COMPLETION_INDEX: index,
            SHARDS: '2',
            RESULTS: directory,
          },
        })
        const [code] = (await once(child, 'close')) as [number | null]
        return code
      }),
    )
    expect(pods).toEqual([0, 0])
    for (const index of ['0', '1'])
      expect(readdirSync(join(directory, `shard-${index}`, 'journal'))).toEqual(['campaign'])
    const files = ['0', '1'].map((index) => join(directory, `shard-${index}`, 'result.json'))
    const joined = join(directory, 'joined.json')
    const merged = await cli(['report', '--merge', ...files, '--result', joined], directory)
    const { cases, shards } = readResult(joined)
    expect(merged.stderr).toBe('')
    expect(shards).toEqual([])
    const slots = cases.slot.filter((slot) => slot >= 0)
    expect(slots.toSorted((left, right) => left - right)).toEqual([0, 1, 2, 3])
  })

  it('the workflow gives every shard of its matrix a part, and joins them', () => {
    const text = readFileSync(join(root, 'examples', 'ci', 'github-workflow.yml'), 'utf8')
    const [, shards = ''] = /shard: \[(.*)\]/.exec(text) ?? []
    expect(text).toContain(`--shard \${{ matrix.shard }}/${shards.split(', ').length}`)
    expect(text).toContain('report --merge shard-*/result.json')
    expect(text).toContain('--journal journal')
  })
})
