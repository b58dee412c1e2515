/** The laws of a backend, run in processes of their own and told as a result tells them. */
import { runLaws, type LawReport } from '../conformance/run-laws.ts'
import type { ToldLaw } from '../report/laws.ts'
import type { BackendSystem } from '../system.ts'
import { openLawBench } from './law-bench.ts'

/** What is run. */
export interface LawSuiteOrder {
  readonly system: BackendSystem
  readonly seed: string
  /** Numbers or names of laws; absent: all. */
  readonly only?: readonly string[]
  readonly jobs: number
  /** Parent of the directory that is used; default in memory. */
  readonly scratch?: string
  readonly isOver?: () => boolean
  readonly onLaw?: (told: ToldLaw) => void
}

/** Runs the laws. @throws TroubleError where no process of the backend can be started */
export async function runLawSuite({
  system,
  scratch,
  onLaw,
  ...order
}: LawSuiteOrder): Promise<readonly ToldLaw[]> {
  const bench = await openLawBench(system, {
    isLong: true,
    ...(scratch === undefined ? {} : { scratch }),
  })
  const tell = (report: LawReport): ToldLaw => told(report, system.name, order.seed)
  try {
    const reports = await runLaws({
      ...order,
      program: bench.program,
      claims: system.claims,
      scratch: bench.scratch,
      ...(onLaw === undefined ? {} : { onLaw: (report) => onLaw(tell(report)) }),
    })
    return reports.map(tell)
  } finally {
    bench.close()
  }
}

function told({ law, title, outcome }: LawReport, system: string, seed: string): ToldLaw {
  const again = `npx killpoint validate ${quoted(system)} --law ${quoted(law)} --seed ${seed}`
  return {
    system,
    law,
    title,
    outcome: { ...outcome },
    ...(outcome.kind === 'broken' ? { again } : {}),
  }
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
