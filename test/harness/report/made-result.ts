/** Results made by hand, for tests and benches of reports: any size, and as hostile as wanted. */
import { CaseGatherer } from '../../../harness/report/result/case-columns.ts'
import type { Result } from '../../../harness/report/result/result.ts'

/** Everything that could end an element, an attribute, a command or a line. */
export const hostile =
  '</script><script>window.pwned=1</script><img src=x onerror="window.pwned=1">\'"&<!--\u2028\u0007::error::%0A`]]>'

/** How large a made result is. */
export interface MadeOptions {
  readonly cases?: number
  readonly ops?: number
  /** Put wherever somebody else's text may stand. */
  readonly text?: string
  readonly fails?: boolean
}

/** A result. */
export function madeResult({
  cases: count = 40,
  ops = 24,
  text = 'x',
  fails = true,
}: MadeOptions = {}): Result {
  const prefix = 'kp1:loop:file:abc:posix:'
  const gatherer = new CaseGatherer()
  for (let index = 0; index < count; index += 1) {
    const isBad = fails && index % 17 === 5
    gatherer.add({
      scenario: 'loop',
      system: 'file',
      seed: index < 40 ? 'abc' : `s${Math.floor(index / 40)}`,
      token: `${index < 40 ? prefix : `kp1:loop:file:s${Math.floor(index / 40)}:posix:`}K${(index % ops) + 1}${['', '+', '/7'][index % 3] ?? ''}`,
      slot: index % 40,
      origin: 'class kill',
      verdict: isBad ? 'LOST_COMMIT' : 'HOLDS',
      ...(isBad ? { finding: { invariant: 'S1', what: `record 1 is gone ${text}` } } : {}),
      lives: 2,
      kills: 1,
    })
  }
  const verdict = fails ? 'LOST_COMMIT' : 'HOLDS'
  return {
    schema: 'killpoint-result',
    version: 2,
    command: 'gate',
    seed: 'abc',
    seeds: ['abc'],
    profile: 'posix',
    shards: [],
    order: { cases: 40, workloads: 1, budgetMs: null },
    environment: { killpoint: '0.1.0', node: '20.0.0', platform: 'linux x64', git: 'none' },
    verdict,
    exitCode: fails ? 1 : 0,
    stopped: false,
    scenarios: [{ name: 'loop', title: 'a loop', needs: ['process'] }],
    systems: [{ name: 'file', kind: 'backend', claims: ['process', 'power'] }],
    skipped: [{ scenario: 'tree', system: 'file', missing: 'child' }],
    inconclusive: [],
    corpus: [
      {
        file: `corpus/${text}.json`,
        token: `${prefix}K1`,
        verdict: 'INCONCLUSIVE',
        outcome: 'stale',
        text: `stale: ${text}`,
      },
    ],
    cases: gatherer.columns(),
    coverage: [
      {
        scenario: 'loop',
        system: 'file',
        cases: count,
        recovered: count,
        kills: count,
        notFired: 0,
        randomMissed: 0,
        randomKills: [],
        workloads: [
          {
            seed: 'abc',
            points: { write: ops },
            killedAt: ['K1', 'K2+'],
            killed: { write: [1, 2] },
          },
        ],
        fired: { kill: count },
        skipped: {},
        sometimes: { [`resumed ${text}`]: 3 },
        again: {
          runs: 1,
          sameVerdict: 1,
          promised: 1,
          promisedSame: 1,
          otherSame: 0,
          otherVerdicts: [],
          otherMarks: [],
        },
      },
    ],
    explored: [
      {
        scenario: 'loop',
        system: 'file',
        prefix,
        ops,
        points: ops + 1,
        pointsLeft: 0,
        counts: {
          exists: 9,
          built: 9,
          images: 5,
          checked: 9,
          recoveries: 9,
          lives: 9,
          errors: 0,
          unfired: 0,
          nested: 0,
        },
        map: [
          { op: 3, at: 'power', states: 4, bad: 0, verdict: 'HOLDS', schedule: 'P3' },
          ...(fails
            ? [
                {
                  op: 6,
                  at: 'power' as const,
                  states: 4,
                  bad: 1,
                  verdict: 'LOST_COMMIT',
                  schedule: 'P6',
                },
              ]
            : []),
        ],
        findings: [],
        verdict,
      },
    ],
    traces: [
      {
        scenario: 'loop',
        system: 'file',
        seed: 'abc',
        sites: [`src/journal.ts:88 < ${text}`],
        kind: Array.from({ length: ops }, () => 'write'),
        text: Array.from({ length: ops }, (_, op) => `write ${text} +${op} bytes`),
        site: Array.from({ length: ops }, () => 0),
      },
    ],
    failures: fails
      ? [
          {
            scenario: 'loop',
            system: 'file',
            verdict: 'LOST_COMMIT',
            invariant: 'S1',
            what: `record 1 is gone ${text}`,
            details: [text],
            guilty: `op 6 was never synced: ${text}`,
            place: { file: 'src/journal.ts', line: 88 },
            token: `${prefix}P6`,
            first: `${prefix}P6`,
            alike: 2,
            reproduced: '1 of 1, by the same marks',
            timeline: {
              lives: [
                { life: 1, faults: 'power loss before op 7', end: 'killed' },
                { life: 2, faults: '', end: 'done' },
              ],
              rows: [
                { life: 1, kind: 'start', name: 'life', text: 'process started', flags: [] },
                { life: 1, op: 1, kind: 'op', name: 'open', text: `open ${text}`, flags: [] },
                {
                  life: 1,
                  op: 6,
                  kind: 'op',
                  name: 'write',
                  text: `write ${text}`,
                  site: `src/journal.ts:88 < ${text}`,
                  flags: ['guilty', 'gone'],
                },
                {
                  life: 1,
                  op: 7,
                  kind: 'mark',
                  name: 'ack',
                  text: 'told that 1 record is durable',
                  records: ['abcdef'],
                  flags: ['lost', 'relied'],
                },
                {
                  life: 1,
                  kind: 'exit',
                  name: 'exit',
                  text: 'process killed by SIGKILL',
                  flags: [],
                },
                { life: 2, kind: 'start', name: 'life', text: 'process started', flags: [] },
                {
                  life: 2,
                  op: 2,
                  kind: 'mark',
                  name: 'recovered',
                  text: 'recovered 0 records',
                  records: [],
                  flags: ['broken'],
                },
                {
                  life: 2,
                  op: 3,
                  kind: 'mark',
                  name: 'effect',
                  text: `effect of ${text}`,
                  flags: ['again'],
                },
              ],
              left: 0,
            },
            text: `✗ loop × file   LOST_COMMIT  S1\n  ${text}\n  replay  npx killpoint replay ${prefix}P6`,
          },
        ]
      : [],
    untold: 0,
    audits: [
      {
        system: 'file',
        sites: [
          {
            site: 'src/journal.ts:90',
            text,
            calls: 3,
            fate: 'needed',
            verdict: 'LOST_COMMIT',
            invariant: 'S1',
            token: `${prefix}L3`,
          },
        ],
        skipped: [],
      },
    ],
    mutants: [
      { id: 'no-sync', class: 'journal', outcome: 'caught', verdict: 'LOST_COMMIT', cases: 3 },
    ],
    recoveries: [90, 700, 5_000, 41_000].flatMap((bytes, index) => [
      {
        scenario: 'loop',
        system: `file ${text}`,
        engine: 'explorer' as const,
        token: `${prefix}P${index + 1}`,
        life: 2,
        bytes,
        records: index,
        cost: { readBytes: bytes, writtenBytes: 0, ops: 9, syncs: 2 },
      },
      {
        scenario: 'loop',
        system: 'file',
        engine: 'live' as const,
        token: `${prefix}K${index + 1}`,
        life: 2,
        bytes,
        ms: 50.5 + index,
      },
    ]),
    costs: [100, 1_000, 10_000].map((records) => ({
      system: 'file',
      records,
      bytesPerRecord: 120,
      syncsPerRecord: 1,
      recoveryMs: records / 90,
    })),
  }
}
