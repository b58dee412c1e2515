/**
 * The result as a type. `schema.ts` is the same for a machine, and the compiler holds the two together; the members are told in
 * `docs/result-schema.md`.
 */

/** What `result.json` holds. */
export interface ResultFile {
  schema: 'killpoint-result'
  version: 2
  command: 'run' | 'gate' | 'validate' | 'explore'
  seed: string
  seeds: string[]
  profile: string
  shards: {
    seed: string
    index: number
    of: number
  }[]
  order: {
    cases: number
    workloads: number | null
    budgetMs: number | null
    perKind?: true
    oneIn?: number
  }
  environment: {
    killpoint: string
    node: string
    platform: string
    git: string
  }
  verdict: string
  exitCode: number
  stopped: boolean
  endedAfter?: number
  scenarios: {
    name: string
    title: string
    needs: string[]
  }[]
  systems: {
    name: string
    kind: string
    claims: string[]
  }[]
  skipped: {
    scenario: string
    system: string
    missing: string
  }[]
  inconclusive: string[]
  corpus: {
    file: string
    token: string
    verdict: string
    outcome: 'stale' | 'not-fired' | 'unrecorded' | 'exact' | 'same-verdict' | 'not-reproduced'
    text: string
  }[]
  cases: {
    groups: {
      scenario: string
      system: string
      seed: string
      prefix: string
    }[]
    origins: string[]
    verdicts: string[]
    findings: {
      invariant: string
      what: string
    }[]
    group: number[]
    slot: number[]
    origin: number[]
    verdict: number[]
    finding: number[]
    schedule: string[]
    lives: number[]
    kills: number[]
  }
  coverage: {
    scenario: string
    system: string
    cases: number
    recovered: number
    kills: number
    notFired: number
    randomMissed: number
    randomKills: {
      token: string
      precision: string
      at: string
    }[]
    workloads: {
      seed: string
      points: {
        [name: string]: number
      }
      killedAt: string[]
      killed: {
        [name: string]: number[]
      }
    }[]
    fired: {
      [name: string]: number
    }
    skipped: {
      [name: string]: string
    }
    sometimes: {
      [name: string]: number
    }
    unseen?: string
    traced?: string
    again: {
      runs: number
      sameVerdict: number
      promised: number
      promisedSame: number
      otherSame: number
      otherVerdicts: string[]
      otherMarks: string[]
    }
  }[]
  explored: {
    scenario: string
    system: string
    prefix: string
    ops: number
    points: number
    pointsLeft: number
    counts: {
      [name: string]: number
    }
    map: {
      op: number
      at: 'before' | 'torn' | 'after' | 'power'
      states: number
      bad: number
      verdict: string
      schedule: string
    }[]
    findings: {
      token: string
      verdict: string
      invariant?: string
      what: string
      states: number
      isConfirmed: boolean
      mayDiffer?: boolean
      confirmed: string
    }[]
    drawn?: {
      chosen: number
      distinct: number
    }
    skipped?: string
    controlFault?: string
    verdict: string
  }[]
  traces: {
    scenario: string
    system: string
    seed: string
    sites: string[]
    kind: string[]
    text: string[]
    site: number[]
  }[]
  failures: {
    scenario: string
    system: string
    verdict: string
    invariant?: string
    what: string
    details: string[]
    guilty?: string
    place?: {
      file: string
      line: number
    }
    token: string
    first: string
    alike: number
    saved?: string
    reproduced?: string
    timeline?: {
      lives: {
        life: number
        faults: string
        end: string
      }[]
      rows: {
        life: number
        op?: number
        kind: 'op' | 'start' | 'mark' | 'fault' | 'exit' | 'note'
        name: string
        text: string
        site?: string
        records?: string[]
        flags: string[]
      }[]
      left: number
    }
    artifact?: string
    text: string
  }[]
  untold: number
  claims?: {
    claim: string
    outcome: {
      kind: string
    } & {
      [key: string]: unknown
    }
  }[]
  laws?: {
    system: string
    law: string
    title: string
    outcome: {
      kind: string
    } & {
      [key: string]: unknown
    }
    again?: string
  }[]
  audits?: {
    system: string
    sites: {
      site: string
      text: string
      calls: number
      fate: string
      verdict?: string
      invariant?: string
      token?: string
    }[]
    skipped: {
      scenario: string
      why: string
    }[]
  }[]
  mutants?: {
    id: string
    class: string
    outcome: string
    verdict?: string
    cases?: number
  }[]
  recoveries?: {
    scenario: string
    system: string
    engine: 'explorer' | 'live'
    token: string
    life: number
    bytes: number
    records?: number
    cost?: {
      readBytes: number
      writtenBytes: number
      ops: number
      syncs: number
    }
    ms?: number
  }[]
  costs?: {
    system: string
    records: number
    bytesPerRecord: number
    syncsPerRecord: number
    recoveryMs: number
  }[]
}
