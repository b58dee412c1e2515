/**
 * Which campaign a journal is of: everything that decides which cases there are and how they are judged. Not in it: how much time
 * there is, how many cases run at once, where reports go. These may be others when it goes on.
 */
import { createHash } from 'node:crypto'
import type { Scenario } from '../scenario.ts'
import type { System } from '../system.ts'

/** Texts by name, as a reader is told them, and the seeds. */
export interface CampaignIdentity {
  readonly seeds: readonly string[]
  readonly parts: Readonly<Record<string, string>>
}

/** What an identity is made of. */
export interface CampaignParts {
  readonly command: string
  /** Of the project: it may lie elsewhere on another machine. */
  readonly directory: string
  readonly seeds: readonly string[]
  readonly shard?: { readonly index: number; readonly of: number }
  readonly profile: string
  readonly scenarios: readonly Scenario[]
  readonly systems: readonly System[]
  readonly cases: number
  readonly workloads: number
  /** What is explored, as options say it. */
  readonly explored: string
  readonly environment: {
    readonly killpoint: string
    readonly node: string
    readonly platform: string
    readonly git: string
  }
}

/** The identity of a campaign. */
export function identityOf(parts: CampaignParts): CampaignIdentity {
  const { shard, scenarios, systems, environment } = parts
  const names = (items: readonly { readonly name: string }[]): string =>
    items.map(({ name }) => name).join(', ')
  return {
    seeds: parts.seeds,
    parts: {
      command: parts.command,
      seed: parts.seeds.join(', '),
      shard: shard === undefined ? 'all of it' : `${shard.index}/${shard.of}`,
      profile: parts.profile,
      scenarios: names(scenarios),
      systems: names(systems),
      'cases a workload': String(parts.cases),
      workloads: String(parts.workloads),
      explored: parts.explored,
      killpoint: environment.killpoint,
      node: environment.node,
      platform: environment.platform,
      // Reports and journals of a campaign may themselves make a checkout dirty; sources are compared as they are bundled.
      commit: environment.git.split(' ')[0] ?? '',
      configuration: configurationOf(parts),
    },
  }
}

/** What differs, a line each: `seed: abc / def`. */
export function differences(was: CampaignIdentity, is: CampaignIdentity): readonly string[] {
  const names = new Set([...Object.keys(was.parts), ...Object.keys(is.parts)])
  return [...names].flatMap((name) => {
    const [left, right] = [was.parts[name] ?? 'nothing', is.parts[name] ?? 'nothing']
    return left === right ? [] : [`${name}: ${left} / ${right}`]
  })
}

/** A hash of what scenarios and systems say of themselves. Their functions are not in it: what they draw is compared case by case. */
function configurationOf({ scenarios, systems, directory }: CampaignParts): string {
  const told = scenarios.map(({ faults, sometimes, workload: _workload, ...scenario }) => ({
    ...scenario,
    faults: faults.map(({ name, needs, weight }) => ({ name, needs, weight })),
    sometimes: sometimes.map(({ name, needs }) => ({ name, needs })),
  }))
  return createHash('sha256')
    .update(JSON.stringify([told, systems]).replaceAll(directory, '.'))
    .digest('hex')
    .slice(0, 16)
}
