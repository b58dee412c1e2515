/** Each kind of failure: what broke, whose line is guilty, the lives, and how to see it again. */
import type { JSX } from 'preact'
import { Copy } from './copy.tsx'
import { signs, toneOf, type Payload } from './data.ts'
import { TimelineView } from './timeline.tsx'

type Failure = Payload['failures'][number]

/** The section; absent where nothing failed. */
export function Failures({ payload }: { readonly payload: Payload }): JSX.Element | null {
  const { failures, untold } = payload
  if (failures.length === 0) return null
  // In the file the worst is last, on a page it is first.
  const sorted = failures.toReversed()
  return (
    <section id="failures" aria-labelledby="failures-title">
      <h2 id="failures-title">
        {sorted.length === 1 ? 'What failed' : `${sorted.length} kinds of failure`}
      </h2>
      {sorted.map((failure, index) => (
        <FailureView failure={failure} payload={payload} isOpen={index === 0} />
      ))}
      {untold > 0 ? <p class="dim">{untold} more kinds were counted and not looked at.</p> : null}
    </section>
  )
}

function FailureView({
  failure,
  payload,
  isOpen,
}: {
  readonly failure: Failure
  readonly payload: Payload
  readonly isOpen: boolean
}): JSX.Element {
  const { scenario, system, verdict, invariant, what, details, guilty, place, token, timeline } =
    failure
  const tone = toneOf(verdict)
  const title = invariant === undefined ? '' : (payload.invariants[invariant] ?? '')
  return (
    <details class={`failure ${tone}`} open={isOpen}>
      <summary>
        <span class={`badge ${tone}`}>
          {signs[tone]} {verdict}
        </span>
        <span class="failure-title">
          {invariant === undefined ? '' : `${invariant} ${title}`}
          <span class="dim">
            {' '}
            {scenario} × {system}
          </span>
        </span>
      </summary>
      <dl class="facts">
        <Fact name="what broke" text={[what, ...details].join('; ')} />
        {guilty === undefined ? null : <Fact name="guilty" text={guilty} />}
        {place === undefined ? null : (
          <Fact name="line" text={`${place.file}:${place.line}`} isCode />
        )}
        {failure.reproduced === undefined ? null : (
          <Fact name="seen again" text={failure.reproduced} />
        )}
        {failure.alike > 1 ? (
          <Fact name="alike" text={`${failure.alike} cases fail in this way`} />
        ) : null}
        {failure.artifact === undefined ? null : (
          <Fact name="artifact" text={failure.artifact} isCode />
        )}
      </dl>
      <Copy text={`npx killpoint replay ${token}`} />
      {timeline === undefined ? null : <TimelineView timeline={timeline} />}
      <details class="whole">
        <summary>the whole text</summary>
        <pre tabIndex={0}>{failure.text}</pre>
      </details>
    </details>
  )
}

function Fact({
  name,
  text,
  isCode = false,
}: {
  readonly name: string
  readonly text: string
  readonly isCode?: boolean
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isCode ? 'mono' : ''}>{text}</dd>
    </div>
  )
}
