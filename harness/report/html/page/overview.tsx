/** The first screen: the verdict, what was tested under which model, the numbers. */
import type { JSX } from 'preact'
import { number, signs, toneOf, type Payload } from './data.ts'

/** The header of the page. */
export function Overview({ payload }: { readonly payload: Payload }): JSX.Element {
  const tone = toneOf(payload.verdict)
  return (
    <header class="overview">
      <p class="brand">
        killpoint <span class="dim">{payload.command}</span>
      </p>
      <h1 class={tone}>
        <span aria-hidden="true" class="sign">
          {signs[tone]}
        </span>{' '}
        {headline(payload)}
      </h1>
      <p class="lead">{tested(payload)}</p>
      <dl class="numbers">
        {numbers(payload).map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Doubts payload={payload} />
    </header>
  )
}

function headline({ verdict, failures, stopped }: Payload): string {
  if (verdict === 'HOLDS') return 'All of it holds'
  if (verdict === 'INCONCLUSIVE') return stopped ? 'Stopped before the end' : 'Inconclusive'
  const worst = failures.at(-1)
  return worst === undefined ? verdict : `${verdict}: ${worst.what}`
}

function tested({ scenarios, systems, profile, model, seeds, environment }: Payload): string {
  const list = systems.map(({ name }) => name).join(', ')
  const disk = model === '' ? profile : `${profile} (${model})`
  const seeded = seeds.length === 1 ? `seed ${seeds[0] ?? ''}` : `${seeds.length} seeds`
  return `${scenarios.length} ${scenarios.length === 1 ? 'scenario' : 'scenarios'} over ${list}. Disk model ${disk}. ${seeded}, git ${environment.git}.`
}

function numbers(payload: Payload): readonly (readonly [string, string])[] {
  const { coverage, explored, corpus, failures, untold } = payload
  const sum = (of: (each: Payload['coverage'][number]) => number): number =>
    coverage.reduce((total, each) => total + of(each), 0)
  const states = explored.reduce((total, { counts }) => total + (counts['checked'] ?? 0), 0)
  const stale = corpus.filter(({ outcome }) => outcome === 'stale' || outcome === 'not-fired')
  return [
    ['cases', number(sum((each) => each.cases))],
    ['processes killed', number(sum((each) => each.kills))],
    ['exact crash points', number(sum((each) => each.points.killed))],
    ...(explored.length === 0 ? [] : [['crash states judged', number(states)] as const]),
    ['kinds of failure', number(failures.length + untold)],
    ...(corpus.length === 0
      ? []
      : [
          [
            'saved cases',
            `${corpus.length}${stale.length === 0 ? '' : `, ${stale.length} stale`}`,
          ] as const,
        ]),
  ]
}

function Doubts({ payload }: { readonly payload: Payload }): JSX.Element | null {
  const { inconclusive, stopped, shards, explored } = payload
  const late = explored.filter(({ pointsLeft }) => pointsLeft > 0)
  const lines = [
    ...(stopped ? ['It was stopped: what follows is what was known by then.'] : []),
    ...shards.map(({ index, of }) => `Shard ${index} of ${of}: the others are not in it.`),
    ...inconclusive,
    ...late.map(
      ({ scenario, system, pointsLeft, points }) =>
        `${scenario} × ${system}: the budget ended before ${pointsLeft} of ${points} points were explored`,
    ),
  ]
  if (lines.length === 0) return null
  return (
    <details class="doubts" open={lines.length <= 4}>
      <summary>What was not shown ({lines.length})</summary>
      <ul>
        {lines.map((line) => (
          <li>{line}</li>
        ))}
      </ul>
    </details>
  )
}
