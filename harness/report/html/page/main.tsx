/** The page of a result. */
import { render, type JSX } from 'preact'
import { useState } from 'preact/hooks'
import { CasePanel } from './case-panel.tsx'
import { Cases } from './cases.tsx'
import { CrashMaps } from './crash-map.tsx'
import { readPayload, type Payload, type ShownCase } from './data.ts'
import { Failures } from './failures.tsx'
import { Overview } from './overview.tsx'
import { Costs } from './plots.tsx'
import { Audit, Corpus, CoverageTable, Made, Mutants, Sometimes } from './tables.tsx'
import './page.css'

function Page({ payload }: { readonly payload: Payload }): JSX.Element {
  const [shown, show] = useState<ShownCase | undefined>(undefined)
  const links = [
    ...(payload.failures.length === 0 ? [] : [['failures', 'Failures'] as const]),
    ['coverage', 'Tested'],
    ['crash-map', 'Crash map'],
    ['cases', 'Cases'],
    ['sometimes', 'Sometimes'],
    ['audit', 'Syncs'],
    ['mutants', 'Bugs'],
    ['costs', 'Costs'],
    ['made', 'Made'],
  ] as const
  return (
    <>
      <a class="skip" href="#main">
        to the report
      </a>
      <Overview payload={payload} />
      <nav aria-label="Sections">
        {links.map(([id, name]) => (
          <a href={`#${id}`}>{name}</a>
        ))}
      </nav>
      <main id="main" tabIndex={-1}>
        <Failures payload={payload} />
        <CoverageTable payload={payload} />
        <CrashMaps payload={payload} onCase={show} />
        <Cases payload={payload} onCase={show} />
        <Sometimes payload={payload} />
        <Corpus payload={payload} />
        <Audit payload={payload} />
        <Mutants payload={payload} />
        <Costs payload={payload} />
        <Made payload={payload} />
      </main>
      <CasePanel shown={shown} onClose={() => show(undefined)} />
    </>
  )
}

const page = document.getElementById('page')
if (page !== null) {
  page.textContent = ''
  render(<Page payload={readPayload()} />, page)
}
