import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseLedger } from '../../harness/ledger.ts'
import { buildModule } from '../built-module.ts'

const programs = mkdtempSync(path.join(tmpdir(), 'killpoint-marking-'))
const program = path.join(programs, 'marking-worker.mjs')
beforeAll(async () => {
  await buildModule(fileURLToPath(new URL('fixtures/marking-worker.ts', import.meta.url)), program)
})
afterAll(() => rmSync(programs, { recursive: true }))

const told = {
  KILLPOINT_VERB: 'run',
  KILLPOINT_RUN_ID: 'r',
  KILLPOINT_SEED: '8f3c21',
  KILLPOINT_WORKLOAD: '/w.json',
  KILLPOINT_DIR: '/d',
  KILLPOINT_CLOCK_MS: '1000',
  KILLPOINT_TAKEOVER: 'if-dead',
  KILLPOINT_LIFE: '1',
  KILLPOINT_STREAM: '1',
}

let directory = ''
let ledger = ''
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'killpoint-worker-'))
  ledger = path.join(directory, 'ledger')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

interface Output {
  readonly status: number | null
  readonly signal: string | null
  readonly printed: { readonly nonce: string; readonly under: boolean; readonly told: unknown }
  readonly stderr: string
}

function run(environment: Readonly<Record<string, string>>, argument = ''): Output {
  const fd = openSync(ledger, 'a')
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, argument], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  })
  closeSync(fd)
  return { status, signal, stderr, printed: JSON.parse(stdout || '{}') as Output['printed'] }
}

describe('worker', () => {
  test('marks of two lives are in one ledger, also when the first is killed right after its last', () => {
    const first = run(told, 'kill')
    const second = run({ ...told, KILLPOINT_LIFE: '2' })
    expect([first.signal, second.status]).toEqual(['SIGKILL', 0])
    const marks = parseLedger(readFileSync(ledger)).map(({ mark }) => mark)
    expect(marks.map(({ life, mark }) => `${life} ${mark}`)).toEqual([
      '1 begin',
      '1 effect',
      '1 observed',
      '2 begin',
      '2 effect',
      '2 observed',
    ])
    const nonces = marks.flatMap((mark) => (mark.mark === 'effect' ? [mark.nonce] : []))
    expect(new Set([...nonces, first.printed.nonce, second.printed.nonce]).size).toBe(4)
    // The same life under the same seed draws the same again: serial lanes are byte-identical.
    expect(run(told).printed.nonce).toBe(first.printed.nonce)
    expect(run({ ...told, KILLPOINT_SEED: 'other' }).printed.nonce).not.toBe(first.printed.nonce)
  })

  test('a life reads what it is told', () => {
    const more = {
      KILLPOINT_SIGNAL: '{"name":"go","payload":"x"}',
      KILLPOINT_IDENTITY: '{"host":"h","bootId":"b"}',
    }
    expect(run({ ...told, ...more }).printed.told).toEqual({
      verb: 'run',
      runId: 'r',
      seed: '8f3c21',
      workload: '/w.json',
      directory: '/d',
      clockMs: 1000,
      takeover: 'if-dead',
      life: 1,
      signal: { name: 'go', payload: 'x' },
      identity: { host: 'h', bootId: 'b' },
    })
  })

  test('outside of the harness nothing is written', () => {
    expect(run({}).printed).toMatchObject({ under: false })
    expect(readFileSync(ledger, 'utf8')).toBe('')
  })

  test.each([
    [{ KILLPOINT_VERB: 'fly' }, 'KILLPOINT_VERB: expected run or signal or cancel, found "fly"'],
    [{ KILLPOINT_DIR: '' }, 'KILLPOINT_DIR: expected a text, found ""'],
    [{ KILLPOINT_CLOCK_MS: '1.5' }, 'KILLPOINT_CLOCK_MS: expected a whole number, found "1.5"'],
    [{ KILLPOINT_SIGNAL: '{' }, 'KILLPOINT_SIGNAL: expected a JSON object with the texts name'],
  ])('%j is refused', (change, message) => {
    const { status, stderr } = run({ ...told, ...change })
    expect(status).toBe(1)
    expect(stderr).toContain(message)
  })

  test('a line that the reader would refuse is not written', () => {
    expect(run(told, 'oversized').stderr).toContain('the ledger takes 1048576')
  })
})
