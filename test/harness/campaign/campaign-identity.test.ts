import { describe, expect, it } from 'vitest'
import {
  differences,
  identityOf,
  type CampaignParts,
} from '../../../harness/campaign/campaign-identity.ts'
import { notebook, pages, tree } from '../fixtures/notebook-project.ts'

const parts: CampaignParts = {
  command: 'run',
  directory: '/project',
  seeds: ['abc'],
  profile: 'posix',
  scenarios: [pages],
  systems: [notebook()],
  cases: 13,
  workloads: 1,
  explored: 'nothing',
  environment: {
    killpoint: '1.2.3',
    node: '20.20.2',
    platform: 'linux x64',
    git: 'abc1234 (clean)',
  },
}

function changed(change: Partial<CampaignParts>): readonly string[] {
  return differences(identityOf(parts), identityOf({ ...parts, ...change }))
}

const { environment } = parts

describe('the identity of a campaign', () => {
  it.each<[string, Partial<CampaignParts>, readonly string[]]>([
    ['nothing', {}, []],
    ['its command', { command: 'gate' }, ['command: run / gate']],
    ['its seeds', { seeds: ['abc', 'def'] }, ['seed: abc / abc, def']],
    ['its shard', { shard: { index: 2, of: 3 } }, ['shard: all of it / 2/3']],
    ['its profile', { profile: 'ext4' }, ['profile: posix / ext4']],
    ['its numbers', { cases: 5, workloads: 2 }, ['cases a workload: 13 / 5', 'workloads: 1 / 2']],
    ['what is explored', { explored: 'kill' }, ['explored: nothing / kill']],
    [
      'killpoint',
      { environment: { ...environment, killpoint: '1.2.4' } },
      ['killpoint: 1.2.3 / 1.2.4'],
    ],
    ['Node', { environment: { ...environment, node: '22.0.0' } }, ['node: 20.20.2 / 22.0.0']],
    [
      'the commit',
      { environment: { ...environment, git: 'fff (clean)' } },
      ['commit: abc1234 / fff'],
    ],
    // The journal itself may be what is not committed.
    ['whether it is clean', { environment: { ...environment, git: 'abc1234 (dirty)' } }, []],
  ])('tells %s', (_, change, expected) => {
    expect(changed(change)).toEqual(expected)
  })

  it('tells the selection, and what a configuration says of it', () => {
    const selected = changed({ scenarios: [pages, tree] })
    expect(selected).toContain('scenarios: pages / pages, tree')
    expect(changed({ systems: [notebook('forgetful')] })).toEqual([
      expect.stringMatching(/^configuration: \w{16} \/ \w{16}$/),
    ])
    expect(changed({ scenarios: [{ ...pages, livesMax: 9 }] })).toHaveLength(1)
  })

  it('is the same where the project lies elsewhere', () => {
    const at = (directory: string): CampaignParts => ({
      ...parts,
      directory,
      systems: [{ ...notebook(), program: { kind: 'script', entry: `${directory}/worker.ts` } }],
    })
    expect(differences(identityOf(at('/one')), identityOf(at('/other/place')))).toEqual([])
  })
})
