/** The tables at the end of a campaign: coverage by scenario, the sometimes, what was skipped. */
import Table from 'cli-table3'
import type { CampaignResult } from '../campaign/campaign.ts'
import { vacuous } from '../campaign/coverage.ts'

const plain = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
}

/** A table without borders; every row has as many cells as the head. */
export function plainTable(
  head: readonly string[],
  colAligns: readonly ('left' | 'right')[] = [],
): Table.Table {
  return new Table({ ...plain, head: [...head], colAligns: [...colAligns] })
}

/** Points seen, killed at, recovered; by scenario and system. */
export function coverageTable({ coverage }: CampaignResult): string {
  const numbers = [
    'cases',
    'points seen',
    'killed at',
    'at random',
    'kills',
    'recovered',
    'redrawn',
  ]
  const table = plainTable(
    ['scenario', 'system', ...numbers],
    ['left', 'left', ...numbers.map(() => 'right' as const)],
  )
  for (const each of coverage)
    table.push([
      each.scenario,
      each.system,
      each.cases,
      each.pointsSeen,
      each.killedAt.size,
      each.randomKills,
      each.kills,
      each.recovered,
      each.notFired,
    ])
  return table.toString()
}

/** What must happen in some case, and in how many it did. */
export function sometimesTable({ coverage }: CampaignResult): string {
  const table = plainTable(
    ['sometimes', 'scenario', 'system', 'cases'],
    ['left', 'left', 'left', 'right'],
  )
  for (const each of coverage)
    for (const [name, count] of each.sometimes)
      table.push([name, each.scenario, each.system, count])
  return table.toString()
}

/** Why a campaign is not a pass although nothing is broken; empty where it shows what it set out to. */
export function vacuousLines({ coverage }: CampaignResult): readonly string[] {
  return coverage.flatMap((each) =>
    vacuous(each).map((what) => `${each.scenario} × ${each.system}: ${what}`),
  )
}
