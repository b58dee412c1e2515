/**
 * `--resume`: a campaign that was stopped goes on from its result. It must be the same campaign, and that is known before anything
 * runs: two campaigns in one result would be the answer to neither.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { differences, identityOf, type CampaignParts } from '../campaign/campaign-identity.ts'
import { UsageError } from '../errors.ts'
import { rowAt } from '../report/result/case-columns.ts'
import { readResult, type Result } from '../report/result/result.ts'
import type { CampaignOrder } from './campaign-order.ts'

/** What an order says of the campaign that it goes on with; nothing without `--resume`. */
export function resumedBy({
  resume,
}: {
  readonly resume?: string
}): Pick<CampaignOrder, 'before' | 'casesBefore'> {
  if (resume === undefined) return {}
  const before = readResult(resume)
  return { before, casesBefore: caseLines(before, join(dirname(resume), 'cases.jsonl')) }
}

/**
 * Compares a stopped campaign with the one that is to go on with it.
 *
 * @throws UsageError `RESULT_MISMATCH` naming every difference
 */
export function assertSameCampaign(before: Result | undefined, asked: CampaignParts): void {
  if (before === undefined) return
  const was = identityOfResult(before)
  // Of several seeds, a stop leaves out the last ones.
  const seeds = asked.seeds.slice(0, Math.max(1, before.seeds.length))
  const { parts } = identityOf({ ...asked, seeds })
  const known = Object.keys(was)
  const is = Object.fromEntries(Object.entries(parts).filter(([name]) => known.includes(name)))
  const wrong = differences({ seeds, parts: was }, { seeds, parts: is })
  if (wrong.length === 0) return
  throw new UsageError(
    'RESULT_MISMATCH',
    `--resume names the result of another campaign (its own / asked for):\n${wrong.map((each) => `  ${each}`).join('\n')}`,
    { hint: 'give the options that it was begun with, or leave --resume out to begin another' },
  )
}

/** What a result knows of its campaign, named as `identityOf` names it. */
function identityOfResult(result: Result): Readonly<Record<string, string>> {
  const { command, seeds, shards, profile, scenarios, systems, order, environment } = result
  const names = (items: readonly { readonly name: string }[]): string =>
    items.map(({ name }) => name).join(', ')
  const parts = shards.map(({ index, of }) => `${index}/${of}`)
  return {
    command,
    seed: seeds.join(', '),
    shard: parts.length === 0 ? 'all of it' : [...new Set(parts)].join(', '),
    profile,
    scenarios: names(scenarios),
    systems: names(systems),
    'cases a workload': String(order.cases),
    workloads: String(order.workloads ?? Infinity),
    killpoint: environment.killpoint,
    node: environment.node,
    platform: environment.platform,
    commit: environment.git.split(' ')[0] ?? '',
  }
}

/** Each case of a result as a line: as it was written when it ran, or what the result knows of it where that file is gone. */
function caseLines({ cases }: Result, file: string): readonly string[] {
  const written = new Map<string, string>()
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const token = /^\{"token":"([^"\\]+)"/.exec(line)?.[1]
    if (token !== undefined) written.set(token, line)
  }
  return cases.group.map((_, index) => {
    const { token, verdict, scenario, system, origin, lives, kills, finding } = rowAt(cases, index)
    const known = { token, verdict, scenario, system, origin, lives, kills, ...finding }
    return written.get(token) ?? JSON.stringify(known)
  })
}
