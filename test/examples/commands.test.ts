/** The executables under `examples/commands` speak the command protocol: they hold, and a broken one is found. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { runCampaign, type CampaignResult } from '../../harness/campaign/campaign.ts'
import type { CommandSystem } from '../../harness/system.ts'
import { finishedRun } from '../../scenarios/finished-run.ts'
import { recovery } from '../../scenarios/recovery.ts'

const examples = fileURLToPath(new URL('../../examples/commands/', import.meta.url))
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'killpoint-commands-'))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

function system(name: string, file: string, script: string): CommandSystem {
  return {
    kind: 'command',
    name,
    claims: ['process', 'keyed', 'once', 'terminal'],
    takeoverMsMax: 0,
    program: { kind: 'executable', file, arguments: [script] },
  }
}

function campaign(tested: CommandSystem): Promise<CampaignResult> {
  return runCampaign({
    seed: 'commands',
    systems: [tested],
    scenarios: [recovery, finishedRun],
    cases: 6,
    live: { jobs: 2 },
  })
}

function version(file: string): string {
  try {
    return execFileSync(file, ['--version'], { encoding: 'utf8' }).trim()
  } catch {
    // Not installed: the title says so.
    return ''
  }
}

const python = version('python3')

describe('executables that speak the protocol by hand', () => {
  it.each<readonly [string, string, string]>([
    ['node', process.execPath, 'worker.mjs'],
    ['shell', '/bin/sh', 'worker.sh'],
    ...(python === '' ? [] : [['python', 'python3', 'worker.py'] as const]),
  ])('%s: no case fails', async (name, file, script) => {
    const { cases, coverage, failures } = await campaign(
      system(name, file, path.join(examples, script)),
    )
    expect(failures.map(({ token, verdict }) => `${verdict} ${token}`)).toEqual([])
    expect(cases).toBeGreaterThan(4)
    expect(coverage.reduce((sum, each) => sum + each.kills, 0)).toBeGreaterThan(3)
  })

  if (python === '') it.skip('python: python3 is not installed on this host', () => {})

  it('a shell script that forgets its results is caught', async () => {
    const text = fs.readFileSync(path.join(examples, 'worker.sh'), 'utf8')
    const broken = path.join(scratch, 'broken.sh')
    fs.writeFileSync(broken, text.replace('if [ -e "$KILLPOINT_DIR/$step" ]', 'if false'))
    const { failures } = await campaign(system('broken', '/bin/sh', broken))
    expect(failures.map(({ verdict }) => verdict)).toSatisfy((verdicts: readonly string[]) =>
      verdicts.some((verdict) => verdict === 'REDONE' || verdict === 'DIVERGED'),
    )
  })
})
