/** The smaller tables: coverage, sometimes, saved cases, the audit of the syncs, the planted bugs, where it was made. */
import type { ComponentChildren, JSX } from 'preact'
import { number, rankOf, signs, toneOf, type Payload } from './data.ts'

interface Shown {
  readonly payload: Payload
}

/** What was tested, by scenario and system. */
export function CoverageTable({ payload }: Shown): JSX.Element {
  const { coverage, explored, skipped } = payload
  const names = new Map(
    [...coverage, ...explored].map(({ scenario, system }) => [
      JSON.stringify([scenario, system]),
      { scenario, system },
    ]),
  )
  return (
    <Section id="coverage" title="What was tested">
      <Table
        caption="Coverage by scenario and system"
        head={[
          '',
          'scenario',
          'system',
          'cases',
          'killed at, of ops',
          'recovered',
          'states judged',
        ]}
        numbers={[3, 4, 5, 6]}
        rows={[...names.values()].map(({ scenario, system }) => {
          const isOwn = (each: { readonly scenario: string; readonly system: string }): boolean =>
            each.scenario === scenario && each.system === system
          const live = coverage.find(isOwn)
          const states = explored.find(isOwn)
          const failed = payload.failures.filter(isOwn)
          const worst = [...failed.map(({ verdict }) => verdict), states?.verdict ?? 'HOLDS'].sort(
            (left, right) => rankOf(right) - rankOf(left),
          )[0]
          const tone = toneOf(worst ?? 'HOLDS')
          return [
            <span class={`tone ${tone}`} title={worst}>
              {signs[tone]}
            </span>,
            scenario,
            system,
            live === undefined ? '–' : number(live.cases),
            live === undefined ? '–' : <Share part={live.points.killed} whole={live.points.seen} />,
            live === undefined ? '–' : number(live.recovered),
            states === undefined ? '–' : number(states.counts['checked'] ?? 0),
          ]
        })}
      />
      {skipped.length === 0 ? null : (
        <ul class="notes">
          {skipped.map(({ scenario, system, missing }) => (
            <li>
              {scenario} × {system} was skipped: it does not claim {missing}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Share({ part, whole }: { readonly part: number; readonly whole: number }): JSX.Element {
  const share = whole === 0 ? 0 : Math.min(1, part / whole)
  return (
    <span class="share">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {number(part)} / {number(whole)}
    </span>
  )
}

/** What must happen in some case, and in how many it did. */
export function Sometimes({ payload }: Shown): JSX.Element | null {
  const rows = payload.coverage.flatMap(({ scenario, system, sometimes, fired }) => [
    ...Object.entries(sometimes).map(([name, count]) => ({ scenario, system, name, count })),
    ...Object.entries(fired).map(([name, count]) => ({
      scenario,
      system,
      name: `fault: ${name}`,
      count,
    })),
  ])
  if (rows.length === 0) return null
  return (
    <Section id="sometimes" title="What must happen sometimes">
      <p class="lead">
        A campaign in which one of these never happened has not tested what it says.
      </p>
      <Table
        caption="Sometimes and fault classes, with the cases in which they happened"
        head={['what', 'scenario', 'system', 'cases']}
        numbers={[3]}
        rows={rows.map(({ name, scenario, system, count }) => [
          name,
          scenario,
          system,
          count === 0 ? <span class="tone doubt">? never</span> : number(count),
        ])}
      />
    </Section>
  )
}

/** The corpus. */
export function Corpus({ payload }: Shown): JSX.Element | null {
  const { corpus } = payload
  if (corpus.length === 0) return null
  return (
    <Section id="corpus" title="Saved cases">
      <Table
        caption="Saved cases and what came of each"
        head={['file', 'outcome', 'told as']}
        rows={corpus.map(({ file, outcome, verdict, text }) => {
          const isStale = outcome === 'stale' || outcome === 'not-fired'
          const tone = isStale ? 'doubt' : toneOf(verdict)
          return [
            <span class="mono">{file}</span>,
            <span class={`tone ${tone}`}>
              {signs[tone]} {isStale ? 'stale' : verdict}
            </span>,
            text,
          ]
        })}
      />
    </Section>
  )
}

/** Which syncs are load-bearing. */
export function Audit({ payload }: Shown): JSX.Element {
  const audits = payload.audits ?? []
  return (
    <Section id="audit" title="Sync audit">
      {audits.length === 0 ? (
        <p class="empty">
          Not audited. <code>killpoint audit --json</code> makes a file that{' '}
          <code>killpoint report</code> takes beside this result.
        </p>
      ) : (
        audits.map(({ system, sites }) => (
          <Table
            caption={`Syncs of ${system}`}
            head={['sync', 'calls', 'fate', 'what breaks without it']}
            numbers={[1]}
            rows={sites.map(({ site, text, calls, fate, verdict, invariant }) => [
              <>
                <span class="mono">{site.split(' < ')[0]}</span> <span class="dim">{text}</span>
              </>,
              number(calls),
              <span class={`tone ${fate === 'needed' ? 'good' : 'doubt'}`}>
                {fate === 'needed' ? '✓' : '?'} {fate}
              </span>,
              [verdict, invariant].filter(Boolean).join(' '),
            ])}
          />
        ))
      )}
    </Section>
  )
}

/** Planted bugs. */
export function Mutants({ payload }: Shown): JSX.Element {
  const mutants = payload.mutants ?? []
  return (
    <Section id="mutants" title="Planted bugs">
      {mutants.length === 0 ? (
        <p class="empty">
          Not hunted. <code>killpoint mutate --json</code> makes a file that{' '}
          <code>killpoint report</code> takes beside this result.
        </p>
      ) : (
        <Table
          caption="Planted bugs and whether they were caught"
          head={['bug', 'class', 'outcome', 'verdict', 'after cases']}
          numbers={[4]}
          rows={mutants.map(({ id, class: of, outcome, verdict, cases }) => {
            const tone = outcome === 'caught' ? 'good' : outcome === 'skipped' ? 'doubt' : 'bad'
            return [
              <span class="mono">{id}</span>,
              of,
              <span class={`tone ${tone}`}>
                {signs[tone]} {outcome}
              </span>,
              verdict ?? '',
              cases === undefined ? '' : number(cases),
            ]
          })}
        />
      )}
    </Section>
  )
}

/** Where it was made. */
export function Made({ payload }: Shown): JSX.Element {
  const { environment, seeds, profile, order, coverage } = payload
  const again = coverage.map((each) => each.again)
  const sum = (of: (each: (typeof again)[number]) => number): number =>
    again.reduce((total, each) => total + of(each), 0)
  const runs = sum(({ runs: count }) => count)
  const rows = [
    ['killpoint', environment.killpoint],
    ['node', environment.node],
    ['platform', environment.platform],
    ['git', environment.git],
    ['seeds', seeds.join(', ')],
    ['profile', profile],
    ['cases a workload', String(order.cases)],
    ...(order.budgetMs === null ? [] : [['budget', `${Math.round(order.budgetMs / 1_000)} s`]]),
    ...(runs === 0
      ? []
      : [
          [
            'run twice',
            `${runs} cases, ${sum(({ sameVerdict }) => sameVerdict)} with the same verdict`,
          ],
        ]),
  ]
  return (
    <Section id="made" title="Where this was made">
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd class="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}

/** A section with its heading. */
export function Section({
  id,
  title,
  children,
}: {
  readonly id: string
  readonly title: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  )
}

/** A plain table. */
export function Table({
  caption,
  head,
  rows,
  numbers = [],
}: {
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly ComponentChildren[])[]
  readonly numbers?: readonly number[]
}): JSX.Element {
  const kind = (column: number): string => (numbers.includes(column) ? 'number' : '')
  return (
    <div class="table" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((name, column) =>
              name === '' ? (
                <td class={kind(column)} />
              ) : (
                <th scope="col" class={kind(column)}>
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells) => (
            <tr>
              {cells.map((cell, column) => (
                <td class={kind(column)}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
