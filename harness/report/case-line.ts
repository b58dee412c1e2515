/** One case as one line of JSON: what was killed where, and the token that does it again. */
import { digestOf } from '../campaign/identity.ts'
import type { CaseReport } from '../campaign/trial.ts'

/** The line, without its newline. */
export function caseLine(report: CaseReport): string {
  const { token, verdict, group, origin, run, judgement } = report
  const kills = run.lives.filter(({ signal }) => signal === 'SIGKILL').length
  return JSON.stringify({
    token,
    verdict,
    scenario: group.scenario.name,
    system: group.system.name,
    origin: originText(origin),
    lives: run.lives.length,
    kills,
    ...(run.landed === undefined ? {} : { random: true, precision: run.landed.precision }),
    ...(judgement?.finding === undefined
      ? {}
      : { invariant: judgement.finding.invariant, what: judgement.finding.what }),
    digest: digestOf(report),
  })
}

/** `control`, `corpus FILE`, `directed SOMETIMES`, `class NAME`. */
export function originText(origin: CaseReport['origin']): string {
  switch (origin.kind) {
    case 'control':
      return 'control'
    case 'corpus':
      return `corpus ${origin.file}`
    case 'directed':
      return `directed ${origin.sometimes}`
    case 'class':
      return `class ${origin.name}`
  }
}
