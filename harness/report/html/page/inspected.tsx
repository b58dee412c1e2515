/** The page of an inspected directory: its runs, or one of them. */
import { render, type JSX } from 'preact'
import type { InspectedPage, ProblemPage, RunPage, RunsPage } from '../../../inspect/run-page.ts'
import { number, signs, type Tone } from './data.ts'
import { Section, Table } from './tables.tsx'
import { TimelineView } from './timeline.tsx'
import './page.css'

function Page({ page }: { readonly page: InspectedPage }): JSX.Element {
  switch (page.kind) {
    case 'run':
      return <Run page={page} />
    case 'runs':
      return <Runs page={page} />
    case 'problem':
      return <Problem page={page} />
  }
}

function Problem({ page }: { readonly page: ProblemPage }): JSX.Element {
  return (
    <header class="overview">
      <Brand />
      <h1 class="doubt">Nothing to show</h1>
      <p class="lead">{page.message}</p>
    </header>
  )
}

function Brand(): JSX.Element {
  return (
    <p class="brand">
      killpoint <span class="dim">inspect</span>
    </p>
  )
}

function Runs({ page: { directory, runs } }: { readonly page: RunsPage }): JSX.Element {
  return (
    <>
      <header class="overview">
        <Brand />
        <h1>{runs.length === 1 ? '1 run' : `${number(runs.length)} runs`}</h1>
        <p class="lead mono">{directory}</p>
      </header>
      <main id="main">
        <Table
          caption="Runs and what became of each"
          head={['run', 'status', 'lives', 'records', 'in doubt', 'read']}
          numbers={[2, 3, 4]}
          rows={runs.map(({ runId, name, status, lives, records, inDoubt, isWhole }) => [
            <a class="mono" href={`/?${new URLSearchParams({ run: runId }).toString()}`}>
              {name}
            </a>,
            <Status status={status} />,
            number(lives),
            number(records),
            number(inDoubt),
            isWhole ? 'all of it' : <span class="tone bad">{signs.bad} damaged</span>,
          ])}
        />
      </main>
    </>
  )
}

function Run({ page }: { readonly page: RunPage }): JSX.Element {
  const { runId, directory, status, isWhole, begun, lives, records, notes, leftOut } = page
  return (
    <>
      <a class="skip" href="#main">
        to the run
      </a>
      <header class="overview">
        <Brand />
        <h1 class={toneOf(status)}>
          <span aria-hidden="true" class="sign">
            {signs[toneOf(status)]}
          </span>{' '}
          {runId}: {status}
        </h1>
        <p class="lead">
          {lives.length === 1 ? '1 life' : `${lives.length} lives`},{' '}
          {records === 1 ? '1 record' : `${number(records)} records`} in{' '}
          <span class="mono">{directory}</span>. {begun}
        </p>
        {page.isListed ? (
          <p>
            <a href="/">all runs</a>
          </p>
        ) : null}
        {isWhole ? null : (
          <p class="tone bad">
            {signs.bad} Damaged: it was read up to the damage and around it. What looks unfinished
            may have ended.
          </p>
        )}
        {notes.length === 0 ? null : (
          <ul class="notes">
            {notes.map((note) => (
              <li>{note}</li>
            ))}
          </ul>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {leftOut.length === 0 ? null : (
          <Section id="left-out" title="Not read">
            <ul class="notes">
              {leftOut.map((damage) => (
                <li class="mono">{damage}</li>
              ))}
            </ul>
          </Section>
        )}
        <Section id="timeline" title="Timeline">
          <TimelineView timeline={page.timeline} />
        </Section>
        <Repeats page={page} />
        <Tree page={page} />
        <Lives page={page} />
      </main>
    </>
  )
}

function Repeats({ page: { repeats } }: { readonly page: RunPage }): JSX.Element | null {
  if (repeats.length === 0) return null
  return (
    <Section id="repeats" title="Why something ran again">
      <Table
        caption="Units that ran again, or are in doubt, and why"
        head={['unit', 'kind', 'why']}
        rows={repeats.map(({ key, kind, why }) => [<span class="mono">{key}</span>, kind, why])}
      />
    </Section>
  )
}

function Tree({ page: { tree, treeProblem } }: { readonly page: RunPage }): JSX.Element {
  return (
    <Section id="tree" title="Tree">
      {tree.length === 0 ? (
        <p class="empty">
          {treeProblem === '' ? 'Nothing was begun.' : `There is none: ${treeProblem}`}
        </p>
      ) : (
        <Table
          caption="Units of the run, each below the one that it belongs to"
          head={['unit', 'kind', 'status', 'lives', 'what came of it']}
          rows={tree.map(({ name, kind, status, lives, detail }) => [
            <span class="mono branch">{name}</span>,
            kind,
            kind === '' ? '' : <Status status={status} />,
            lives,
            detail,
          ])}
        />
      )}
    </Section>
  )
}

function Lives({ page: { lives } }: { readonly page: RunPage }): JSX.Element {
  return (
    <Section id="lives" title="Lives">
      <Table
        caption="Lives and how each ended"
        head={['life', 'ended', 'records', 'seq', 'owner']}
        numbers={[0, 2, 3]}
        rows={lives.map(({ life, ended, records, seqs, owner }) => [
          number(life),
          ended,
          number(records),
          seqs,
          <span class="mono">{owner}</span>,
        ])}
      />
    </Section>
  )
}

function Status({ status }: { readonly status: string }): JSX.Element {
  const tone = toneOf(status)
  return (
    <span class={`tone ${tone}`}>
      {signs[tone]} {status}
    </span>
  )
}

function toneOf(status: string): Tone {
  if (status === 'done') return 'good'
  return status === 'failed' || status === 'damaged' ? 'bad' : 'doubt'
}

const page = document.getElementById('page')
if (page !== null) {
  page.textContent = ''
  const text = document.getElementById('result')?.textContent ?? '{}'
  render(<Page page={JSON.parse(text) as InspectedPage} />, page)
}
